// What a file of an adopted folder is in the layer's tar, and in the sum of its tree.
import type { NodeStat } from '../sys/read-at.ts';
import type { TarHeader } from './tar-header.ts';
import type { TreeEntry } from './tree-sum.ts';

const NOTHING = { mode: 0, uid: 0, gid: 0, mtimeSeconds: 0 };

export const entryOf = (
  path: string,
  stat: Pick<NodeStat, 'mode' | 'uid' | 'gid' | 'mtimeSeconds'>,
  type: TreeEntry['type'],
): TreeEntry => ({
  path,
  type,
  mode: stat.mode & 0o7777,
  uid: stat.uid,
  gid: stat.gid,
  size: 0,
  mtimeSeconds: stat.mtimeSeconds,
  crc: 0,
  link: '',
  xattrs: undefined,
});

// Times in whole seconds, as other builders write them: their parts would take two blocks more for every file, a third of the work.
export const headerOf = (name: string, stat: Pick<NodeStat, 'mode' | 'uid' | 'gid' | 'mtimeSeconds'>, type: string): TarHeader => ({
  name,
  linkName: '',
  type,
  mode: stat.mode & 0o7777,
  uid: stat.uid,
  gid: stat.gid,
  size: 0,
  mtimeSeconds: stat.mtimeSeconds,
  mtimeNanoseconds: 0,
  devMajor: 0,
  devMinor: 0,
  xattrs: undefined,
});

export const whiteout = (name: string): TarHeader => headerOf(name, NOTHING, '0');

/** Without content. */
export const whiteoutEntry = (path: string): TreeEntry => entryOf(path, NOTHING, 'w');
