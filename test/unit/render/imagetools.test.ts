import { renderRemoteImage } from '../../../src/render/imagetools.ts';

const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: 'sha256:1', size: 2 };

test('a single image is three lines', () => {
  expect(renderRemoteImage({ name: 'docker.io/library/x:1', descriptor, manifests: undefined })).toBe(
    'Name:      docker.io/library/x:1\nMediaType: application/vnd.oci.image.manifest.v1+json\nDigest:    sha256:1\n',
  );
});

test('an index shows what it names, each with its platform and its annotations in order', () => {
  const entry = { name: 'x@sha256:2', mediaType: 'm', platform: undefined, annotations: { b: '2', aa: '1' } };
  const lines = renderRemoteImage({
    name: 'x',
    descriptor,
    manifests: [{ ...entry, platform: 'linux/arm64', annotations: {} }, entry],
  }).split('\n');
  expect(lines.slice(3)).toEqual([
    '',
    'Manifests:',
    '  Name:      x@sha256:2',
    '  MediaType: m',
    '  Platform:  linux/arm64',
    '',
    '  Name:        x@sha256:2',
    '  MediaType:   m',
    '  Annotations:',
    '    aa: 1',
    '    b:  2',
    '',
  ]);
});
