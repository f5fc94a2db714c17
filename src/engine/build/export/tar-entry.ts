// A folder of our own in an archive of somebody else's files.
import type { TarHeader } from '../../../storage/tar-header.ts';

/** `name` ends with a slash. */
export const newEntry = (name: string, mtimeSeconds = 0): TarHeader => ({
  name,
  linkName: '',
  type: '5',
  mode: 0o755,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSeconds,
  mtimeNanoseconds: 0,
  devMajor: 0,
  devMinor: 0,
  xattrs: undefined,
});
