// The records by which podman and Docker write an unpacked layer again as the archive that it came from, byte for byte (github.com/vbatts/tar-split):
// JSON lines, each a piece of the archive as it was (headers, padding) or a file whose content lies in the layer's folder. So nothing of owners,
// times or attributes has to be read from the disk, and a layer that was changed there shows by its digest.
import { closeSync, openSync, readFileSync, readSync } from 'node:fs';
import { closeFd } from '../sys/at.ts';
import { EngineError, errnoOf, messageOf } from '../sys/errors.ts';
import { walkInRoot } from '../sys/walk-in-root.ts';

export interface TarSplitLayer {
  /** The gzipped records. */
  record: string;
  /** Where the layer's files lie. */
  folder: string;
}

interface Piece {
  /** Of the archive itself. */
  bytes?: Buffer;
  /** A file's path in the folder, a byte string. */
  path?: string;
  size: number;
}

const FILE = 1;
const SEGMENT = 2;
const READ_BYTES = 1 << 20;

export interface TarSplitArchive {
  /** Of the whole archive, bytes. */
  size: number;
  /** The archive in chunks, which may not be kept. Throws ERR_FOREIGN_STORE when a file is gone or shorter than it was. */
  chunks(): Generator<Buffer>;
}

/** Throws ERR_FOREIGN_STORE when the records cannot be read. */
export function openTarSplit(layer: TarSplitLayer): TarSplitArchive {
  const pieces = [...piecesOf(layer.record)];
  return { size: pieces.reduce((sum, piece) => sum + piece.size, 0), chunks: () => chunksOf(pieces, layer.folder) };
}

function* chunksOf(pieces: readonly Piece[], folder: string): Generator<Buffer> {
  const root = openSync(folder, 'r');
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  try {
    for (const { bytes, path, size } of pieces) {
      if (bytes) yield bytes;
      else if (path !== undefined && size > 0) yield* fileIn(root, { path, size, buffer });
    }
  } finally {
    closeSync(root);
  }
}

function* fileIn(root: number, { path, size, buffer }: { path: string; size: number; buffer: Buffer }): Generator<Buffer> {
  const fd = openIn(root, path);
  try {
    for (let left = size; left > 0; ) {
      const count = readSync(fd, buffer, 0, Math.min(left, buffer.length), null);
      if (count === 0) throw unusable(`its file "${shown(path)}" is shorter than it was`);
      left -= count;
      yield buffer.subarray(0, count);
    }
  } finally {
    closeSync(fd);
  }
}

function openIn(root: number, path: string): number {
  try {
    const { folder, base } = walkInRoot(root, path, { follow: false });
    try {
      return openSync(Buffer.from(`/proc/self/fd/${folder}/${base}`, 'latin1'), 'r');
    } finally {
      closeFd(folder);
    }
  } catch (error) {
    throw unusable(`its file "${shown(path)}" cannot be read (${errnoOf(error) ?? messageOf(error)})`, error);
  }
}

function* piecesOf(path: string): Generator<Piece> {
  let text: string;
  try {
    text = Buffer.from(Bun.gunzipSync(readFileSync(path))).toString();
  } catch (error) {
    throw unusable(`"${path}" cannot be read (${errnoOf(error) ?? 'it is not in the gzip format'})`, error);
  }
  for (const line of text.split('\n')) if (line !== '') yield pieceOf(path, line);
}

function pieceOf(path: string, line: string): Piece {
  try {
    const { type, payload, name, name_raw, size = 0 }: Record<string, unknown> = JSON.parse(line);
    if (type === SEGMENT && typeof payload === 'string') {
      const bytes = Buffer.from(payload, 'base64');
      return { bytes, size: bytes.length };
    }
    const raw = typeof name_raw === 'string' ? Buffer.from(name_raw, 'base64') : Buffer.from(String(name ?? ''));
    if (type === FILE && typeof size === 'number' && size >= 0) return { path: raw.toString('latin1'), size };
  } catch {
    // Told below.
  }
  throw unusable(`"${path}" is not of the form that is known here`);
}

const shown = (path: string): string => Buffer.from(path, 'latin1').toString();

/** What is said of a store of another engine that cannot be read; `why` ends the sentence. */
export function unusable(why: string, cause?: unknown): EngineError {
  return new EngineError('ERR_FOREIGN_STORE', `Cannot read the image from the other engine's store: ${why}`, {
    hint: 'Let that engine write it: podman save NAME | skiff load, or docker save NAME | skiff load',
    cause,
  });
}
