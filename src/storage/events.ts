// The record of what happened (Docker's events), a JSON line each, in a ring of two files: when `current` is full it becomes `previous`.
// A line is one write in append mode, so lines of several processes never mix; it begins with a line break too, so what a full disk
// cut off spoils no other. Nothing waits for the disk or for a lock, and no command fails for want of an event: what a power cut or a
// full disk takes is missing from the record alone. Reading it: event-reader.ts.
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { realtimeNanoseconds } from '../sys/clock.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { tryLock } from '../sys/lock.ts';
import { eventsDir } from './layout.ts';
import type { ContainerRecord, EngineEvent } from './records.ts';

export type { EngineEvent } from './records.ts';

type HasPaths = Pick<Ctx, 'paths'>;

/** Bytes of `current` after which it becomes `previous`. */
export const FULL_BYTES = 4 << 20;

export const currentEvents = (ctx: HasPaths): string => join(eventsDir(ctx), 'current');
export const previousEvents = (ctx: HasPaths): string => join(eventsDir(ctx), 'previous');

/** Records an event. Never throws. `fullBytes`: when the ring turns. */
export function recordEvent(
  ctx: HasPaths,
  { Type, Action, Actor }: Pick<EngineEvent, 'Type' | 'Action' | 'Actor'>,
  { fullBytes = FULL_BYTES } = {},
): void {
  try {
    const nano = realtimeNanoseconds();
    const head = JSON.stringify({ Type, Action, Actor, scope: 'local', time: Number(nano / 1_000_000_000n) });
    append(ctx, Buffer.from(`\n${head.slice(0, -1)},"timeNano":${nano}}\n`), fullBytes);
  } catch {
    // A full or read-only disk: the thing itself happened all the same.
  }
}

/** Records what happened to a container, with Docker's attributes: its labels, its image and its name beside `more`. */
export function recordContainerEvent(ctx: HasPaths, record: ContainerRecord, action: string, more: Record<string, string> = {}): void {
  const Attributes = { ...record.Config.Labels, image: record.Config.Image, name: record.Name, ...more };
  recordEvent(ctx, { Type: 'container', Action: action, Actor: { ID: record.Id, Attributes } });
}

/** Often enough for a writer that sleeps between open and write while others fill the ring twice. */
const ATTEMPTS = 3;

function append(ctx: HasPaths, line: Buffer, fullBytes: number): void {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const fd = openCurrent(ctx);
    try {
      writeSync(fd, line);
      const { ino, nlink, size } = fstatSync(fd);
      // The ring has turned twice since it was opened: nobody reads what is written there.
      if (nlink === 0) continue;
      if (size >= fullBytes) turn(ctx, ino);
      return;
    } finally {
      closeSync(fd);
    }
  }
}

/** `current` becomes `previous`, if it is still the file `ino`: of several that see it full one does it, nobody waits. */
function turn(ctx: HasPaths, ino: number): void {
  const lock = tryLock(join(eventsDir(ctx), 'lock'));
  if (!lock) return;
  try {
    if (statSync(currentEvents(ctx)).ino === ino) renameSync(currentEvents(ctx), previousEvents(ctx));
  } finally {
    lock.release();
  }
}

function openCurrent(ctx: HasPaths): number {
  try {
    return openSync(currentEvents(ctx), 'a', 0o600);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    mkdirSync(eventsDir(ctx), { recursive: true, mode: 0o700 });
    return openSync(currentEvents(ctx), 'a', 0o600);
  }
}
