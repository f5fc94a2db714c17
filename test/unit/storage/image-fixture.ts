// Images made of archives, put into a store as a pull would.
import { gzipSync } from 'node:zlib';
import { putBlob } from '../../../src/storage/blob.ts';
import { digestOf } from '../../../src/storage/digest.ts';
import { putImage, tagImage } from '../../../src/storage/image.ts';
import type { ImageRecord } from '../../../src/storage/records.ts';
import type { Ctx } from '../../../src/sys/context.ts';
import { file, tar, unpack } from './tar-fixture.ts';

/** Stores an image with one layer for each of `contents`, and tags it. */
export function storeImage(ctx: Ctx, reference: string | undefined, contents: string[], repoDigest?: string): ImageRecord {
  const layers = contents.map((content) => {
    const archive = tar([file('f', content)]);
    const compressed = gzipSync(archive);
    unpack(ctx, archive, { compressed });
    return {
      digest: putBlob(ctx, compressed),
      diffId: digestOf(archive),
      mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip',
      size: compressed.length,
    };
  });
  const config = Buffer.from(
    JSON.stringify({ os: 'linux', architecture: 'amd64', rootfs: { type: 'layers', diff_ids: layers.map((layer) => layer.diffId) } }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      config: { digest: digestOf(config) },
      layers: layers.map(({ digest, mediaType, size }) => ({ mediaType, digest, size })),
    }),
  );
  const target = { mediaType: 'application/vnd.oci.image.manifest.v1+json', digest: digestOf(manifest), size: manifest.length };
  for (const blob of [config, manifest]) putBlob(ctx, blob);
  const record: ImageRecord = {
    version: 1,
    id: digestOf(config),
    manifest: target,
    target,
    platform: { os: 'linux', architecture: 'amd64' },
    layers,
    sizeBytes: 0,
    repoDigests: repoDigest === undefined ? [] : [repoDigest],
    created: '',
    storedAt: ctx.now().toISOString(),
  };
  putImage(ctx, record);
  if (reference !== undefined) tagImage(ctx, reference, record.id);
  return record;
}
