// The names that an output gives an image: those of `--tag` and of its own attribute `name` (several, with commas).
import { parseReference, type Reference } from '../../../oci/reference.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { BuildOptions, OutputSpec } from '../model.ts';

/** Canonical, each once. Throws ERR_BAD_REFERENCE. */
export function namesOf({ tags }: Pick<BuildOptions, 'tags'>, { attributes }: OutputSpec): string[] {
  const own = (attributes.name ?? '').split(',').filter(Boolean).map(parseReference).map(canonical);
  return [...new Set([...tags, ...own])];
}

function canonical({ registry, repository, tag, digest }: Reference): string {
  if (!digest) return `${registry}/${repository}:${tag}`;
  throw new EngineError('ERR_BAD_REFERENCE', 'refusing to create a tag with a digest reference', {
    hint: 'Leave out what follows the "@"',
  });
}
