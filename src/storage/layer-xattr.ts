// Extended attributes of a layer's files. What overlay drivers keep in xattrs is ours to set, never the archive's: a forged
// `user.overlay.redirect` or `.opaque` would show other files than the layer has. What the user may not set is left out with one notice.
import { setXattrFd } from '../sys/at.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { xattrNamesOf, xattrOf } from '../sys/read-at.ts';
import { OPAQUE_XATTR } from './tree-sum.ts';

/** Sets what can be set on an open file or folder and returns that. */
export type XattrSetter = (fd: number, xattrs: Map<string, Buffer> | undefined, isOpaque?: boolean) => Map<string, Buffer> | undefined;

const KEPT = /^(?:user\.|security\.capability$|system\.posix_acl_)/;
const DRIVERS = /^user\.(?:overlay|fuseoverlayfs|containers)\./;
const REFUSALS = new Set(['EPERM', 'EACCES', 'EOPNOTSUPP', 'EINVAL', 'ENOSPC', 'E2BIG', 'ERANGE']);

export function createXattrSetter(onNotice: (message: string) => void): XattrSetter {
  let hasNoticed = false;

  return (fd, xattrs, isOpaque = false) => {
    if (xattrs === undefined && !isOpaque) return undefined;
    const set = new Map<string, Buffer>();
    for (const [name, value] of xattrs ?? []) if (trySet(fd, name, value)) set.set(name, value);
    if (isOpaque) set.set(OPAQUE_XATTR, setOpaque(fd));
    return set;
  };

  function trySet(fd: number, name: string, value: Buffer): boolean {
    if (!KEPT.test(name) || DRIVERS.test(name)) return false;
    try {
      setXattrFd(fd, name, value);
      return true;
    } catch (error) {
      const code = errnoOf(error);
      if (code === undefined || !REFUSALS.has(code)) throw error;
      if (!hasNoticed) onNotice(`Extended attributes that this user or file system cannot set are left out, such as "${name}" (${code})`);
      hasNoticed = true;
      return false;
    }
  }
}

/** What a layer tells of an open file's attributes; undefined when it has none. File capabilities without the ids of any namespace. */
export function xattrsToKeep(fd: number): Map<string, Buffer> | undefined {
  const names = xattrNamesOf(fd).filter((name) => KEPT.test(name) && !DRIVERS.test(name));
  if (names.length === 0) return undefined;
  const kept = new Map<string, Buffer>();
  for (const name of names) {
    const value = xattrOf(fd, name);
    if (value) kept.set(name, name === 'security.capability' ? withoutRootId(value) : value);
  }
  return kept;
}

const CAPABILITY_V2 = 0x02000000;
const CAPABILITY_V3 = 0x03000000;
const CAPABILITY_V2_BYTES = 20;

// Version 3 (vfs_ns_cap_data) is version 2 and the id of the namespace's root, which in an image is always 0.
function withoutRootId(value: Buffer): Buffer {
  const magic = value.length > CAPABILITY_V2_BYTES ? value.readUInt32LE(0) : 0;
  if ((magic & 0xff000000) >>> 0 !== CAPABILITY_V3) return value;
  const plain = Buffer.from(value.subarray(0, CAPABILITY_V2_BYTES));
  plain.writeUInt32LE((CAPABILITY_V2 | (magic & 0xffffff)) >>> 0, 0);
  return plain;
}

function setOpaque(fd: number): Buffer {
  const value = Buffer.from('y');
  try {
    setXattrFd(fd, OPAQUE_XATTR, value);
    return value;
  } catch (error) {
    if (errnoOf(error) !== 'EOPNOTSUPP') throw error;
    throw new EngineError(
      'ERR_XATTR_UNSUPPORTED',
      'Cannot unpack the layer: the file system of the store has no user extended attributes',
      {
        hint: 'Put the store on ext4, xfs, btrfs or a tmpfs of Linux 6.6: SKIFF_ROOT=/path skiff …',
        cause: error,
      },
    );
  }
}
