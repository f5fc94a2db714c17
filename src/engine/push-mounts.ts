// Where else at the same registry a blob is known to be: a registry mounts it from there, and nothing need be sent. What is known is what images
// of the store were pulled from or pushed to.
import { parseReference, type Reference } from '../oci/reference.ts';
import { readImageRecords } from '../storage/image-record.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';

/** More sources than that bring nothing: whoever has a blob mostly has it everywhere. */
const MOST_SOURCES = 2;

/** Repositories (paths at the target's registry) for each digest. */
export function mountSources(ctx: Pick<Ctx, 'paths'>, target: Reference, digests: ReadonlySet<string>): Map<string, string[]> {
  const sources = new Map<string, string[]>();
  for (const { id, layers, repoDigests } of readImageRecords(ctx)) {
    const known = [id, ...layers.map((layer) => layer.digest)].filter((digest) => digests.has(digest));
    if (known.length === 0) continue;
    for (const repository of repositoriesAt(target, repoDigests)) for (const digest of known) add(digest, repository);
  }
  return sources;

  function add(digest: string, repository: string): void {
    const found = sources.get(digest) ?? [];
    if (found.length < MOST_SOURCES && !found.includes(repository)) sources.set(digest, [...found, repository]);
  }
}

function repositoriesAt(target: Reference, repoDigests: readonly string[]): string[] {
  return repoDigests
    .map(referenceOf)
    .filter((source) => source?.registry === target.registry && source.repository !== target.repository)
    .map((source) => source?.repository ?? '');
}

function referenceOf(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}
