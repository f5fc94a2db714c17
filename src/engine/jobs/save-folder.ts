// Images written as a folder: an OCI image layout, new or added to, or skopeo's `dir:`. Blobs come first, each by a rename, and what names
// them last, so that a folder that is read at any moment is whole, as it was before or as it is afterwards.
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { blobName, LAYOUT_FILE, layoutIndex } from '../../oci/archive-documents.ts';
import { parseManifest } from '../../oci/manifest.ts';
import type { ArchiveFormat } from '../../runtime/messages-archive.ts';
import { blobChunks } from '../../storage/blob.ts';
import type { Descriptor } from '../../storage/records.ts';
import { writeAll, writeFileAtomic } from '../../sys/atomic.ts';
import type { Ctx } from '../../sys/context.ts';
import { sweepDeadWriters } from '../../sys/dead-writers.ts';
import { EngineError, errnoOf, isDiskFull } from '../../sys/errors.ts';
import { blobsOf, type SavedBlob, turns } from './save.ts';
import type { SavedParts } from './save-parts.ts';

export interface WriteFolderOptions {
  /** Absolute; made when it is not there. */
  folder: string;
  format: ArchiveFormat;
  signal: AbortSignal;
}

const DIR_VERSION = 'Directory Transport Version: 1.1\n';

/** Throws ERR_BAD_OUTPUT, and ENOSPC or EDQUOT with the path. */
export async function writeImageFolder(ctx: Ctx, images: SavedParts[], { folder, format, signal }: WriteFolderOptions): Promise<void> {
  const isLayout = format === 'oci-dir';
  try {
    const before = isLayout ? entriesOf(folder) : [];
    sweepKilled(folder);
    const turn = turns(signal);
    for (const blob of blobsOf(images)) {
      if (!isLayout && blob.digest === images[0]?.manifest.digest) continue;
      const path = join(folder, isLayout ? blobName(blob.digest) : blob.digest.slice('sha256:'.length));
      if (!isThere(path, blob.size)) await writeBlob(ctx, { blob, path, turn });
    }
    if (isLayout) {
      writeFileAtomic(join(folder, 'oci-layout'), LAYOUT_FILE, { mode: 0o644 });
      writeFileAtomic(join(folder, 'index.json'), layoutIndex(images, before), { mode: 0o644 });
    } else {
      writeFileAtomic(join(folder, 'version'), DIR_VERSION, { mode: 0o644 });
      writeFileAtomic(join(folder, 'manifest.json'), images[0]?.manifestBytes ?? '', { mode: 0o644 });
    }
  } catch (error) {
    const code = errnoOf(error);
    if (code === undefined || error instanceof EngineError) throw error;
    if (isDiskFull(error)) throw Object.assign(new Error('No space left', { cause: error }), { code, path: folder });
    throw new EngineError('ERR_BAD_OUTPUT', `Cannot write to "${folder}" (${code === 'EACCES' ? 'permission denied' : code})`, {
      hint: 'Give the path of a folder that you may write',
      cause: error,
    });
  }
}

async function writeBlob(
  ctx: Ctx,
  { blob, path, turn }: { blob: SavedBlob; path: string; turn: () => Promise<void> | undefined },
): Promise<void> {
  mkdirSync(dirname(path), { recursive: true, mode: 0o755 });
  const temporary = `${path}.tmp-${process.pid}-${Math.random().toString(36).slice(2)}`;
  const fd = openSync(temporary, 'wx', 0o644);
  try {
    try {
      for (const chunk of blob.bytes ? [blob.bytes] : blobChunks(ctx, blob.digest)) {
        writeAll(fd, chunk);
        await turn();
      }
      fsyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
}

/** What savers that were killed left of blobs and of documents. */
function sweepKilled(folder: string): void {
  const documents = new Set(['oci-layout', 'index.json', 'version', 'manifest.json'].map((name) => `.${name}`));
  const isOurs = (start: string): boolean => /^[0-9a-f]{64}$/.test(start) || documents.has(start);
  for (const place of [folder, join(folder, 'blobs/sha256')]) sweepDeadWriters(place, isOurs);
}

const isThere = (path: string, size: number): boolean => statSync(path, { throwIfNoEntry: false })?.size === size;

/** What a layout that is there already holds. Throws ERR_BAD_OUTPUT for a folder that is something else. */
function entriesOf(folder: string): Descriptor[] {
  const path = join(folder, 'index.json');
  if (!existsSync(path)) return [];
  const index = parseManifest(readFileSync(path), { headerType: '', name: path });
  if (index.kind === 'index') return index.manifests;
  throw new EngineError('ERR_BAD_OUTPUT', `Cannot write to "${folder}": its index.json is no index of an OCI image layout`);
}
