// Fetches again what an image has lost: manifest, config, layers. From the repositories that it came from, by digest, so that what comes is
// what was, and only where the policy would let it be pulled; a layer whose compressed blob is here is unpacked from that. The image's record
// and names stay as they are.
import { parseReference, type Reference, repositoryName } from '../../oci/reference.ts';
import { openRegistry, type Registry } from '../../oci/registry.ts';
import { beginPolicy } from '../../oci/trust/enforce.ts';
import { hasBlob } from '../../storage/blob.ts';
import { type Claim, claim } from '../../storage/claim.ts';
import { digestOf } from '../../storage/digest.ts';
import { embeddedImageFor, installEmbeddedImage } from '../../storage/embedded-image.ts';
import { missingParts, referencesOf } from '../../storage/image.ts';
import type { ImageRecord } from '../../storage/records.ts';
import { syncStore } from '../../storage/sync.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { ensureLayers } from './layers.ts';
import { smallBlob } from './small-blob.ts';

export interface RestoreOptions {
  /** Compressed layers that are wanted, too; an image runs without them. */
  blobs: ReadonlySet<string>;
  signal: AbortSignal;
}

const LARGEST_CONFIG = 8 << 20;

/** Digests and diff-ids that the image lacks, those of `blobs` among them. */
export function lacks(ctx: Ctx, image: ImageRecord, blobs: ReadonlySet<string>): string[] {
  const compressed = image.layers.filter(({ digest }) => blobs.has(digest) && !hasBlob(ctx, digest)).map(({ digest }) => digest);
  return [...missingParts(ctx, image), ...compressed];
}

/** Makes the image whole. Throws why it cannot be: ERR_NO_SOURCE, or what the last repository that was asked gave. */
export async function restoreImage(ctx: Ctx, image: ImageRecord, { blobs, signal }: RestoreOptions): Promise<void> {
  const hold = claimRestore(ctx);
  try {
    hold.protect([image.id, image.manifest.digest, image.target.digest, ...image.layers.flatMap((layer) => [layer.digest, layer.diffId])]);
    let problem: unknown;
    for (const registry of sourcesOf(ctx, image, signal)) {
      try {
        await restoreFrom(ctx, image, { registry: await registry(), blobs, signal });
        syncStore(ctx);
        return;
      } catch (error) {
        signal.throwIfAborted();
        problem = error;
      }
    }
    throw problem;
  } finally {
    hold.release();
  }
}

type Source = Pick<Registry, 'blob' | 'manifest'>;

async function restoreFrom(
  ctx: Ctx,
  image: ImageRecord,
  { registry, blobs, signal }: RestoreOptions & { registry: Source },
): Promise<void> {
  for (const { digest } of [image.target, image.manifest]) {
    await smallBlob(ctx, digest, { signal, fetchIt: async () => (await registry.manifest(digest)).bytes });
  }
  await smallBlob(ctx, image.id, { signal, fetchIt: () => fetchConfig(registry, image.id) });
  const lost = new Set(lacks(ctx, image, blobs));
  const layers = image.layers.filter(({ digest, diffId }) => lost.has(digest) || lost.has(diffId));
  await ensureLayers(ctx, { registry, layers, signal, emit: () => {}, waits: true });
}

async function fetchConfig(registry: Source, id: string): Promise<Uint8Array> {
  const { answer } = await registry.blob(id, 0);
  const bytes = await answer.bytes(LARGEST_CONFIG);
  const actual = digestOf(bytes);
  if (actual === id) return bytes;
  throw new EngineError('ERR_DIGEST_MISMATCH', `Refused the config "${id}": its content has the digest "${actual}"`);
}

/** The repositories that may have it, the likeliest first; then what is here without asking anybody. */
function sourcesOf(ctx: Ctx, image: ImageRecord, signal: AbortSignal): (() => Promise<Source>)[] {
  const names = referencesOf(ctx, image.id);
  // By the name that it was pulled under, which is what a policy may speak of.
  const known = [...names, ...image.repoDigests].map((name) => parseReference(name));
  const byRepository = new Map(known.toReversed().map((reference) => [repositoryName(reference), reference]));
  const order = [...image.repoDigests, ...names].map((name) => repositoryName(parseReference(name)));
  const registries = [...new Set(order)].map((repository) => async () => {
    const reference = byRepository.get(repository) ?? parseReference(repository);
    const open = (which: Reference): Registry => openRegistry({ env: ctx.env, reference: which, signal });
    const approve = await beginPolicy(ctx.env, reference, (tag) => open({ ...reference, tag, digest: undefined }));
    await approve?.([image.target.digest, image.manifest.digest]);
    return open(parseReference(`${repository}@${image.target.digest}`));
  });
  return [() => storeAlone(ctx, image, names), ...registries];
}

/** What the executable carries, and compressed layers that are whole. */
async function storeAlone(ctx: Ctx, image: ImageRecord, names: readonly string[]): Promise<Source> {
  for (const name of names) {
    const carried = await embeddedImageFor(name);
    if (carried && digestOf(carried.config) === image.id) installEmbeddedImage(ctx, carried);
  }
  const nowhere = async (digest: string): Promise<never> => {
    throw new EngineError('ERR_NO_SOURCE', `"${digest}" is not in the store, and no registry is known to have it`, {
      hint: 'Pull or build the image again',
    });
  };
  return { blob: nowhere, manifest: (digest = image.target.digest) => nowhere(digest) };
}

function claimRestore(ctx: Ctx): Claim {
  for (;;) {
    const hold = claim(ctx, `restore-${process.pid}-${Math.random().toString(36).slice(2)}`);
    if (hold) return hold;
  }
}
