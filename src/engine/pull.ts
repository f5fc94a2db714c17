// Pulling, for `pull` and for `run` of an image that is not there: the work is a worker's, in the user's namespace. What comes back is data;
// progress goes to the caller as events.
import { parsePlatform } from '../oci/platform.ts';
import { familiarReference, parseReference } from '../oci/reference.ts';
import type { PullEvent, PullJob, PullResult } from '../runtime/messages-work.ts';
import type { Ctx } from '../sys/context.ts';
import { recordImageEvent } from './image-events.ts';
import type { LockOptions } from './lock-pins.ts';
import { pullNames } from './pull-names.ts';

export interface PullOptions {
  /** As the user gave it. */
  reference: string;
  platform?: string | undefined;
  /** false: accept certificates that cannot be checked, and registries without TLS. */
  tlsVerify?: boolean | undefined;
  /** Largest uncompressed layer that is accepted, bytes. */
  maxLayerBytes?: number | undefined;
  /** Pins what is pulled, or holds it to what was pinned. */
  lock?: LockOptions | undefined;
  onProgress?: (event: PullEvent) => void;
  signal?: AbortSignal | undefined;
}

/** Fetches an image and points its reference at it. Throws EngineErrors in Docker's words; nothing half done is visible then. */
export async function pullImage(ctx: Ctx, options: PullOptions): Promise<PullResult> {
  const { reference, platform, tlsVerify, maxLayerBytes, lock } = options;
  // What is mistyped is said before anything is started.
  parseReference(reference);
  if (platform !== undefined) parsePlatform(platform);
  const pins = lock && (await import('./lock-pins.ts'));
  const pin = lock && (await pins?.requiredPin(lock, reference));
  const job = { kind: 'pull', reference, platform, tlsVerify, maxLayerBytes, pin } as const;
  const { pullPresent } = await import('./pull-present.ts');
  const result = (await pullPresent(ctx, job, options)) ?? (await inWorker(ctx, job, options));
  const { full, repository } = pullNames(reference);
  const names = { subject: familiarReference(full), name: familiarReference(repository) };
  recordImageEvent(ctx, { action: 'pull', ...names, imageId: result.id });
  if (lock) await pins?.notePin(ctx, lock, { reference, digest: result.digest });
  return result;
}

// Most pulls bring nothing, and need none of what starts a worker.
async function inWorker(ctx: Ctx, job: PullJob, { onProgress, signal }: PullOptions): Promise<PullResult> {
  const { runJob } = await import('./worker-client.ts');
  return runJob(ctx, job, { onEvent: onProgress, signal });
}

/** Every tag of a repository, in the registry's order. */
export async function listRemoteTags(ctx: Ctx, options: Pick<PullOptions, 'reference' | 'tlsVerify' | 'signal'>): Promise<string[]> {
  const { reference, tlsVerify, signal } = options;
  parseReference(reference);
  const { runJob } = await import('./worker-client.ts');
  return runJob(ctx, { kind: 'tags', reference, tlsVerify }, { signal });
}
