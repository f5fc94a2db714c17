// What the files of a context were hashed to, so that one that did not change costs a stat: `build-cache/hashes/<hash of the folder's path>`.
// A file counts as unchanged while size, times of modification and of change, and inode are the same. One that changed within the last two seconds before
// it was hashed is not remembered: it could change once more and keep its times (git's index knows the same trap).
// The file is binary, since it is read at every build of a context with tens of thousands of files; it ends with a checksum, so a torn one counts as none.
import { mkdirSync, readdirSync, readFileSync, statSync, unlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { crc32 } from 'node:zlib';
import { cacheHashesDir } from '../../../storage/layout.ts';
import { writeFileAtomic } from '../../../sys/atomic.ts';
import type { Ctx } from '../../../sys/context.ts';
import type { NodeStat } from '../../../sys/read-at.ts';

export interface HashCache {
  /** The digest (a byte string of 32) that a file had when it was as it is now. */
  find(path: string, stat: NodeStat): string | undefined;
  /** `startedMs`: when its reading began, ms since 1970. */
  keep(path: string, stat: NodeStat, digest: string, startedMs: number): void;
  /** Writes what is new. A cache that cannot be written is none: nothing fails. */
  save(): void;
}

const MAGIC = 'skiff-hashes-1\n\0';
const RACY_MS = 2000;
/** size, mtime and ctime (seconds, nanoseconds), inode, digest; before it the path's length and bytes. */
const FIELDS_BYTES = 8 + 8 + 4 + 8 + 4 + 8 + 32;
/** Beyond it, what this build did not ask for is forgotten. */
const MOST_KEPT = 200_000;
const UNUSED_MS = 30 * 24 * 3_600_000;

interface Fresh {
  stat: NodeStat;
  digest: string;
}

/** `name`: what the tree is known by, its absolute path. */
export function openHashCache(ctx: Pick<Ctx, 'paths' | 'now'>, name: string): HashCache {
  const path = join(cacheHashesDir(ctx), `${Bun.hash.xxHash64(name).toString(16).padStart(16, '0')}`);
  const stored = readStored(path);
  // Paths and digests are pieces of one string: to decode each by itself would take longer than the stats.
  const text = stored?.toString('latin1') ?? '';
  const places = stored ? indexOf(stored, text) : new Map<string, number>();
  const used = new Set<string>();
  const fresh = new Map<string, Fresh>();
  let isChanged = false;

  return { find, keep, save };

  function find(file: string, stat: NodeStat): string | undefined {
    const known = fresh.get(file);
    if (known) return isSame(known.stat, stat) ? known.digest : undefined;
    const at = places.get(file);
    if (at === undefined || !stored || !isSameAt(stored, at, stat)) return undefined;
    used.add(file);
    return text.slice(at + FIELDS_BYTES - 32, at + FIELDS_BYTES);
  }

  function keep(file: string, stat: NodeStat, digest: string, startedMs: number): void {
    const changedMs = Math.max(
      stat.mtimeSeconds * 1000 + stat.mtimeNanoseconds / 1e6,
      stat.ctimeSeconds * 1000 + stat.ctimeNanoseconds / 1e6,
    );
    if (changedMs + RACY_MS > startedMs) return;
    fresh.set(file, { stat, digest });
    isChanged = true;
  }

  function save(): void {
    if (!isChanged) return;
    isChanged = false;
    const keepsAll = places.size + fresh.size <= MOST_KEPT;
    const chunks: Buffer[] = [Buffer.from(MAGIC)];
    for (const [file, at] of places) {
      if (!stored || fresh.has(file) || !(keepsAll || used.has(file))) continue;
      chunks.push(stored.subarray(at - file.length - 2, at + FIELDS_BYTES));
    }
    for (const [file, { stat, digest }] of fresh) chunks.push(encode(file, stat, digest));
    const body = Buffer.concat(chunks);
    const sum = Buffer.alloc(4);
    sum.writeUInt32LE(crc32(body));
    try {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      // Not synced: what a power cut leaves of it is told by the checksum.
      writeFileAtomic(path, Buffer.concat([body, sum]), { durable: false });
      forgetUnused(ctx, path);
    } catch {
      // A full disk, a folder that somebody prunes: the files are hashed again next time.
    }
  }
}

function encode(file: string, stat: NodeStat, digest: string): Buffer {
  const record = Buffer.alloc(2 + file.length + FIELDS_BYTES);
  record.writeUInt16LE(file.length, 0);
  record.write(file, 2, 'latin1');
  const at = 2 + file.length;
  record.writeDoubleLE(stat.size, at);
  record.writeDoubleLE(stat.mtimeSeconds, at + 8);
  record.writeUInt32LE(stat.mtimeNanoseconds, at + 16);
  record.writeDoubleLE(stat.ctimeSeconds, at + 20);
  record.writeUInt32LE(stat.ctimeNanoseconds, at + 28);
  record.writeDoubleLE(stat.inode, at + 32);
  record.write(digest, at + 40, 'latin1');
  return record;
}

function isSameAt(stored: Buffer, at: number, stat: NodeStat): boolean {
  return (
    stored.readDoubleLE(at) === stat.size &&
    stored.readDoubleLE(at + 8) === stat.mtimeSeconds &&
    stored.readUInt32LE(at + 16) === stat.mtimeNanoseconds &&
    stored.readDoubleLE(at + 20) === stat.ctimeSeconds &&
    stored.readUInt32LE(at + 28) === stat.ctimeNanoseconds &&
    stored.readDoubleLE(at + 32) === stat.inode
  );
}

/** Whether nothing of a file has changed between two looks at it. */
export function isSame(one: NodeStat, other: NodeStat): boolean {
  return (
    one.size === other.size &&
    one.mtimeSeconds === other.mtimeSeconds &&
    one.mtimeNanoseconds === other.mtimeNanoseconds &&
    one.ctimeSeconds === other.ctimeSeconds &&
    one.ctimeNanoseconds === other.ctimeNanoseconds &&
    one.inode === other.inode
  );
}

function readStored(path: string): Buffer | undefined {
  let data: Buffer;
  try {
    data = readFileSync(path);
  } catch {
    return undefined;
  }
  const end = data.length - 4;
  if (end < MAGIC.length || data.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  return crc32(data.subarray(0, end)) === data.readUInt32LE(end) ? data.subarray(0, end) : undefined;
}

/** Path → where its fields begin. */
function indexOf(stored: Buffer, text: string): Map<string, number> {
  const places = new Map<string, number>();
  for (let at = MAGIC.length; at + 2 <= stored.length; ) {
    const length = stored.readUInt16LE(at);
    const fields = at + 2 + length;
    places.set(text.slice(at + 2, fields), fields);
    at = fields + FIELDS_BYTES;
  }
  return places;
}

/** Of folders that were not built for a month. */
function forgetUnused(ctx: Pick<Ctx, 'paths' | 'now'>, own: string): void {
  for (const name of readdirSync(cacheHashesDir(ctx))) {
    const path = join(cacheHashesDir(ctx), name);
    if (path !== own && ctx.now().getTime() - statSync(path).mtimeMs > UNUSED_MS) unlinkSync(path);
  }
}
