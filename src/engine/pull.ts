// Pulling, for `pull` and for `run` of an image that is not there: the work is a worker's, in the user's namespace. What comes back is data;
// progress goes to the caller as events.
import { parsePlatform } from '../oci/platform.ts';
import { familiarReference, fullReference, parseReference, repositoryName } from '../oci/reference.ts';
import type { PullEvent, PullResult } from '../runtime/messages-work.ts';
import type { Ctx } from '../sys/context.ts';
import { recordImageEvent } from './image-events.ts';
import type { LockOptions } from './lock-pins.ts';
import { runJob } from './worker-client.ts';

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

/** How a reference is spoken of. */
export interface PullNames {
  /** `docker.io/library/alpine:latest`: everything that was given, normalised. */
  full: string;
  /** `alpine:latest`. */
  familiar: string;
  /** `docker.io/library/alpine`. */
  repository: string;
  /** `alpine`. */
  familiarRepository: string;
  /** Set when neither tag nor digest was given. */
  defaultTag: string | undefined;
}

/** Throws ERR_BAD_REFERENCE. */
export function pullNames(text: string): PullNames {
  const reference = parseReference(text);
  const isTagged = text.slice(text.lastIndexOf('/') + 1).includes(':');
  const full = fullReference(reference);
  return {
    full,
    familiar: familiarReference(full),
    repository: repositoryName(reference),
    familiarRepository: familiarReference(repositoryName(reference)),
    defaultTag: isTagged || reference.digest ? undefined : reference.tag,
  };
}

/** Fetches an image and points its reference at it. Throws EngineErrors in Docker's words; nothing half done is visible then. */
export async function pullImage(ctx: Ctx, options: PullOptions): Promise<PullResult> {
  const { reference, platform, tlsVerify, maxLayerBytes, lock, onProgress, signal } = options;
  // What is mistyped is said before anything is started.
  parseReference(reference);
  if (platform !== undefined) parsePlatform(platform);
  const pins = lock && (await import('./lock-pins.ts'));
  const pin = lock && (await pins?.requiredPin(lock, reference));
  const job = { kind: 'pull', reference, platform, tlsVerify, maxLayerBytes, pin } as const;
  const { pullPresent } = await import('./pull-present.ts');
  const result = (await pullPresent(ctx, job, options)) ?? (await runJob(ctx, job, { onEvent: onProgress, signal }));
  const { full, repository } = pullNames(reference);
  const names = { subject: familiarReference(full), name: familiarReference(repository) };
  recordImageEvent(ctx, { action: 'pull', ...names, imageId: result.id });
  if (lock) await pins?.notePin(ctx, lock, { reference, digest: result.digest });
  return result;
}

/** Every tag of a repository, in the registry's order. */
export async function listRemoteTags(ctx: Ctx, options: Pick<PullOptions, 'reference' | 'tlsVerify' | 'signal'>): Promise<string[]> {
  const { reference, tlsVerify, signal } = options;
  parseReference(reference);
  return runJob(ctx, { kind: 'tags', reference, tlsVerify }, { signal });
}
