// Manifests and configs: fetched by one process at a time under a claim, so that pulls side by side fetch nothing twice. A stored one is
// checked when read; a damaged one is fetched again.
import { hasBlob, putBlob, readBlob, removeBlob } from '../../storage/blob.ts';
import { claim } from '../../storage/claim.ts';
import { hexOfDigest } from '../../storage/digest.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';

const PAUSE_MS = 20;

/** The blob's bytes, from the store or else by `fetchIt`, which must have checked them. Then they are stored. */
export async function smallBlob(
  ctx: Ctx,
  digest: string,
  { fetchIt, signal }: { fetchIt: () => Promise<Uint8Array>; signal: AbortSignal },
): Promise<Uint8Array> {
  for (;;) {
    signal.throwIfAborted();
    const stored = readStored(ctx, digest);
    if (stored) return stored;
    const hold = claim(ctx, `fetch-${hexOfDigest(digest)}`);
    if (!hold) {
      await Bun.sleep(PAUSE_MS);
      continue;
    }
    try {
      // Between our look and our claim another may have finished.
      const meanwhile = readStored(ctx, digest);
      if (meanwhile) return meanwhile;
      const bytes = await fetchIt();
      putBlob(ctx, bytes);
      return bytes;
    } finally {
      hold.release();
    }
  }
}

function readStored(ctx: Ctx, digest: string): Uint8Array | undefined {
  if (!hasBlob(ctx, digest)) return undefined;
  try {
    return readBlob(ctx, digest);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    removeBlob(ctx, digest);
    return undefined;
  }
}
