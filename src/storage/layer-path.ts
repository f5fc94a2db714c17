// Names inside a layer: where an entry may lie, and which names are whiteouts (image-spec, layer.md). Everything here is text; what
// is on the disk under those names is the folders' business (layer-folders.ts).
import { EngineError } from '../sys/errors.ts';

export type Whiteout = { kind: 'opaque' } | { kind: 'remove'; name: string } | { kind: 'ignored' };

const PREFIX = '.wh.';
/** The kernel's limit on a path (PATH_MAX). */
const LONGEST_PATH = 4095;
const NEEDS_CARE = /^\/|^\.|\/\.|\/\/|\/$|\0/;

/**
 * The path relative to the layer's root, '' for the root itself. As Docker reads them: a leading slash means nothing, `a/../b` is `b`.
 * Throws ERR_LAYER_ESCAPE when `..` climbs above the root.
 */
export function layerPath(name: string, entry = name): string {
  if (name.length > LONGEST_PATH) throw new EngineError('ERR_LAYER_CORRUPT', 'Refused the layer: a name in it is too long');
  if (!NEEDS_CARE.test(name)) return name;
  if (name.includes('\0'))
    throw new EngineError('ERR_LAYER_CORRUPT', `Refused the layer: a NUL in the name of its entry "${shown(entry)}"`);
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) throw escapes(entry, `"${shown(name)}" climbs above the root`);
  }
  return parts.join('/');
}

/** What a base name says about the layers below; undefined for an ordinary name. Throws ERR_LAYER_ESCAPE for `.wh...`. */
export function whiteoutOf(base: string, entry: string): Whiteout | undefined {
  if (!base.startsWith(PREFIX)) return undefined;
  if (base === '.wh..wh..opq') return { kind: 'opaque' };
  const name = base.slice(PREFIX.length);
  // aufs kept its own records under such names.
  if (name.startsWith(PREFIX)) return { kind: 'ignored' };
  if (name === '' || name === '.' || name === '..') throw escapes(entry, 'it would remove a folder that is not its own');
  return { kind: 'remove', name };
}

export function splitPath(path: string): { folder: string; base: string } {
  const slash = path.lastIndexOf('/');
  return slash < 0 ? { folder: '', base: path } : { folder: path.slice(0, slash), base: path.slice(slash + 1) };
}

/** A byte string as text for people. */
export const shown = (name: string): string => Buffer.from(name, 'latin1').toString('utf8');

export function escapes(entry: string, why: string): EngineError {
  return new EngineError('ERR_LAYER_ESCAPE', `Refused the layer: its entry "${shown(entry)}" leads out of it: ${why}`, {
    hint: 'Nothing of it was kept. Such a layer is either broken or an attack: do not use the image',
  });
}
