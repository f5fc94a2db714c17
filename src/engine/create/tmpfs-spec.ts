// `--tmpfs /run:size=64m,mode=1777`: a path, and mount options that tmpfs(5) knows.
import { isAbsolute, normalize } from 'node:path';

const WORDS = new Set(
  `defaults ro rw suid nosuid dev nodev exec noexec sync async dirsync atime noatime diratime nodiratime relatime norelatime strictatime
  nostrictatime`.split(/\s+/),
);
const VALUES = new Set(['size', 'mode', 'uid', 'gid', 'nr_inodes', 'nr_blocks', 'mpol']);

/** `[path, options]`. Throws an Error in Docker's words. */
export function parseTmpfs(text: string): [path: string, options: string] {
  const colon = text.indexOf(':');
  const path = colon === -1 ? text : text.slice(0, colon);
  const options = colon === -1 ? '' : text.slice(colon + 1);
  if (!isAbsolute(path)) throw new Error(`invalid mount path: '${path}' mount path must be absolute`);
  const target = normalize(path).replace(/(.)\/$/, '$1');
  if (target === '/') throw new Error("invalid specification: destination can't be '/'");
  const unknown = options.split(',').find((option) => option !== '' && !isKnown(option));
  if (unknown) throw new Error(`invalid tmpfs option ["${unknown}"]`);
  return [target, options];
}

function isKnown(option: string): boolean {
  const equals = option.indexOf('=');
  return equals === -1 ? WORDS.has(option) : VALUES.has(option.slice(0, equals));
}
