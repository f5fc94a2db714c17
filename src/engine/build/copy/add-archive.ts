// ADD of a tar archive unpacks it into the destination: owners, modes and times are the archive's. Told by its content, whatever its name; a file
// that is compressed but holds no archive is copied as it is. It is unpacked to a folder of ours first, by the code that unpacks layers, so nothing
// of it leads out, and goes from there as any source does.
import { mkdirSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { shown } from '../../../storage/layer-path.ts';
import { createLayerWriter } from '../../../storage/layer-writer.ts';
import { BLOCK_BYTES } from '../../../storage/tar-header.ts';
import { createTarReader } from '../../../storage/tar-reader.ts';
import { type TrueOwners, trueOwnersOf } from '../../../storage/true-owners.ts';
import { closeFd, setUmask } from '../../../sys/at.ts';
import { kindOf } from '../../../sys/look-at.ts';
import { readInto } from '../../../sys/read-at.ts';
import { explainArchive } from '../../jobs/archive-errors.ts';
import { readCompressed } from '../../jobs/archive-stream.ts';
import { isCompressed, isTarHeader } from '../context/kind.ts';
import { makeTemporary } from '../context/temporary.ts';
import { type Collected, collect, openCollected } from './collect.ts';
import type { LateSource } from './late-source.ts';
import type { TreeSource } from './place-source.ts';
import type { CopySite } from './site.ts';
import { folderTree, rootOf } from './source-tree.ts';

/** Undefined for a source that is no archive. */
export async function archiveSource(site: CopySite, source: TreeSource): Promise<LateSource | undefined> {
  const [file] = source.entries;
  if (!file || source.entries.length > 1 || kindOf(file.place.found.stat) !== 'file' || !(await isTar(site, file))) return undefined;
  return { kind: 'late', name: 'archive', digest: '', counts: source, open: () => unpacked(site, file) };
}

async function isTar({ ctx, signal }: CopySite, file: Collected): Promise<boolean> {
  const fd = openCollected(file);
  try {
    const head = Buffer.from(new ArrayBuffer(BLOCK_BYTES));
    const count = readInto(fd, head, 0, BLOCK_BYTES);
    if (!isCompressed(head)) return count === BLOCK_BYTES && isTarHeader(head);
  } finally {
    closeFd(fd);
  }
  return isTarInside({ ctx, signal }, file);
}

async function isTarInside({ ctx, signal }: Pick<CopySite, 'ctx' | 'signal'>, file: Collected): Promise<boolean> {
  const fd = openCollected(file);
  const head = Buffer.alloc(BLOCK_BYTES);
  let filled = 0;
  try {
    const onData = (data: Buffer): boolean => {
      filled += data.copy(head, filled);
      return filled < BLOCK_BYTES;
    };
    await readCompressed(ctx, { fd, onData, signal });
    return filled === BLOCK_BYTES && isTarHeader(head);
  } catch (error) {
    signal.throwIfAborted();
    // Damaged from its beginning, or only its first bytes look like it.
    if (filled < BLOCK_BYTES && !isMissingProgram(error)) return false;
    throw error;
  } finally {
    closeFd(fd);
  }
}

const isMissingProgram = (error: unknown): boolean => error instanceof Error && 'code' in error && error.code === 'ERR_NO_PROGRAM';

async function unpacked(site: CopySite, file: Collected): Promise<{ source: TreeSource; release: () => void }> {
  const temporary = makeTemporary(site.ctx);
  try {
    const root = join(temporary.path, 'fs');
    mkdirSync(root, { mode: 0o700 });
    const owners = await unpackTo(site, file, root);
    const fd = openSync(root, 'r');
    const tree = folderTree(fd, { isContext: false, owners });
    const entries = [...collect(tree, rootOf(tree), {})].map((entry) => ({ ...entry, isPassing: isImplied(entry) }));
    const release = (): void => {
      closeFd(fd);
      temporary.remove();
    };
    return { source: { kind: 'tree', base: '', entries, isRoots: false, owners, replaces: true }, release };
  } catch (error) {
    temporary.remove();
    throw site.signal.aborted ? error : explainArchive(error, shown(file.place.path), 'unpack');
  }
}

/** A folder that the archive has no entry for: it was made with the beginning of time. */
function isImplied({ place }: Collected): boolean {
  const { stat } = place.found;
  return kindOf(stat) === 'folder' && stat.mtimeSeconds === 0;
}

async function unpackTo({ ctx, signal }: CopySite, file: Collected, root: string): Promise<TrueOwners | undefined> {
  const writer = createLayerWriter(root, ctx.warn);
  const reader = createTarReader(writer);
  const fd = openCollected(file);
  try {
    const onData = (data: Buffer): boolean => {
      withoutUmask(() => reader.write(data));
      return !reader.isFinished;
    };
    await readCompressed(ctx, { fd, onData, signal });
    reader.end();
    return trueOwnersOf([withoutUmask(() => writer.finish()).ungranted]);
  } finally {
    closeFd(fd);
    writer.close();
  }
}

function withoutUmask<T>(work: () => T): T {
  const umask = setUmask(0);
  try {
    return work();
  } finally {
    setUmask(umask);
  }
}
