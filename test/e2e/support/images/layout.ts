// Builds images in memory and writes them as an OCI image layout (image-spec, image-layout.md), deterministically:
// no clock, no file of this machine decides a digest but those that an image is asked to hold.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  platform?: { os: string; architecture: string; variant?: string };
  annotations?: Record<string, string>;
}

export type Compression = 'gzip' | 'zstd' | 'none';

export interface Layer {
  descriptor: Descriptor;
  diffId: string;
  blob: Uint8Array;
}

export interface Image {
  manifest: Descriptor;
  blobs: Map<string, Uint8Array>;
}

export interface ImageOptions {
  layers: Layer[];
  /** The image's `config` object, Docker's field names. */
  config?: Record<string, unknown>;
  architecture?: string;
  variant?: string;
}

export const indexType = 'application/vnd.oci.image.index.v1+json';
export const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';
const layerType = 'application/vnd.oci.image.layer.v1.tar';

export const digestOf = (bytes: Uint8Array): string => `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;

/** A layer of the tar archive `tar`, compressed as asked. */
export function layerOf(tar: Uint8Array, compression: Compression = 'gzip'): Layer {
  const blob = compress(tar, compression);
  return layerOfBlob(blob, digestOf(tar), compression);
}

/** A layer whose compressed bytes exist already. */
export function layerOfBlob(blob: Uint8Array, diffId: string, compression: Compression): Layer {
  const mediaType = compression === 'none' ? layerType : `${layerType}+${compression}`;
  return { descriptor: { mediaType, digest: digestOf(blob), size: blob.length }, diffId, blob };
}

/** One image: config, manifest and every blob that they name. */
export function imageOf(options: ImageOptions): Image {
  const platform = { os: 'linux', architecture: options.architecture ?? 'amd64', ...(options.variant && { variant: options.variant }) };
  const config = jsonBytes({
    created: '2024-01-02T03:04:05Z',
    ...platform,
    config: options.config ?? {},
    rootfs: { type: 'layers', diff_ids: options.layers.map((layer) => layer.diffId) },
    history: options.layers.map((_, index) => ({ created: '2024-01-02T03:04:05Z', created_by: `layer ${index + 1}` })),
  });
  const blobs = new Map(options.layers.map((layer) => [layer.descriptor.digest, layer.blob]));
  const configDescriptor = addBlob(blobs, config, configType);
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: manifestType,
    config: configDescriptor,
    layers: options.layers.map((layer) => layer.descriptor),
  });
  return { manifest: { ...addBlob(blobs, manifest, manifestType), platform }, blobs };
}

/** An index over `images`, which a registry serves under one name. */
export function indexOf(images: Image[]): Image {
  const blobs = new Map(images.flatMap((image) => [...image.blobs]));
  const index = jsonBytes({ schemaVersion: 2, mediaType: indexType, manifests: images.map((image) => image.manifest) });
  return { manifest: addBlob(blobs, index, indexType), blobs };
}

/** Writes `image` as an OCI layout at `folder`, tagged `latest`. */
export function writeLayout(folder: string, image: Image): void {
  mkdirSync(join(folder, 'blobs/sha256'), { recursive: true });
  for (const [digest, blob] of image.blobs) writeFileSync(join(folder, 'blobs', digest.replace(':', '/')), blob);
  const { mediaType, digest, size } = image.manifest;
  const tagged = { mediaType, digest, size, annotations: { 'org.opencontainers.image.ref.name': 'latest' } };
  writeFileSync(join(folder, 'oci-layout'), JSON.stringify({ imageLayoutVersion: '1.0.0' }));
  writeFileSync(join(folder, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [tagged] }));
}

export const jsonBytes = (value: unknown): Uint8Array => new TextEncoder().encode(JSON.stringify(value));

function addBlob(blobs: Map<string, Uint8Array>, bytes: Uint8Array, mediaType: string): Descriptor {
  const digest = digestOf(bytes);
  blobs.set(digest, bytes);
  return { mediaType, digest, size: bytes.length };
}

function compress(tar: Uint8Array, compression: Compression): Uint8Array {
  if (compression === 'none') return tar;
  return compression === 'gzip' ? Bun.gzipSync(Buffer.from(tar)) : Bun.zstdCompressSync(tar);
}
