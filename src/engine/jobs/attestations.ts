// What an index names beside its images: build tools put statements about them there (provenance, lists of contents). Nobody runs them, but an index can
// only be pushed or saved as it is with all that it names. So they are fetched once the images of all its platforms are here, which of most
// images are one; and where they cannot be had, the pull is none the worse.
import { parseManifest } from '../../oci/manifest.ts';
import { isAttestation } from '../../oci/platform.ts';
import type { Registry } from '../../oci/registry.ts';
import { hasBlob, readBlob } from '../../storage/blob.ts';
import { digestOf } from '../../storage/digest.ts';
import type { Descriptor } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { isWholeManifest } from '../whole-index.ts';
import { smallBlob } from './small-blob.ts';

export interface AttestationOptions {
  registry: Registry;
  /** What the tag names. */
  target: Descriptor;
  /** Blobs that the pull itself has brought, or brings. */
  own: ReadonlySet<string>;
  protect: (digests: string[]) => void;
  signal: AbortSignal;
}

/** Larger ones are left where they are. */
const LARGEST_BLOB = 16 << 20;

/** Digests of what was fetched, or was here; none where `target` is no index or the store has not all its platforms. */
export async function fetchAttestations(ctx: Ctx, options: AttestationOptions): Promise<string[]> {
  const { target, own, protect, signal } = options;
  const index = hasBlob(ctx, target.digest)
    ? parseManifest(readBlob(ctx, target.digest), { headerType: target.mediaType, name: target.digest })
    : undefined;
  if (index?.kind !== 'index') return [];
  const statements = index.manifests.filter(isAttestation);
  const images = index.manifests.filter((entry) => !isAttestation(entry));
  if (statements.length === 0 || !images.every((entry) => own.has(entry.digest) || isWholeManifest(ctx, entry))) return [];
  const digests: string[] = [];
  try {
    for (const entry of statements) {
      const bytes = await smallBlob(ctx, entry.digest, {
        signal,
        fetchIt: async () => (await options.registry.manifest(entry.digest)).bytes,
      });
      const document = parseManifest(bytes, { headerType: entry.mediaType, name: entry.digest });
      if (document.kind !== 'manifest') return [];
      const parts = [document.config, ...document.layers];
      if (parts.some(({ size }) => size > LARGEST_BLOB)) return [];
      digests.push(entry.digest, ...parts.map(({ digest }) => digest));
      protect(digests);
      for (const part of parts) await smallBlob(ctx, part.digest, { signal, fetchIt: () => fetchPart(options.registry, part) });
    }
    return digests;
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof EngineError) return [];
    throw error;
  }
}

async function fetchPart(registry: Registry, { digest, size }: Descriptor): Promise<Uint8Array> {
  const { answer } = await registry.blob(digest, 0);
  const bytes = await answer.bytes(size);
  if (digestOf(bytes) === digest) return bytes;
  throw new EngineError('ERR_DIGEST_MISMATCH', `The blob "${digest}" has another content`);
}
