// An archive of images, opened: which files it has and where their bytes lie. A plain tar file is read by position, so nothing of it is
// copied and several processes can read it at once; a stream is read once, its blobs going where they belong (archive-spool.ts).
import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { byteName, linkTarget, plainName } from './archive-names.ts';
import { blobChunks } from './blob.ts';
import type { ArchivePlace } from './records.ts';
import { BLOCK_BYTES, type TarHeader } from './tar-header.ts';
import { createTarReader } from './tar-reader.ts';

export interface Archive {
  /** The file of that name, links within the archive followed. */
  find(name: string): ArchivePlace | undefined;
  /** false: it has no end mark, so it may have been cut between two entries. */
  isWhole: boolean;
}

const MOST_ENTRIES = 65_536;
const DEEPEST_LINKS = 16;
const READ_BYTES = 1 << 18;

/** The files of a tar archive, collected entry by entry. */
export function createArchiveIndex(): { add(header: TarHeader, place: ArchivePlace | undefined): void; find: Archive['find'] } {
  const places = new Map<string, ArchivePlace>();
  const links = new Map<string, string>();
  return { add, find };

  function add(header: TarHeader, place: ArchivePlace | undefined): void {
    const name = plainName(header.name);
    if (name === undefined) return;
    if (places.size + links.size >= MOST_ENTRIES) {
      throw new EngineError('ERR_ARCHIVE', `the archive has more than ${MOST_ENTRIES} files, which no archive of images has`);
    }
    // Readers differ in which of two they believe, and would see two images.
    if (/^(?:manifest\.json|index\.json|oci-layout)$/.test(name) && places.has(name)) {
      throw new EngineError('ERR_ARCHIVE', `the archive has "${name}" twice`);
    }
    const target = header.type === '2' ? linkTarget(name, header.linkName) : header.type === '1' ? plainName(header.linkName) : undefined;
    links.delete(name);
    places.delete(name);
    if (target !== undefined) links.set(name, target);
    else if (place) places.set(name, place);
  }

  function find(text: string): ArchivePlace | undefined {
    let name = plainName(byteName(text));
    for (let depth = 0; name !== undefined && depth < DEEPEST_LINKS; depth++) {
      const place = places.get(name);
      if (place) return place;
      name = links.get(name);
    }
    return undefined;
  }
}

/** The archive in the plain tar file `fd`, which begins at `start`. Throws ERR_LAYER_TRUNCATED, ERR_LAYER_CORRUPT, ERR_ARCHIVE. */
export function openArchiveFile(fd: number, start: number): Archive {
  const index = createArchiveIndex();
  const { size } = fstatSync(fd);
  let at = start;
  const reader = createTarReader({
    entry: (header) => index.add(header, header.type === '0' ? { kind: 'at', offset: at + BLOCK_BYTES, size: header.size } : undefined),
    content: () => undefined,
    entryEnd: () => undefined,
  });
  const block = Buffer.alloc(BLOCK_BYTES);
  while (at < size && !reader.isFinished) {
    const count = readSync(fd, block, 0, BLOCK_BYTES, at);
    reader.write(block.subarray(0, count));
    at += Math.max(count, 1) + reader.skip();
  }
  // Behind the end of the file: the last entry's content is not all there.
  if (at > size) throw new EngineError('ERR_LAYER_TRUNCATED', 'ends in the middle of an entry');
  return { find: index.find, isWhole: reader.end() };
}

/** The archive that the open folder `fd` holds. */
export function openArchiveFolder(fd: number): Archive {
  return {
    find(name) {
      const path = plainName(name);
      const found = path === undefined ? undefined : statSync(`/proc/self/fd/${fd}/${path}`, { throwIfNoEntry: false });
      return path !== undefined && found?.isFile() ? { kind: 'file', path, size: found.size } : undefined;
    },
    isWhole: true,
  };
}

/** The bytes at `place` of the archive `fd`, from `from` on. The buffer is reused between chunks. */
export function* placeChunks(
  ctx: Pick<Ctx, 'paths'>,
  place: ArchivePlace,
  { fd, from = 0 }: { fd: number; from?: number },
): Generator<Uint8Array, void> {
  if (place.kind === 'memory') yield place.data.subarray(from);
  else if (place.kind === 'at') yield* fileChunks(fd, { start: place.offset + from, end: place.offset + place.size });
  else if (place.kind === 'file') {
    const file = openSync(`/proc/self/fd/${fd}/${place.path}`, 'r');
    try {
      yield* fileChunks(file, { start: from, end: place.size });
    } finally {
      closeSync(file);
    }
  } else {
    let passed = 0;
    for (const chunk of blobChunks(ctx, place.digest)) {
      const rest = chunk.subarray(Math.min(Math.max(from - passed, 0), chunk.length));
      passed += chunk.length;
      if (rest.length > 0) yield rest;
    }
  }
}

/** All of a small file. Throws ERR_ARCHIVE when it is larger than `most`. `name` is what messages call it. */
export function readPlace(
  ctx: Pick<Ctx, 'paths'>,
  place: ArchivePlace,
  { fd, most, name }: { fd: number; most: number; name: string },
): Buffer {
  if (place.size > most) throw new EngineError('ERR_ARCHIVE', `its "${name}" has ${place.size} bytes, more than ${most}`);
  const parts: Buffer[] = [];
  for (const chunk of placeChunks(ctx, place, { fd })) parts.push(Buffer.from(chunk));
  return Buffer.concat(parts);
}

function* fileChunks(fd: number, { start, end }: { start: number; end: number }): Generator<Uint8Array, void> {
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(end - start, 1)));
  for (let at = start; at < end; ) {
    const count = readSync(fd, buffer, 0, Math.min(buffer.length, end - at), at);
    if (count === 0) return;
    at += count;
    yield buffer.subarray(0, count);
  }
}
