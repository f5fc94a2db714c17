import { parseImageConfig } from '../../../src/oci/image-config.ts';
import { assertImage, type Manifest, parseManifest } from '../../../src/oci/manifest.ts';
import {
  bareType,
  DOCKER_CONFIG,
  DOCKER_LAYER,
  DOCKER_LIST,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_INDEX,
  OCI_LAYER,
  OCI_MANIFEST,
} from '../../../src/oci/media-types.ts';

const digest = `sha256:${'a'.repeat(64)}`;
const descriptor = (mediaType: string) => ({ mediaType, digest, size: 3 });
const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config: descriptor(OCI_CONFIG), layers: [descriptor(`${OCI_LAYER}+gzip`)] };
const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: [descriptor(OCI_MANIFEST)] };
const read = (value: unknown, headerType = '') =>
  parseManifest(typeof value === 'string' ? Buffer.from(value) : Buffer.from(JSON.stringify(value)), { headerType, name: 'x' });

it.each([
  ['an OCI manifest', manifest, '', 'manifest'],
  ['a Docker manifest', { ...manifest, mediaType: DOCKER_MANIFEST }, '', 'manifest'],
  ['an OCI index', index, '', 'index'],
  ['a manifest list', { ...index, mediaType: DOCKER_LIST }, '', 'index'],
  ['a manifest typed by its header alone', { ...manifest, mediaType: undefined }, DOCKER_MANIFEST, 'manifest'],
  ['an index told by its shape', { ...index, mediaType: undefined }, 'application/json', 'index'],
  ['a manifest told by its shape', { ...manifest, mediaType: undefined }, '', 'manifest'],
])('%s is read', (_name, value, headerType, kind) => {
  expect(read(value, headerType).kind).toBe(kind);
});

it.each([
  ['schema 1 by its number', { schemaVersion: 1, fsLayers: [] }, '', 'ERR_MANIFEST_SCHEMA1'],
  ['schema 1 by its header', manifest, 'application/vnd.docker.distribution.manifest.v1+prettyjws', 'ERR_MANIFEST_SCHEMA1'],
  ['something of another type', { ...manifest, mediaType: 'application/json' }, '', 'ERR_MANIFEST_TYPE'],
  ['an empty object', {}, 'text/plain', 'ERR_MANIFEST_TYPE'],
  ['what is manifest and index at once', { ...manifest, ...index }, '', 'ERR_MANIFEST_INVALID'],
  ['an index that hides layers', { ...index, layers: [] }, '', 'ERR_MANIFEST_INVALID'],
  ['what is not JSON', '<html>', '', 'ERR_MANIFEST_INVALID'],
  ['null', 'null', OCI_MANIFEST, 'ERR_MANIFEST_INVALID'],
  ['a list', '[]', OCI_MANIFEST, 'ERR_MANIFEST_INVALID'],
  ['nothing', '', OCI_MANIFEST, 'ERR_MANIFEST_INVALID'],
  ['a manifest without layers', { ...manifest, layers: undefined }, '', 'ERR_MANIFEST_INVALID'],
  [
    'a digest that is a path',
    { ...manifest, config: { ...descriptor(OCI_CONFIG), digest: 'sha256:../../etc/passwd' } },
    '',
    'ERR_MANIFEST_INVALID',
  ],
  ['a negative size', { ...manifest, layers: [{ ...descriptor(DOCKER_LAYER), size: -1 }] }, '', 'ERR_MANIFEST_INVALID'],
])('%s is refused', (_name, value, headerType, code) => {
  expect(() => read(value, headerType)).toThrow(expect.objectContaining({ code }));
});

it('says which field is wrong', () => {
  expect(() => read({ ...manifest, layers: [{ ...descriptor(DOCKER_LAYER), digest: 'sha512:00' }] })).toThrow(
    'Refused the manifest of "x": its "layers.0.digest" is not right: is no sha256 digest',
  );
});

it.each([
  ['a Helm chart', 'application/vnd.cncf.helm.config.v1+json', DOCKER_LAYER],
  ['a signature', OCI_CONFIG, 'application/vnd.dev.cosign.simplesigning.v1+json'],
  ['an encrypted layer', OCI_CONFIG, `${OCI_LAYER}+gzip+encrypted`],
])('%s is no image', (_name, config, layer) => {
  const artifact = read({ ...manifest, config: descriptor(config), layers: [descriptor(layer)] }) as Manifest;
  expect(() => assertImage(artifact, 'x')).toThrow(expect.objectContaining({ code: 'ERR_NOT_AN_IMAGE' }));
});

it.each([OCI_LAYER, `${OCI_LAYER}+zstd`, DOCKER_LAYER, 'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip'])(
  '%s is a layer',
  (type) => {
    expect(
      assertImage(read({ ...manifest, config: descriptor(DOCKER_CONFIG), layers: [descriptor(type)] }) as Manifest, 'x'),
    ).toBeUndefined();
  },
);

it('takes a Content-Type without its parameters', () => {
  expect([bareType('Text/HTML; charset=utf-8'), bareType(null)]).toEqual(['text/html', '']);
});

describe('an image config', () => {
  const config = {
    architecture: 'arm64',
    os: 'linux',
    variant: 'v8',
    created: null,
    config: null,
    rootfs: { type: 'layers', diff_ids: [digest] },
  };
  const parse = (value: unknown) => parseImageConfig(Buffer.from(JSON.stringify(value)), 'x');

  it('gives platform, creation and diff-ids', () => {
    expect(parse(config)).toEqual({
      architecture: 'arm64',
      os: 'linux',
      variant: 'v8',
      created: '',
      rootfs: { type: 'layers', diff_ids: [digest] },
    });
  });

  it.each([
    ['diff-ids that are paths', { ...config, rootfs: { type: 'layers', diff_ids: ['../x'] } }, 'rootfs.diff_ids.0'],
    ['a command that is no list', { ...config, config: { Cmd: 'sh' } }, 'config.Cmd'],
    ['no architecture', { ...config, architecture: undefined }, 'architecture'],
  ])('with %s is refused by the field', (_name, value, field) => {
    expect(() => parse(value)).toThrow(`Refused the config of "x": its "${field}" is not right`);
  });
});
