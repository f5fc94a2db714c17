// A pull, as root of the user's namespace: resolve, fetch and unpack the layers that are missing, then record the image and, last, the
// reference. If we die on the way the store holds blobs and layers that nothing reaches yet: the next pull uses them.
import { availableParallelism } from 'node:os';
import { isRetryableError } from '../../oci/http/retry.ts';
import { formatPlatform, hostPlatform, normalisePlatform, parsePlatform } from '../../oci/platform.ts';
import { canonicalReference, familiarReference, parseReference, type Reference, repositoryName } from '../../oci/reference.ts';
import { openRegistry, type Registry } from '../../oci/registry.ts';
import { beginPolicy } from '../../oci/trust/enforce.ts';
import type { PullJob, PullResult, TagsJob } from '../../runtime/messages-work.ts';
import { type Claim, claim } from '../../storage/claim.ts';
import { digestOf } from '../../storage/digest.ts';
import { type EmbeddedImage, embeddedImageFor, installEmbeddedImage } from '../../storage/embedded-image.ts';
import { putImage, tagImage } from '../../storage/image.ts';
import { readImageRecord, readReference } from '../../storage/image-record.ts';
import { readLayer } from '../../storage/layer.ts';
import type { ImageLayer } from '../../storage/records.ts';
import { isStored } from '../../storage/stored-layer.ts';
import { sweep } from '../../storage/sweep.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { runJob } from '../worker-client.ts';
import { fetchAttestations } from './attestations.ts';
import { ensureLayers, shortDigest } from './layers.ts';
import { checkPin, type ResolvedImage, resolveImage } from './resolve.ts';
import type { JobTools } from './tools.ts';

/** Below this a second process costs more than it brings. */
const WORTH_A_HELPER_BYTES = 2 << 20;
const MOST_HELPERS = 1;
const PASSING = new Set([
  'ERR_NO_SUCH_HOST',
  'ERR_NO_NETWORK',
  'ERR_CONNECTION_REFUSED',
  'ERR_NETWORK',
  'ERR_REGISTRY',
  'ERR_RATE_LIMITED',
  'ERR_AUTH',
]);

/** Throws what the registry client, the unpacker and the store throw; nothing is reachable then that was not before. */
export async function pull(ctx: Ctx, job: PullJob, tools: JobTools): Promise<PullResult> {
  const reference = parseReference(job.reference);
  const canonical = canonicalReference(reference);
  const embedded = await embeddedImageFor(canonical);
  if (embedded) {
    checkPin({ reference, pin: job.pin }, digestOf(embedded.manifest));
    return pullEmbedded(ctx, embedded);
  }
  const platform = job.platform === undefined ? hostPlatform() : parsePlatform(job.platform);
  const { env } = ctx;
  const open = (which: Reference): Registry => openRegistry({ env, reference: which, tlsVerify: job.tlsVerify, signal: tools.signal });
  const approve = await beginPolicy(env, reference, (tag) => open({ ...reference, tag, digest: undefined }));
  const registry = open(reference);
  const hold = claimPull(ctx);
  const parts = new Set<string>();
  const protect = (digests: string[]): void => {
    for (const digest of digests) parts.add(digest);
    hold.protect(digests);
  };
  let refused: ReadonlySet<string> | undefined;
  try {
    const before = readReference(ctx, canonical)?.id;
    const isPlatformGiven = job.platform !== undefined;
    const checks = { pin: job.pin, approve, protect };
    const image = await resolveImage(ctx, { registry, reference, platform, isPlatformGiven, ...checks, signal: tools.signal });
    protect(image.layers.flatMap((layer) => [layer.digest, layer.diffId]));
    const isComplete = await fetchMissing(ctx, { job, tools, registry, image, reference });
    const own = new Set([image.manifest.digest]);
    const companions = await fetchAttestations(ctx, { registry, target: image.target, own, protect, signal: tools.signal });
    record(ctx, image, { reference, companions });
    const status = before === image.id && isComplete ? 'current' : 'downloaded';
    const actual = formatPlatform(normalisePlatform(image.config));
    return { id: image.id, digest: image.target.digest, reference: canonical, status, platform: actual };
  } catch (error) {
    // What the wire or the user broke off is of use to the next try; of an image that is bad in itself nothing stays.
    if (!tools.signal.aborted && !isPassing(error)) refused = parts;
    throw error;
  } finally {
    hold.release();
    tidy(ctx, refused);
  }
}

// Garbage that cannot be deleted now is found by the next sweep: no reason for a pull to fail.
function tidy(ctx: Ctx, released: ReadonlySet<string> | undefined): void {
  try {
    sweep(ctx, released ? { released } : {});
  } catch (error) {
    ctx.warn(`Cannot delete what is not needed any more: ${messageOf(error)}`);
  }
}

function isPassing(error: unknown): boolean {
  return error instanceof EngineError && (isRetryableError(error.code) || PASSING.has(error.code));
}

/** The tags of the repository that the job's reference names. */
export function listTags(ctx: Ctx, job: TagsJob, { signal }: JobTools): Promise<string[]> {
  return openRegistry({ env: ctx.env, reference: parseReference(job.reference), tlsVerify: job.tlsVerify, signal }).tags();
}

interface FetchOptions {
  job: PullJob;
  tools: JobTools;
  registry: Registry;
  image: ResolvedImage;
  reference: Reference;
}

/** Whether every layer was there already. */
async function fetchMissing(ctx: Ctx, { job, tools, registry, image, reference }: FetchOptions): Promise<boolean> {
  const { emit } = tools;
  const repository = familiarReference(repositoryName(reference));
  const name = reference.digest ?? reference.tag ?? '';
  emit({ type: 'pulling', name, repository, layers: image.layers.map((layer) => shortDigest(layer.digest)) });
  const missing = new Map<string, ImageLayer>();
  for (const layer of image.layers) {
    const isThere = isStored(ctx, layer);
    if (!isThere) missing.set(layer.diffId, layer);
    emit({ type: 'layer', layer: shortDigest(layer.digest), status: isThere ? 'exists' : 'waiting' });
  }
  if (missing.size === 0) return true;
  const layers = [...missing.values()];
  const failing = new AbortController();
  const signal = AbortSignal.any([tools.signal, failing.signal]);
  const failOnce = (error: unknown): never => {
    failing.abort(error);
    throw error;
  };
  const helpers = Array.from({ length: helpersFor(layers) }, async () =>
    runJob(
      ctx,
      {
        kind: 'layers',
        reference: job.reference,
        layers,
        session: await registry.session(),
        tlsVerify: job.tlsVerify,
        maxLayerBytes: job.maxLayerBytes,
      },
      { onEvent: emit, signal, enter: [] },
    )
      .catch(forgiveDeath)
      .catch(failOnce),
  );
  const own = ensureLayers(ctx, { emit, signal, registry, layers, maxBytes: job.maxLayerBytes, waits: true }).catch(failOnce);
  await Promise.allSettled([own, ...helpers]);
  if (signal.aborted) throw signal.reason;
  return false;
}

/** A helper that was killed leaves its claims free, and we take its layers over. */
function forgiveDeath(error: unknown): null {
  if (error instanceof EngineError && error.code === 'ERR_WORKER_DIED') return null;
  throw error;
}

function helpersFor(layers: ImageLayer[]): number {
  const bytes = layers.reduce((sum, layer) => sum + layer.size, 0);
  if (bytes < WORTH_A_HELPER_BYTES) return 0;
  return Math.min(MOST_HELPERS, layers.length - 1, availableParallelism() - 1);
}

function record(ctx: Ctx, image: ResolvedImage, { reference, companions }: { reference: Reference; companions: string[] }): void {
  const canonical = canonicalReference(reference);
  const repoDigest = `${repositoryName(reference)}@${image.target.digest}`;
  const known = readImageRecord(ctx, image.id);
  // Two manifests may name one config, and so one image: the one that was pulled last counts.
  if (
    known?.target.digest !== image.target.digest ||
    known.manifest.digest !== image.manifest.digest ||
    !known.repoDigests.includes(repoDigest) ||
    companions.some((digest) => !known.companions?.includes(digest))
  ) {
    putImage(ctx, {
      version: 1,
      id: image.id,
      manifest: image.manifest,
      target: image.target,
      platform: normalisePlatform({ os: image.config.os, architecture: image.config.architecture, variant: image.config.variant }),
      layers: image.layers,
      sizeBytes: image.layers.reduce((sum, layer) => sum + (readLayer(ctx, layer.diffId)?.sizeBytes ?? 0), 0),
      repoDigests: [repoDigest],
      ...(companions.length > 0 ? { companions } : {}),
      created: image.config.created,
      storedAt: ctx.now().toISOString(),
    });
  }
  if (readReference(ctx, canonical)?.id !== image.id) tagImage(ctx, canonical, image.id);
}

function pullEmbedded(ctx: Ctx, embedded: EmbeddedImage): PullResult {
  const before = readReference(ctx, embedded.reference)?.id;
  const image = installEmbeddedImage(ctx, embedded);
  return {
    id: image.id,
    digest: image.target.digest,
    reference: embedded.reference,
    status: before === image.id ? 'current' : 'downloaded',
    platform: formatPlatform(image.platform),
  };
}

function claimPull(ctx: Ctx): Claim {
  for (;;) {
    const hold = claim(ctx, `pull-${process.pid}-${Math.random().toString(36).slice(2)}`);
    if (hold) return hold;
  }
}
