// Jobs of the worker that read and write archives of images. The archive itself is descriptor 3, opened by the front: its user's rights are
// what counts there.
import type { ArchivePlace, ImageRunConfig } from '../storage/records.ts';

/** `dir` is the folder that skopeo writes: one image, its blobs side by side. */
export type ArchiveFormat = 'docker-archive' | 'oci-archive' | 'oci-dir' | 'dir';

/** Writes images to descriptor 3, or below `folder` for the formats that are folders. */
export interface SaveJob {
  kind: 'save';
  images: SavedImage[];
  format: ArchiveFormat;
  /** Only the images themselves, though the store may have all of the index that one came from. */
  single?: boolean | undefined;
  /** Absolute. */
  folder?: string | undefined;
}

export interface SavedImage {
  /** Image id. */
  id: string;
  /** Canonical references that it is saved under; none for an image that was named by its id. */
  names: string[];
  /** What an OCI layout calls it, in place of its tag. */
  label?: string | undefined;
}

/** An image as another engine's store holds it. */
export interface ForeignImage {
  /** The file that is its config. */
  config: string;
  /** Base first: `record` is the gzipped tar-split, by which the files below `folder` become the layer's archive again. */
  layers: { diffId: string; record: string; folder: string }[];
}

/** Writes such an image to descriptor 3, as a docker-archive. */
export interface ForeignImageJob {
  kind: 'foreign-image';
  image: ForeignImage;
}

/** Reads the images of the archive (or folder) that descriptor 3 is. */
export interface LoadJob {
  kind: 'load';
  /** What messages call it. */
  name: string;
  /** As the user gave it; undefined: the machine's own where there is a choice. */
  platform?: string | undefined;
  /** Loads only the image of this name in the archive. */
  wanted?: string | undefined;
  /** Names the image so in place of what the archive says; canonical, '' for no name at all. */
  reference?: string | undefined;
  maxLayerBytes?: number | undefined;
}

/** Unpacks layers of an archive, beside the worker that found them. */
export interface LoadLayersJob {
  kind: 'load-layers';
  parts: { digest: string; diffId: string; mediaType: string; size: number; place: ArchivePlace }[];
  maxLayerBytes?: number | undefined;
}

export interface LoadResult {
  images: LoadedImage[];
}

export interface LoadedImage {
  /** Image id. */
  id: string;
  /** Canonical references that point at it now. */
  names: string[];
  /** Names that pointed at another image before, with that image's id. */
  moved: { name: string; from: string }[];
  /** It was not in the store before. */
  isNew: boolean;
}

/** Makes an image of one layer of the root file system that descriptor 3 holds as a tar archive, or that `url` serves. */
export interface ImportJob {
  kind: 'import';
  /** What messages and the image's history call the source. */
  name: string;
  url?: string | undefined;
  config: ImageRunConfig;
  comment: string;
  /** As the user gave it. */
  platform?: string | undefined;
  /** Canonical. */
  reference?: string | undefined;
}

export interface ImportResult {
  /** Image id. */
  id: string;
}
