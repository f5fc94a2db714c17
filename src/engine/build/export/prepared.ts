// An image as an output has it: its documents as bytes, its layers in the compression that was asked for. Types alone.
import type { Descriptor, ImageConfig, ImageLayer, Platform } from '../../../storage/records.ts';

export interface PreparedLayer extends ImageLayer {
  /** The build made it; else it is the base image's. */
  isBuilt: boolean;
}

/** An image whose files are settled, before anybody decides how it is packed. */
export interface FinishedImage {
  platform: Platform;
  config: ImageConfig;
  layers: PreparedLayer[];
}

export interface PreparedImage extends FinishedImage {
  /** Digest of the config. */
  id: string;
  configBytes: Buffer;
  manifest: Descriptor;
  manifestBytes: Buffer;
}

/** Statements about one image, as a manifest of the index. */
export interface PreparedStatements {
  manifest: Descriptor;
  /** Manifest, config and statements, each with its bytes. */
  blobs: { digest: string; bytes: Buffer }[];
}

export interface PreparedSet {
  images: PreparedImage[];
  statements: PreparedStatements[];
  /** Of several platforms, or where there are statements. */
  index?: { descriptor: Descriptor; bytes: Buffer } | undefined;
  /** What a name of it means: the index, else the one manifest. */
  target: Descriptor;
}
