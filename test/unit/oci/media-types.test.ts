import { compressedLayerType, isForeignLayerType, ociLayerType } from '../../../src/oci/media-types.ts';

test.each([
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', 'application/vnd.oci.image.layer.v1.tar+gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar.zstd', 'application/vnd.oci.image.layer.v1.tar+zstd'],
  ['application/vnd.docker.image.rootfs.diff.tar', 'application/vnd.oci.image.layer.v1.tar'],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip'],
  ['application/vnd.oci.image.layer.v1.tar+zstd', 'application/vnd.oci.image.layer.v1.tar+zstd'],
])('in an OCI manifest %s is %s', (type, expected) => {
  expect(ociLayerType(type)).toBe(expected);
});

test.each([
  ['application/vnd.oci.image.layer.v1.tar', 'application/vnd.oci.image.layer.v1.tar+gzip'],
  ['application/vnd.docker.image.rootfs.diff.tar', 'application/vnd.docker.image.rootfs.diff.tar.gzip'],
  ['application/vnd.oci.image.layer.v1.tar+gzip', undefined],
  ['application/vnd.oci.image.layer.v1.tar+zstd', undefined],
  ['application/vnd.docker.image.rootfs.diff.tar.gzip', undefined],
  ['application/vnd.oci.image.layer.nondistributable.v1.tar', undefined],
])('a plain layer is compressed to its twin: %s', (type, expected) => {
  expect(compressedLayerType(type)).toBe(expected);
});

test.each([
  ['application/vnd.oci.image.layer.nondistributable.v1.tar+gzip', true],
  ['application/vnd.docker.image.rootfs.foreign.diff.tar.gzip', true],
  ['application/vnd.oci.image.layer.v1.tar+gzip', false],
])('whether %s may not be distributed: %p', (type, expected) => {
  expect(isForeignLayerType(type)).toBe(expected);
});
