import {
  type ArchivedImage,
  dockerManifest,
  dockerRepositories,
  FULL_NAME,
  layoutIndex,
  REF_NAME,
} from '../../../src/oci/archive-documents.ts';
import { OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../../src/oci/media-types.ts';
import type { Descriptor } from '../../../src/storage/records.ts';

const digest = (digit: string): string => `sha256:${digit.repeat(64)}`;
const image = (digit: string, names: string[], label?: string): ArchivedImage => ({
  id: digest(digit),
  manifest: { mediaType: OCI_MANIFEST, digest: digest('f'), size: 9 },
  layers: [{ digest: digest('1'), diffId: digest('2'), mediaType: OCI_LAYER, size: 3 }],
  names,
  label,
});
const manifest = { mediaType: OCI_MANIFEST, digest: digest('f'), size: 9 };

it('has an entry of the index for each name, or one for an image without any', () => {
  expect(JSON.parse(layoutIndex([image('a', ['docker.io/library/a:1', 'ghcr.io/b:2']), image('b', [])]))).toEqual({
    schemaVersion: 2,
    mediaType: OCI_INDEX,
    manifests: [
      { ...manifest, annotations: { [FULL_NAME]: 'docker.io/library/a:1', [REF_NAME]: '1' } },
      { ...manifest, annotations: { [FULL_NAME]: 'ghcr.io/b:2', [REF_NAME]: '2' } },
      manifest,
    ],
  });
});

it('keeps what a layout has, but for the same label and for the same image without one', () => {
  const other: Descriptor = { ...manifest, digest: digest('e') };
  const before = [{ ...other, annotations: { [REF_NAME]: 'x' } }, { ...other, annotations: { [REF_NAME]: 'y' } }, other, manifest];
  expect(JSON.parse(layoutIndex([image('a', [], 'x')], before)).manifests).toEqual([
    { ...other, annotations: { [REF_NAME]: 'y' } },
    other,
    { ...manifest, annotations: { [REF_NAME]: 'x' } },
  ]);
});

it("writes Docker's documents with the names that people use", () => {
  const images = [image('a', ['docker.io/library/a:1', 'localhost:5000/b/c:2']), image('b', [])];
  const layer = `blobs/sha256/${'1'.repeat(64)}`;
  const LayerSources = { [digest('2')]: { mediaType: OCI_LAYER, size: 3, digest: digest('1') } };
  expect(JSON.parse(dockerManifest(images))).toEqual([
    { Config: `blobs/sha256/${'a'.repeat(64)}`, RepoTags: ['a:1', 'localhost:5000/b/c:2'], Layers: [layer], LayerSources },
    { Config: `blobs/sha256/${'b'.repeat(64)}`, RepoTags: null, Layers: [layer], LayerSources },
  ]);
  expect(JSON.parse(dockerRepositories(images) ?? '')).toEqual({
    a: { '1': '1'.repeat(64) },
    'localhost:5000/b/c': { '2': '1'.repeat(64) },
  });
  expect(dockerRepositories([image('b', [])])).toBeUndefined();
});
