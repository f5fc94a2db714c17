// `push`: what the store has of an image goes to a registry, blobs first, side by side, then manifests. It is the front's own work: blobs are the
// user's files, and nothing is written here but, at the end, the note that the repository has the image. So whenever it ends, however it
// ends, nothing is left behind; the next push finds at the registry what this one sent.
import { isServed, putManifest } from '../oci/push-manifest.ts';
import { canonicalReference, familiarReference, parseReference, type Reference, repositoryName } from '../oci/reference.ts';
import { openRegistry, type Registry } from '../oci/registry.ts';
import { registryEndpoints } from '../oci/registry-config.ts';
import { uploadBlob } from '../oci/upload.ts';
import { isDamaged } from '../storage/blob-source.ts';
import { addRepoDigest } from '../storage/image.ts';
import type { ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { recordImageEvent } from './image-events.ts';
import { keepLoopbackDirect } from './loopback-direct.ts';
import { plainLayers } from './plain-layers.ts';
import type { PushEvent } from './push-events.ts';
import { mountSources } from './push-mounts.ts';
import { type PlannedBlob, type PlannedManifest, type PushPlan, planPush } from './push-plan.ts';
import { imagesToPush } from './push-select.ts';

export interface PushOptions {
  /** As the user gave it. */
  reference: string;
  allTags?: boolean;
  /** Id of the image to push, whatever the store has under the reference; then the store takes no note of the push. */
  image?: string | undefined;
  /** The image itself, as it is to be pushed: nothing is looked up, and nothing compressed. */
  record?: ImageRecord | undefined;
  /** Under its digest alone, without a tag. */
  byDigest?: boolean | undefined;
  /** Refuses an image for another platform, and pushes no index. */
  platform?: string | undefined;
  tlsVerify?: boolean | undefined;
  onProgress?: (event: PushEvent) => void;
  signal?: AbortSignal | undefined;
}

/** Uploads at a time, as Docker's. */
const MOST_LANES = 5;
const MOST_SCOPES = 4;

interface Push {
  ctx: Ctx;
  target: Reference;
  registry: Registry;
  /** The path there; settings may lead a name elsewhere. */
  repository: string;
  sources: Map<string, string[]>;
  /** What was dealt with under an earlier tag. */
  done: Map<string, PushEvent | undefined>;
  emit: (event: PushEvent) => void;
  signal: AbortSignal;
}

/** Throws ERR_BAD_REFERENCE, ERR_NO_SUCH_IMAGE, ERR_NO_PLATFORM, ERR_BLOB_MISSING and what the registry refuses, in Docker's words. */
export async function pushImage(ctx: Ctx, options: PushOptions): Promise<void> {
  const { tlsVerify, onProgress: emit = () => {}, platform } = options;
  const target = parseReference(options.reference);
  const { record } = options;
  const images = record ? [{ tag: target.tag ?? '', image: record }] : imagesToPush(ctx, target, options);
  const plans: { image: ImageRecord; tag: string; plan: PushPlan }[] = [];
  const failing = new AbortController();
  const signal = AbortSignal.any([failing.signal, ...(options.signal ? [options.signal] : [])]);
  try {
    emit({ type: 'refers', repository: repositoryName(target) });
    for (const { image: stored, tag } of images) {
      const image = record ?? (await compressed(ctx, stored, signal));
      const plan = planPush(ctx, image, { single: platform !== undefined });
      plans.push({ image, tag: options.byDigest ? lastOf(plan.manifests).digest : tag, plan });
    }
    keepLoopbackDirect(process.env);
    const endpoints = await registryEndpoints(ctx.env, target, { tlsVerify });
    const repository = endpoints.at(-1)?.repository ?? target.repository;
    const digests = new Set(plans.flatMap(({ plan }) => plan.blobs.map(({ digest }) => digest)));
    const sources = repository === target.repository ? mountSources(ctx, target, digests) : new Map<string, string[]>();
    const registry = openRegistry({
      env: ctx.env,
      reference: target,
      tlsVerify,
      signal,
      endpoints,
      scopes: scopesFor(repository, sources),
    });
    const push: Push = { ctx, target, registry, repository, sources, emit, signal, done: new Map() };
    for (const { image, tag, plan } of plans) {
      const { digest, bytes, mediaType } = lastOf(plan.manifests);
      const isThere = await isServed({ ...placeOf(push), under: tag, mediaType, bytes });
      await pushBlobs(push, plan.blobs, failing);
      if (!isThere) await pushManifests(push, plan.manifests, tag);
      if (options.image === undefined) addRepoDigest(ctx, image.id, `${repositoryName(target)}@${digest}`);
      const name = familiarReference(repositoryName(target));
      recordImageEvent(ctx, {
        action: 'push',
        subject: familiarReference(canonicalReference(options.byDigest ? { ...target, digest } : { ...target, tag })),
        name,
        imageId: image.id,
      });
      emit({ type: 'pushed', tag, digest, size: bytes.length });
    }
  } finally {
    for (const { plan } of plans) plan.close();
  }
}

async function compressed(ctx: Ctx, image: ImageRecord, signal: AbortSignal): Promise<ImageRecord> {
  const plain = plainLayers(ctx, image);
  if (plain.length === 0) return image;
  const { compressImage } = await import('./compress-image.ts');
  return compressImage(ctx, image, { plain, signal });
}

/** To write here, and to read where blobs may be mounted from. */
function scopesFor(repository: string, sources: ReadonlyMap<string, string[]>): string[] {
  const others = new Set([...sources.values()].flat());
  return [`repository:${repository}:pull,push`, ...[...others].slice(0, MOST_SCOPES - 1).map((from) => `repository:${from}:pull`)];
}

async function pushBlobs(push: Push, blobs: readonly PlannedBlob[], failing: AbortController): Promise<void> {
  const { emit, signal } = push;
  const layers = blobs.filter((blob) => blob.layer !== undefined);
  for (const { layer = '' } of layers) emit({ type: 'layer', layer, step: 'preparing' });
  for (const { layer = '' } of layers.slice(MOST_LANES)) emit({ type: 'layer', layer, step: 'waiting' });
  const others = blobs.filter((blob) => blob.layer === undefined);
  // What is no layer is small: it goes beside them, and takes none of their lanes.
  const lanes = [...lanesOf(layers, Math.min(MOST_LANES, layers.length)), ...lanesOf(others, Math.min(1, others.length))];
  // The first failure ends the others; they are waited for, because they read files that will be closed.
  await Promise.allSettled(lanes.map((lane) => lane.catch((error: unknown) => failing.abort(error))));
  signal.throwIfAborted();

  function lanesOf(queue: readonly PlannedBlob[], count: number): Promise<void>[] {
    const waiting = [...queue];
    return Array.from({ length: count }, async () => {
      for (let blob = waiting.shift(); blob && !signal.aborted; blob = waiting.shift()) await pushBlob(push, blob);
    });
  }
}

async function pushBlob(push: Push, blob: PlannedBlob): Promise<void> {
  const { emit, done, registry, target, sources } = push;
  const { layer, digest } = blob;
  if (!done.has(digest)) {
    const say = reporter(push, blob);
    if (blob.isForeign) done.set(digest, say('foreign'));
    else {
      const name = repositoryName(target);
      const common = { registry, repository: push.repository, name, mountFrom: sources.get(digest) ?? [], signal: push.signal };
      const uploaded = await uploadBlob(blob, { ...common, open: () => bytesOf(blob, name), onProgress: say }).catch((error: unknown) => {
        throw explained(push.ctx, blob, error);
      });
      const from = uploaded.how === 'mounted' ? uploaded.from : undefined;
      done.set(
        digest,
        layer === undefined ? undefined : { type: 'layer', layer, step: uploaded.how, ...(from === undefined ? {} : { from }) },
      );
    }
  }
  const last = done.get(digest);
  if (last) emit(last);
}

const EVENT_MS = 100;

function reporter(
  { emit }: Push,
  { layer, size }: PlannedBlob,
): (step: 'pushing' | 'retrying' | 'foreign', sent?: number) => PushEvent | undefined {
  let last = '';
  let lastMs = 0;
  return (step, sent) => {
    if (layer === undefined) return undefined;
    if (step === 'foreign') return { type: 'layer', layer, step };
    if (step === last && performance.now() - lastMs < EVENT_MS) return undefined;
    [last, lastMs] = [step, performance.now()];
    emit({ type: 'layer', layer, step, ...(step === 'retrying' ? {} : { current: sent ?? 0, total: size }) });
    return undefined;
  };
}

function bytesOf({ source, digest, layer }: PlannedBlob, name: string): (offset: number) => AsyncIterable<Uint8Array> {
  if (source) return source.bytes;
  throw new EngineError(
    'ERR_BLOB_MISSING',
    `Cannot push to "${name}": the blob "${digest}"${layer ? ` of the layer ${layer}` : ''} is not in the store`,
    {
      hint: 'Pull the image again from where it came, which fetches what is missing; then push',
    },
  );
}

/** A registry that finds another digest may have been sent damaged bytes. */
function explained({ paths }: Ctx, { digest, source }: PlannedBlob, error: unknown): unknown {
  const isRefusal = error instanceof EngineError && (error.code === 'ERR_REGISTRY' || error.code === 'ERR_DIGEST_MISMATCH');
  if (!isRefusal || !source || !isDamaged({ paths }, digest)) return error;
  return new EngineError('ERR_BLOB_DAMAGED', `The blob "${digest}" is damaged: its content does not match its digest`, {
    hint: 'Drop what is damaged, then pull the image again: skiff system check --repair',
    cause: error,
  });
}

/** Those that an index names go under their digests, the last one under the tag. */
async function pushManifests(push: Push, manifests: PlannedManifest[], tag: string): Promise<void> {
  for (const manifest of manifests.slice(0, -1)) await putManifest({ ...placeOf(push), ...manifest, under: manifest.digest });
  await putManifest({ ...placeOf(push), ...lastOf(manifests), under: tag });
}

const placeOf = ({ registry, repository, target }: Push) => ({ registry, repository, name: repositoryName(target) });

function lastOf(manifests: PlannedManifest[]): PlannedManifest {
  const last = manifests.at(-1);
  if (last) return last;
  throw new Error('A plan without a manifest');
}
