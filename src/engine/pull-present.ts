// The commonest pull brings nothing: the tag names what is stored under it, whole. The front finds that out by one question to the registry, without
// the namespace and the worker that anything else needs, and writes nothing. Whatever is not plainly so is left to the worker.
import { fitsPlatform, formatPlatform, hostPlatform, parsePlatform } from '../oci/platform.ts';
import { canonicalReference, familiarReference, parseReference, type Reference, repositoryName } from '../oci/reference.ts';
import { openRegistry, type Registry } from '../oci/registry.ts';
import { beginPolicy } from '../oci/trust/enforce.ts';
import type { PullJob, PullResult } from '../runtime/messages-work.ts';
import { readBlob } from '../storage/blob.ts';
import { EMBEDDED_REFERENCE } from '../storage/embedded-reference.ts';
import { readImageRecord, readReference } from '../storage/image-record.ts';
import type { ImageRecord } from '../storage/records.ts';
import { isStored } from '../storage/stored-layer.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { keepLoopbackDirect } from './loopback-direct.ts';
import type { PullOptions } from './pull.ts';

/** The result of the pull, where it has nothing to do; undefined otherwise. Throws what the registry client throws. */
export async function pullPresent(
  ctx: Ctx,
  job: PullJob,
  options: Pick<PullOptions, 'onProgress' | 'signal'>,
): Promise<PullResult | undefined> {
  const reference = parseReference(job.reference);
  const canonical = canonicalReference(reference);
  const image = storedWhole(ctx, job, canonical);
  const digest = image?.target.digest;
  const repository = repositoryName(reference);
  if (!image || digest === undefined || !image.repoDigests.includes(`${repository}@${digest}`)) return undefined;
  if (job.pin !== undefined && job.pin !== digest) return undefined;
  keepLoopbackDirect(process.env);
  const open = (which: Reference): Registry =>
    openRegistry({ env: ctx.env, reference: which, tlsVerify: job.tlsVerify, signal: options.signal });
  // What must be signed is looked into by the worker, stored or not.
  if (await beginPolicy(ctx.env, reference, (tag) => open({ ...reference, tag, digest: undefined }))) return undefined;
  if (reference.digest === undefined) {
    if ((await open(reference).resolve())?.digest !== digest) return undefined;
  } else if (reference.digest !== digest) return undefined;
  tell(image, reference.digest ?? reference.tag ?? '', familiarReference(repository), options.onProgress);
  return { id: image.id, digest, reference: canonical, status: 'current', platform: formatPlatform(image.platform) };
}

/** What the reference names in the store, if it is of the platform that the worker would choose and nothing of it is missing or damaged. */
function storedWhole(ctx: Ctx, { platform }: PullJob, canonical: string): ImageRecord | undefined {
  const id = canonical === EMBEDDED_REFERENCE ? undefined : readReference(ctx, canonical)?.id;
  const image = id === undefined ? undefined : readImageRecord(ctx, id);
  const wanted = platform === undefined ? hostPlatform() : parsePlatform(platform);
  if (!image || !fitsPlatform(image.platform, wanted) || formatPlatform(image.platform) !== formatPlatform(wanted)) return undefined;
  try {
    for (const digest of new Set([image.id, image.manifest.digest, image.target.digest])) readBlob(ctx, digest);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
  return image.layers.every((layer) => isStored(ctx, layer)) ? image : undefined;
}

function tell(image: ImageRecord, name: string, repository: string, onProgress: PullOptions['onProgress']): void {
  const layers = image.layers.map(({ digest }) => digest.slice('sha256:'.length, 'sha256:'.length + 12));
  onProgress?.({ type: 'pulling', name, repository, layers });
  for (const layer of layers) onProgress?.({ type: 'layer', layer, status: 'exists' });
}
