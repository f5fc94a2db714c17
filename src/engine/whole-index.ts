// An index of which everything is in the store, whichever way it came: then it can be pushed and saved as it is, and keeps its digest.
import { type Index, type Manifest, parseManifest } from '../oci/manifest.ts';
import { hasBlob, readBlob } from '../storage/blob.ts';
import type { Descriptor } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';

export interface WholeIndex {
  bytes: Buffer;
  /** What it names, in its order. */
  manifests: { descriptor: Descriptor; bytes: Buffer; document: Manifest }[];
}

/** Undefined when `target` is no index, or something that it names is not here. Throws ERR_BLOB_DAMAGED. */
export function wholeIndex(ctx: Pick<Ctx, 'paths'>, target: Descriptor): WholeIndex | undefined {
  if (!hasBlob(ctx, target.digest)) return undefined;
  const bytes = readBlob(ctx, target.digest);
  const document = parsed(bytes, target);
  if (document.kind !== 'index' || document.manifests.length === 0) return undefined;
  const manifests: WholeIndex['manifests'] = [];
  for (const descriptor of document.manifests) {
    const manifest = wholeManifest(ctx, descriptor);
    if (!manifest) return undefined;
    manifests.push({ descriptor, ...manifest });
  }
  return { bytes, manifests };
}

/** Whether the store has the manifest and all that it names. Throws ERR_BLOB_DAMAGED. */
export const isWholeManifest = (ctx: Pick<Ctx, 'paths'>, entry: Descriptor): boolean => wholeManifest(ctx, entry) !== undefined;

function wholeManifest(ctx: Pick<Ctx, 'paths'>, descriptor: Descriptor): { bytes: Buffer; document: Manifest } | undefined {
  if (!hasBlob(ctx, descriptor.digest, descriptor.size)) return undefined;
  const bytes = readBlob(ctx, descriptor.digest);
  const document = parsed(bytes, descriptor);
  if (document.kind !== 'manifest') return undefined;
  const isWhole = [document.config, ...document.layers].every(({ digest, size }) => hasBlob(ctx, digest, size));
  return isWhole ? { bytes, document } : undefined;
}

const parsed = (bytes: Buffer, { mediaType, digest }: Descriptor): Index | Manifest =>
  parseManifest(bytes, { headerType: mediaType, name: digest });
