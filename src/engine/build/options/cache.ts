// `--cache-from` and `--cache-to`: a registry, a folder, or (inline) the image itself.
import { resolve } from 'node:path';
import { parseReference } from '../../../oci/reference.ts';
import type { CacheSpec } from '../model.ts';
import { keyedFields, listed } from './fields.ts';

const TYPES = ['registry', 'local', 'inline'] as const;
/** BuildKit's others, which need a service that is not there. */
const ELSEWHERE = ['gha', 's3', 'azblob'];
const MODES = ['min', 'max'];
const COMPRESSIONS = ['gzip', 'zstd', 'uncompressed'];
const SWITCHES = ['force-compression', 'oci-mediatypes', 'image-manifest', 'ignore-error', 'registry.insecure'];
const WRITING = ['mode', 'compression', 'compression-level', 'force-compression', 'oci-mediatypes', 'image-manifest', 'ignore-error'];
/** What each may be given besides its type. */
const KNOWN = {
  from: { registry: ['ref', 'registry.insecure'], local: ['src', 'digest', 'tag'], inline: [] },
  to: { registry: ['ref', 'registry.insecure', ...WRITING], local: ['dest', 'tag', ...WRITING], inline: [] },
};

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
  const place = direction === 'from' ? 'src' : 'dest';
  const folder = attributes[place];
  if (type === 'local' && !folder) throw new Error(`${place} is required for a local cache`);
  checkAttributes(attributes, KNOWN[direction][type]);
  if (type === 'registry') return ofRegistry(attributes.ref, attributes);
  if (type === 'inline' || !folder) return { type, attributes };
  return { type, attributes: { ...attributes, [place]: resolve(folder) } };
}

function checkAttributes(attributes: Readonly<Record<string, string>>, known: readonly string[]): void {
  const { mode, compression, 'compression-level': level, 'oci-mediatypes': oci, 'image-manifest': image } = attributes;
  if (mode !== undefined && !MODES.includes(mode)) throw new Error(`invalid cache mode "${mode}": use ${listed(MODES)}`);
  for (const [name, value] of Object.entries(attributes)) {
    if (!known.includes(name)) throw new Error(`unexpected key '${name}'${known.length > 0 ? `: use ${listed(known)}` : ''}`);
    if (SWITCHES.includes(name) && value !== 'true' && value !== 'false') throw new Error(`${name} must be true or false`);
  }
  if (compression === 'estargz')
    throw new Error('compression "estargz" is not supported: use gzip, which it is but for an index of its own');
  if (compression !== undefined && !COMPRESSIONS.includes(compression)) {
    throw new Error(`unknown compression "${compression}": use ${listed(COMPRESSIONS)}`);
  }
  if (level !== undefined && !/^\d{1,2}$/.test(level)) throw new Error('compression-level must be a number');
  if (oci === 'false' && image === 'true') throw new Error('image-manifest=true needs oci-mediatypes=true');
}

function ofRegistry(ref: string | undefined, attributes: Record<string, string>): CacheSpec {
  if (!ref) throw new Error('ref is required for a registry cache');
  parseReference(ref);
  return { type: 'registry', attributes: { ...attributes, ref } };
}
