import { parseImagePlace } from '../../../src/engine/image-place.ts';

it.each([
  ['app', { kind: 'store', name: 'app' }],
  ['localhost:5000/app:1', { kind: 'store', name: 'localhost:5000/app:1' }],
  ['docker:dind', { kind: 'store', name: 'docker:dind' }],
  ['docker://ghcr.io/me/app:1', { kind: 'registry', reference: 'ghcr.io/me/app:1' }],
  ['docker-archive:/tmp/a.tar', { kind: 'docker-archive', path: '/tmp/a.tar', name: undefined }],
  ['docker-archive:a.tar:my/app:1', { kind: 'docker-archive', path: 'a.tar', name: 'my/app:1' }],
  ['oci:layout', { kind: 'oci', path: 'layout', name: undefined }],
  ['oci:layout:1.2', { kind: 'oci', path: 'layout', name: '1.2' }],
  ['oci-archive:a.tar:x', { kind: 'oci-archive', path: 'a.tar', name: 'x' }],
  ['dir:with:colon', { kind: 'dir', path: 'with:colon' }],
  ['docker-daemon:app:1', { kind: 'docker-daemon', name: 'app:1' }],
  ['containers-storage:localhost/app:1', { kind: 'containers-storage', name: 'localhost/app:1' }],
])('%s', (text, place) => {
  expect(parseImagePlace(text)).toEqual(place);
});

it.each([
  ['', 'invalid image place "": expected NAME'],
  ['oci:', 'invalid image place "oci:": expected oci:PATH[:NAME]'],
  ['docker-archive:x:', 'invalid image place "docker-archive:x:": expected docker-archive:PATH[:NAME]'],
  ['dir:', 'invalid image place "dir:": expected dir:PATH'],
  ['containers-storage:--help', 'invalid image place "containers-storage:--help": expected containers-storage:NAME'],
  ['docker-daemon:', 'invalid image place "docker-daemon:": expected docker-daemon:NAME'],
  ['ostree:x', 'The transport "ostree" of "ostree:x" is not supported'],
  ['docker://UP', 'invalid reference format: repository name (library/UP) must be lowercase'],
])('%j is refused', (text, message) => {
  expect(() => parseImagePlace(text)).toThrow(message);
});
