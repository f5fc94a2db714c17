// The names that an output gives an image: those of `--tag` and of its own attribute `name` (several, with commas).
import { parseReference, type Reference } from '../../../oci/reference.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { BuildOptions, OutputSpec } from '../model.ts';
import { isOn } from '../output-spec.ts';

/** Canonical, each once. Throws ERR_BAD_REFERENCE. */
export function namesOf({ tags }: Pick<BuildOptions, 'tags'>, { attributes }: OutputSpec): string[] {
  const own = (attributes.name ?? '').split(',').filter(Boolean).map(parseReference).map(canonical);
  return [...new Set([...tags, ...own])];
}

export const isPushed = (output: OutputSpec): boolean => output.type === 'registry' || isOn(output, 'push');

/** Throws ERR_OUTPUT where something is to be pushed that has no name. */
export function requireNames(names: readonly string[]): void {
  if (names.length > 0) return;
  throw new EngineError('ERR_OUTPUT', 'tag is needed when pushing to registry', { hint: 'Name the image: --tag REGISTRY/NAME:TAG' });
}

function canonical({ registry, repository, tag, digest }: Reference): string {
  if (!digest) return `${registry}/${repository}:${tag}`;
  throw new EngineError('ERR_BAD_REFERENCE', 'refusing to create a tag with a digest reference', {
    hint: 'Leave out what follows the "@"',
  });
}
