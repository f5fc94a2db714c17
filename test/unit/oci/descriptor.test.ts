import { asDescriptor, asDescriptors } from '../../../src/oci/descriptor.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const plain = { mediaType: 'text/plain', digest: DIGEST, size: 0 };

test('what is not known of a descriptor stays in it', () => {
  const full = {
    ...plain,
    urls: ['https://example.com'],
    annotations: { a: 'b' },
    platform: { os: 'linux', architecture: 'arm', variant: 'v7', 'os.version': '1', 'os.features': ['x'], more: 1 },
    artifactType: 'text/x',
    data: 'eA==',
  };
  expect(asDescriptor(full, 'config')).toEqual(full);
  expect(asDescriptors([full, plain], 'layers')).toEqual([full, plain]);
});

test.each<[string, unknown]>([
  ['config is no object', null],
  ['config is no object', [plain]],
  ['config.mediaType is no text', { ...plain, mediaType: 1 }],
  ['config.digest is no sha256 digest', { ...plain, digest: `${DIGEST}0` }],
  ['config.digest is no sha256 digest', { ...plain, digest: undefined }],
  ['config.size is no number of bytes', { ...plain, size: -1 }],
  ['config.size is no number of bytes', { ...plain, size: 1.5 }],
  ['config.size is no number of bytes', { ...plain, size: 2 ** 53 }],
  ['config.size is no number of bytes', { ...plain, size: '1' }],
  ['config.urls is no list', { ...plain, urls: 'x' }],
  ['config.urls.1 is no text', { ...plain, urls: ['x', 2] }],
  ['config.annotations is no object', { ...plain, annotations: null }],
  ['config.annotations.a is no text', { ...plain, annotations: { a: {} } }],
  ['config.platform is no object', { ...plain, platform: 'linux' }],
  ['config.platform.os is no text', { ...plain, platform: { architecture: 'arm' } }],
  ['config.platform.architecture is no text', { ...plain, platform: { os: 'linux' } }],
  ['config.platform.os.features is no list', { ...plain, platform: { os: 'linux', architecture: 'arm', 'os.features': 'x' } }],
  ['config.artifactType is no text', { ...plain, artifactType: false }],
])('%s', (message, value) => {
  expect(() => asDescriptor(value, 'config')).toThrow(message);
});

test('a list names the position', () => {
  expect(() => asDescriptors([plain, { ...plain, size: null }], 'layers')).toThrow('layers.1.size is no number of bytes');
  expect(() => asDescriptors({}, 'layers')).toThrow('layers is no list');
});
