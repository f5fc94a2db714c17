// What each step of each Dockerfile was built from the last time, for --explain: a file per slot, its first line the key of the step, then the
// inputs, compressed: the files of a large COPY are many. Nothing but explanations depends on them, so a write that fails is passed over, and the
// oldest go when they are too many.
import { closeSync, openSync, readdirSync, readFileSync, readSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { writeFileAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import type { StepInputs } from './build-cache-records.ts';
import { digestOf } from './digest.ts';
import { cacheSlotsDir } from './layout.ts';

type HasPaths = Pick<Ctx, 'paths'>;

const KEY_LENGTH = 71;
const MOST_SLOTS = 2000;
const MOST_BYTES = 64 << 20;

/** Remembers that the slot of `inputs` was built under `key`. */
export function writeSlot(ctx: HasPaths, key: string, inputs: StepInputs): void {
  const path = slotPath(ctx, inputs.slot);
  if (keyIn(path) === key) return;
  const body = Bun.zstdCompressSync(Buffer.from(JSON.stringify(inputs)), { level: 1 });
  try {
    writeFileAtomic(path, Buffer.concat([Buffer.from(`${key}\n`), body]), { durable: false });
  } catch (error) {
    if (!['ENOSPC', 'EDQUOT'].includes(errnoOf(error) ?? '')) throw error;
  }
}

/** Undefined when nothing readable is remembered. */
export function readSlot(ctx: HasPaths, slot: string): { key: string; inputs: StepInputs } | undefined {
  try {
    const data = readFileSync(slotPath(ctx, slot));
    const inputs = JSON.parse(Bun.zstdDecompressSync(data.subarray(KEY_LENGTH + 1)).toString()) as StepInputs;
    return inputs.slot === slot ? { key: data.subarray(0, KEY_LENGTH).toString(), inputs } : undefined;
  } catch {
    return undefined;
  }
}

/** Removes the slots that were written longest ago, as far as there are too many. */
export function trimSlots(ctx: HasPaths): void {
  const folder = cacheSlotsDir(ctx);
  const files = slotFiles(folder).sort((a, b) => b.mtimeMs - a.mtimeMs);
  let bytes = 0;
  files.forEach(({ path, size }, index) => {
    bytes += size;
    if (index >= MOST_SLOTS || bytes > MOST_BYTES) rmSync(path, { force: true });
  });
}

const slotPath = (ctx: HasPaths, slot: string): string => join(cacheSlotsDir(ctx), digestOf(slot).slice(7, 47));

function keyIn(path: string): string | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const head = Buffer.alloc(KEY_LENGTH);
    return readSync(fd, head, 0, KEY_LENGTH, 0) === KEY_LENGTH ? head.toString() : undefined;
  } finally {
    closeSync(fd);
  }
}

function slotFiles(folder: string): { path: string; mtimeMs: number; size: number }[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      const path = join(folder, name);
      const found = statSync(path, { throwIfNoEntry: false });
      return found ? [{ path, mtimeMs: found.mtimeMs, size: found.size }] : [];
    });
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw error;
  }
}
