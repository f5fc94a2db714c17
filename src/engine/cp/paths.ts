// The paths of `cp`, read as Docker's client and daemon read them: what stands after the last slash matters. `dir/` and `dir/.` ask for a
// folder, and `dir/.` for what is in it.
import { posix } from 'node:path';

/** Whether the path can only mean a folder. */
export function asksForFolder(path: string): boolean {
  return path.endsWith('/') || meansContents(path);
}

/** Whether the path ends in `.` as a component of its own. */
export function meansContents(path: string): boolean {
  return path === '.' || path.endsWith('/.');
}

/** The folder that holds the path's end, and the end's name: `.` for contents, `/` for the root. */
export function splitEnd(path: string): { folder: string; base: string } {
  const clean = withoutSlash(posix.normalize(path || '.'));
  if (meansContents(path)) return { folder: clean, base: '.' };
  return { folder: posix.dirname(clean), base: posix.basename(clean) || '/' };
}

/** An absolute path without `.` and `..`, except for what asks for a folder at its end. */
export function absolute(path: string, folder = '/'): string {
  const clean = withoutSlash(posix.resolve(folder, path || '.'));
  if (meansContents(path)) return clean === '/' ? '/.' : `${clean}/.`;
  return path.endsWith('/') && clean !== '/' ? `${clean}/` : clean;
}

/** `CONTAINER:PATH`, or a path on this machine: an absolute one, one that begins with a dot, or one without a colon. */
export function splitArgument(argument: string): { container?: string; path: string } {
  const colon = argument.indexOf(':');
  if (argument.startsWith('/') || argument.startsWith('.') || colon <= 0) return { path: argument };
  return { container: argument.slice(0, colon), path: argument.slice(colon + 1) };
}

/** Names as they are on the disk: one char per byte. */
export const toBytes = (text: string): string => Buffer.from(text).toString('latin1');

const withoutSlash = (path: string): string => (path.length > 1 && path.endsWith('/') ? path.slice(0, -1) : path);
