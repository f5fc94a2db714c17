import { renderIndex, renderManifest, renderVerbose } from '../../../src/render/manifest.ts';

const bytes = (value: object): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

it('prints an index by three spaces, its entries in the order of Docker, and keeps what Docker leaves out', () => {
  const index = bytes({
    annotations: { of: 'the index' },
    manifests: [
      {
        platform: { variant: 'v7', 'os.features': ['one'], os: 'linux', 'os.version': '5', architecture: 'arm' },
        annotations: { of: 'the entry' },
        digest: 'sha256:00',
        size: 7,
        mediaType: 'type',
      },
    ],
    mediaType: 'index',
    schemaVersion: 2,
  });
  expect(renderIndex(index)).toBe(`{
   "schemaVersion": 2,
   "mediaType": "index",
   "manifests": [
      {
         "mediaType": "type",
         "size": 7,
         "digest": "sha256:00",
         "annotations": {
            "of": "the entry"
         },
         "platform": {
            "architecture": "arm",
            "os": "linux",
            "os.version": "5",
            "os.features": [
               "one"
            ],
            "variant": "v7"
         }
      }
   ],
   "annotations": {
      "of": "the index"
   }
}
`);
});

it('prints a manifest by tabs, in its own order', () => {
  expect(renderManifest(bytes({ layers: [], config: { size: 1 } }))).toBe('{\n\t"layers": [],\n\t"config": {\n\t\t"size": 1\n\t}\n}\n');
});

it('says what kind of manifest it is beside its bytes', () => {
  const descriptor = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: 'sha256:00', size: 2 };
  const one = { reference: 'app:v1', descriptor, bytes: bytes({}) };
  const two = { ...one, descriptor: { ...descriptor, mediaType: 'application/vnd.docker.distribution.manifest.v2+json' } };
  expect(JSON.parse(renderVerbose('manifest', [one]))).toEqual({ Ref: 'app:v1', Descriptor: descriptor, Raw: 'e30=', OCIManifest: {} });
  expect(JSON.parse(renderVerbose('index', [two]))).toEqual([
    { Ref: 'app:v1', Descriptor: two.descriptor, Raw: 'e30=', SchemaV2Manifest: {} },
  ]);
});
