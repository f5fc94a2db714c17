// The documents that an archive of images begins with, as Docker 28 writes them: an OCI image layout (image-spec, image-layout.md), whose
// blobs are named a second time by Docker's own `manifest.json` and `repositories`.
// Trap: which image a name means is said by an annotation of an index entry, so an image with several names has several entries.
import type { Descriptor, ImageLayer } from '../storage/records.ts';
import { OCI_INDEX } from './media-types.ts';
import { familiarReference, parseReference, repositoryName } from './reference.ts';

export const REF_NAME = 'org.opencontainers.image.ref.name';
/** Containerd's, which Docker and podman look at first. */
export const FULL_NAME = 'io.containerd.image.name';
export const LAYOUT_FILE = '{"imageLayoutVersion":"1.0.0"}';

export interface ArchivedImage {
  /** Image id. */
  id: string;
  manifest: Descriptor;
  /** The index that goes whole with it, and is what its names name then. */
  index?: Descriptor | undefined;
  /** Base first. */
  layers: ImageLayer[];
  /** Canonical references. */
  names: string[];
  /** What the layout calls it, in place of the tag of its names. */
  label?: string | undefined;
  /** Of its entries in the layout. */
  annotations?: Record<string, string> | undefined;
}

/** `blobs/sha256/<hex>`. */
export const blobName = (digest: string): string => `blobs/${digest.replace(':', '/')}`;

/** `index.json`, with `before` (entries of a layout that is added to) ahead of the images'. */
export function layoutIndex(images: readonly ArchivedImage[], before: readonly Descriptor[] = []): string {
  const entries = images.flatMap(indexEntries);
  const taken = new Set(entries.map((entry) => entry.annotations?.[REF_NAME]).filter(Boolean));
  const digests = new Set(entries.map(({ digest }) => digest));
  // An entry of the same label is replaced; one without any is not repeated.
  const kept = before.filter(({ digest, annotations }) => {
    const label = annotations?.[REF_NAME];
    return label === undefined ? !digests.has(digest) : !taken.has(label);
  });
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [...kept, ...entries] });
}

/** Docker's `manifest.json`. */
export function dockerManifest(images: readonly ArchivedImage[]): string {
  return JSON.stringify(
    images.map(({ id, layers, names }) => ({
      Config: blobName(id),
      RepoTags: names.length > 0 ? names.map(familiarReference) : null,
      Layers: layers.map((layer) => blobName(layer.digest)),
      LayerSources: Object.fromEntries(layers.map(({ diffId, mediaType, size, digest }) => [diffId, { mediaType, size, digest }])),
    })),
  );
}

/** Docker's `repositories`, for tools older than `manifest.json`; undefined where nothing has a name. */
export function dockerRepositories(images: readonly ArchivedImage[]): string | undefined {
  const repositories: Record<string, Record<string, string>> = {};
  for (const { layers, names } of images) {
    for (const name of names) {
      const reference = parseReference(name);
      if (!reference.tag) continue;
      const repository = familiarReference(repositoryName(reference));
      repositories[repository] = { ...repositories[repository], [reference.tag]: layers.at(-1)?.digest.slice('sha256:'.length) ?? '' };
    }
  }
  return Object.keys(repositories).length > 0 ? JSON.stringify(repositories) : undefined;
}

function indexEntries({ manifest, index, names, label, annotations }: ArchivedImage): Descriptor[] {
  const { mediaType, digest, size } = index ?? manifest;
  const plain = { mediaType, digest, size, ...(annotations ? { annotations } : {}) };
  if (label !== undefined) return [{ ...plain, annotations: { ...annotations, [REF_NAME]: label } }];
  if (names.length === 0) return [plain];
  return names.map((name) => {
    const tag = parseReference(name).tag;
    return { ...plain, annotations: { ...annotations, [FULL_NAME]: name, ...(tag ? { [REF_NAME]: tag } : {}) } };
  });
}
