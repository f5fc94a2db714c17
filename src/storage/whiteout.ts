// The entry of a layer's tar that says that something is gone (image-spec, layer.md).
import type { TarHeader } from './tar-header.ts';

/** `name` has its `.wh.` already. */
export const whiteout = (name: string): TarHeader => ({
  name,
  linkName: '',
  type: '0',
  mode: 0,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSeconds: 0,
  mtimeNanoseconds: 0,
  devMajor: 0,
  devMinor: 0,
  xattrs: undefined,
});
