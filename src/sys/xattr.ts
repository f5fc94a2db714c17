// Extended attributes of the path itself, symlinks not followed (xattr(7)). A path may be bytes: file names need not be UTF-8.
import { c, check, cstr, errno, ptr } from './ffi.ts';

const ENODATA = 61;
const EOPNOTSUPP = 95;
const LARGEST = 65_536;

/** The value of `name` on `path`; undefined when it has none or the filesystem has no xattrs. */
export function getXattr(path: string | Uint8Array, name: string): Buffer | undefined {
  const value = Buffer.alloc(LARGEST);
  const length = Number(c.lgetxattr(ptr(cstr(path)), ptr(cstr(name)), ptr(value), BigInt(value.length)));
  if (length >= 0) return Buffer.from(value.subarray(0, length));
  if (errno() === ENODATA || errno() === EOPNOTSUPP) return undefined;
  check(-1, 'lgetxattr', String(path));
  return undefined;
}

/** The names of all attributes that the caller may see; none when the filesystem has no xattrs. */
export function listXattrs(path: string | Uint8Array): string[] {
  // Most files have none: ask for the length before making room.
  const wanted = Number(c.llistxattr(ptr(cstr(path)), null, 0));
  if (wanted <= 0) return [];
  const names = Buffer.alloc(LARGEST);
  const length = Number(c.llistxattr(ptr(cstr(path)), ptr(names), names.length));
  if (length < 0) check(-1, 'llistxattr', String(path));
  return names.toString('latin1', 0, length).split('\0').filter(Boolean);
}

/** Sets `name` on `path` itself. */
export function setXattr(path: string | Uint8Array, name: string, value: Uint8Array): void {
  check(c.lsetxattr(ptr(cstr(path)), ptr(cstr(name)), ptr(value), BigInt(value.length), 0), 'lsetxattr', String(path));
}
