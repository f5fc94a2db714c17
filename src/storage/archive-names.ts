// Names of files in an archive of images: byte strings, as tar headers have them. They are only ever looked up, never written to, so a name
// that leads out of the archive means nothing; but links in old archives point from one folder to another, and that must be followed.

/** The name without `.`, `..` and doubled slashes; undefined for one that leads out of the archive, or names its top. */
export function plainName(name: string): string | undefined {
  const parts: string[] = [];
  for (const part of name.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') parts.push(part);
    else if (parts.pop() === undefined) return undefined;
  }
  return parts.length > 0 ? parts.join('/') : undefined;
}

/** What the symlink `name` means by `target`. */
export function linkTarget(name: string, target: string): string | undefined {
  if (target.startsWith('/')) return undefined;
  return plainName(`${name.slice(0, name.lastIndexOf('/') + 1)}${target}`);
}

/** Text of a JSON document as the byte string that a tar header would hold. */
export const byteName = (text: string): string => Buffer.from(text).toString('latin1');
