// `--cache-from` and `--cache-to`: a registry, a folder, or (inline) the image itself.
import { parseReference } from '../../../oci/reference.ts';
import type { CacheSpec } from '../model.ts';
import { keyedFields, listed } from './fields.ts';

const TYPES = ['registry', 'local', 'inline'] as const;
/** BuildKit's others, which need a service that is not there. */
const ELSEWHERE = ['gha', 's3', 'azblob'];
const MODES = ['min', 'max'];

/** `type=registry,ref=…`, `type=local,src=…`, or an image's name alone. Throws an Error. */
export function parseCacheFrom(text: string): CacheSpec {
  return parseCache(text, 'from');
}

/** `type=registry,ref=…,mode=max`, `type=local,dest=…`, `type=inline`, or an image's name alone. Throws an Error. */
export function parseCacheTo(text: string): CacheSpec {
  return parseCache(text, 'to');
}

function parseCache(text: string, direction: 'from' | 'to'): CacheSpec {
  if (!text.includes('=')) return text === 'inline' ? { type: 'inline', attributes: {} } : ofRegistry(text, {});
  const { type, ...attributes } = keyedFields(text);
  return checkedCache(type, attributes, direction);
}

/** The same of fields that are apart already, as bake has them. Throws an Error. */
export function checkedCache(given: string | undefined, attributes: Record<string, string>, direction: 'from' | 'to'): CacheSpec {
  if (given === undefined) throw new Error('type is required, as in type=registry,ref=NAME');
  if (ELSEWHERE.includes(given)) throw new Error(`cache type "${given}" is not supported: use ${listed(TYPES)}`);
  const type = TYPES.find((known) => known === given);
  if (!type) throw new Error(`unknown cache type "${given}": use ${listed(TYPES)}`);
  const { mode } = attributes;
  if (mode !== undefined && !MODES.includes(mode)) throw new Error(`invalid cache mode "${mode}": use ${listed(MODES)}`);
  if (type === 'registry') return ofRegistry(attributes.ref, attributes);
  const place = direction === 'from' ? 'src' : 'dest';
  if (type === 'local' && !attributes[place]) throw new Error(`${place} is required for a local cache`);
  return { type, attributes };
}

function ofRegistry(ref: string | undefined, attributes: Record<string, string>): CacheSpec {
  if (!ref) throw new Error('ref is required for a registry cache');
  parseReference(ref);
  return { type: 'registry', attributes: { ...attributes, ref } };
}
