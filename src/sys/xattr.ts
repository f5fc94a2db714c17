// Extended attributes of the path itself, symlinks not followed (xattr(7)).
import { c, check, cstr, errno, ptr } from './ffi.ts';

const ENODATA = 61;
const EOPNOTSUPP = 95;

/** The value of `name` on `path`; undefined when it has none or the filesystem has no xattrs. */
export function getXattr(path: string, name: string): Buffer | undefined {
  const value = Buffer.alloc(65_536);
  const length = Number(c.lgetxattr(ptr(cstr(path)), ptr(cstr(name)), ptr(value), BigInt(value.length)));
  if (length >= 0) return Buffer.from(value.subarray(0, length));
  if (errno() === ENODATA || errno() === EOPNOTSUPP) return undefined;
  check(-1, 'lgetxattr', path);
  return undefined;
}
