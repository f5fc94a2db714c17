// Makes the layer of a copy: its tar, kept as a blob, and the unpacked folder, in one pass. Between files other steps have their turn.
// Trap: a file that changed since its content went into the key must not get into a layer that is remembered under that key.

import { shown } from '../../../storage/layer-path.ts';
import { xattrsToKeep } from '../../../storage/layer-xattr.ts';
import { createPlainLayer } from '../../../storage/plain-layer.ts';
import type { TarHeader } from '../../../storage/tar-header.ts';
import { createTarWriter, type TarWriter } from '../../../storage/tar-writer.ts';
import { closeFd } from '../../../sys/at.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { FileKind } from '../../../sys/look-at.ts';
import { statAt } from '../../../sys/read-at.ts';
import type { BuildSite, BuiltLayer } from '../model.ts';
import { type Collected, openCollected } from './collect.ts';
import type { DestNode } from './dest-tree.ts';
import { isSame } from './hash-cache.ts';

const TYPES: Record<FileKind, string> = { file: '0', folder: '5', symlink: '2', fifo: '6', char: '3', block: '4', socket: '' };

export interface WriteOptions {
  site: Pick<BuildSite, 'ctx' | 'hold'>;
  /** Waited for often: gives way to other work, and throws when nobody wants the layer any more. */
  onPause: () => Promise<void>;
}

/** Undefined when there is nothing to hold. Throws ERR_SOURCE_CHANGED, ERR_NO_SPACE. */
export async function writeLayer(
  entries: Iterable<[path: string, node: DestNode]>,
  { site, onPause }: WriteOptions,
): Promise<BuiltLayer | undefined> {
  const layer = createPlainLayer(site.ctx, site.hold);
  let count = 0;
  try {
    const tar = createTarWriter(layer.write);
    /** Files with several names: which, and of which source → its path in the layer. */
    const linked = new Map<string, string>();
    for (const [path, node] of entries) {
      if (TYPES[node.kind] === '') continue;
      count++;
      const first = linkOf(linked, path, node);
      if (first !== undefined) tar.entry({ ...headerOf(path, node), type: '1', linkName: first, size: 0 });
      else if ('file' in node.from && node.kind === 'file') await writeFile(tar, node.from.file, { header: headerOf(path, node), onPause });
      else tar.entry({ ...headerOf(path, node), xattrs: attributesOf(node) });
      if ('text' in node.from) tar.content(node.from.text);
      await onPause();
    }
    if (count === 0) return undefined;
    tar.end();
    return layer.finish();
  } finally {
    layer.abort();
  }
}

function linkOf(linked: Map<string, string>, path: string, { kind, from }: DestNode): string | undefined {
  if (kind === 'folder' || !('file' in from)) return undefined;
  const { stat } = from.file.place.found;
  if (stat.links < 2) return undefined;
  const key = `${from.source} ${stat.identity}`;
  const first = linked.get(key);
  if (first === undefined) linked.set(key, path);
  return first;
}

async function writeFile(
  tar: TarWriter,
  file: Collected,
  { header, onPause }: { header: TarHeader; onPause: () => Promise<void> },
): Promise<void> {
  const { stat } = file.place.found;
  const fd = openCollected(file);
  try {
    tar.entry({ ...header, size: stat.size, xattrs: xattrsToKeep(fd) });
    while (tar.contentFrom(fd)) await onPause();
    const now = statAt(fd, '');
    if (tar.wanted() > 0 || !now || !isSame(stat, now)) throw changed(file);
  } finally {
    closeFd(fd);
  }
}

function attributesOf({ kind, from }: DestNode): TarHeader['xattrs'] {
  if ('xattrs' in from) return from.xattrs;
  if (kind !== 'folder' || !('file' in from)) return undefined;
  const fd = openCollected(from.file);
  try {
    return xattrsToKeep(fd);
  } finally {
    closeFd(fd);
  }
}

function headerOf(path: string, node: DestNode): TarHeader {
  const isDevice = node.kind === 'char' || node.kind === 'block';
  const stat = isDevice && 'file' in node.from ? node.from.file.place.found.stat : undefined;
  return {
    name: node.kind === 'folder' ? `${path === '' ? '.' : path}/` : path,
    linkName: node.link,
    type: TYPES[node.kind],
    mode: node.mode,
    uid: node.uid,
    gid: node.gid,
    size: 'text' in node.from ? node.from.text.length : 0,
    mtimeSeconds: node.mtimeSeconds,
    mtimeNanoseconds: node.mtimeNanoseconds,
    devMajor: stat?.major ?? 0,
    devMinor: stat?.minor ?? 0,
    xattrs: undefined,
  };
}

const changed = ({ place }: Collected): EngineError =>
  new EngineError('ERR_SOURCE_CHANGED', `"${shown(place.path)}" changed while it was being copied`, {
    hint: 'Run the build again; a file that something writes to all the time belongs into .dockerignore',
  });
