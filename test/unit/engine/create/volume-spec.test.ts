import { parseVolume } from '../../../../src/engine/create/volume-spec.ts';

const bind = { type: 'bind', source: '/a', destination: '/b', mode: '', readOnly: false, propagation: 'rprivate' };
const volume = { type: 'volume', source: 'data', destination: '/b', mode: '', readOnly: false, propagation: '' };

test.each([
  ['/a:/b', bind],
  ['/a/:/b/', bind],
  ['/x/../a:/c/../b', bind],
  ['/a:/b:ro', { ...bind, mode: 'ro', readOnly: true }],
  ['/a:/b:rw,z', { ...bind, mode: 'rw,z' }],
  ['/a:/b:Z,rslave,ro', { ...bind, mode: 'Z,rslave,ro', readOnly: true, propagation: 'rslave' }],
  ['/a:/b:cached', { ...bind, mode: 'cached' }],
  ['data:/b', volume],
  ['data:/b:ro,nocopy', { ...volume, mode: 'ro,nocopy', readOnly: true }],
  ['/b', { ...volume, source: undefined }],
])('-v %s', (spec, expected) => {
  expect(parseVolume(spec)).toEqual(expected);
});

test.each([
  [':', "Invalid volume specification: ':'"],
  ['a:b:c:d', "Invalid volume specification: 'a:b:c:d'"],
  ['/a:ro', "Invalid volume specification: '/a:ro'"],
  ['/a:b', "Invalid volume specification: '/a:b': invalid mount path: 'b' mount path must be absolute"],
  ['name', "Invalid volume specification: 'name': invalid mount path: 'name' mount path must be absolute"],
  ['/a:/b:zz', "Invalid volume specification: '/a:/b:zz': invalid mode: zz"],
  ['/a:/b:ro,rw', "Invalid volume specification: '/a:/b:ro,rw': invalid mode: ro,rw"],
  ['/a:/b:nocopy', "Invalid volume specification: '/a:/b:nocopy': invalid mode: nocopy"],
  ['data:/b:rslave', "Invalid volume specification: 'data:/b:rslave': invalid mode: rslave"],
  ['/a:/', "Invalid volume specification: '/a:/': invalid specification: destination can't be '/'"],
  ['/a:/b/..', "Invalid volume specification: '/a:/b/..': invalid specification: destination can't be '/'"],
  ['x y:/b', 'Create x y: "x y" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed'],
  ['x/y:/b', 'Create x/y: "x/y" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed'],
])('-v %s is refused', (spec, message) => {
  expect(() => parseVolume(spec)).toThrow(expect.objectContaining({ message, exitCode: 125 }));
});
