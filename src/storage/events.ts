// The record of what happened (Docker's events), a JSON line each, in a ring of two files: when `current` is full it becomes `previous`.
// A line is one write in append mode, so lines of several processes never mix. Nothing waits for the disk, and no command fails for
// want of an event: what a power cut or a full disk takes is missing from the record alone.
import { closeSync, fstatSync, mkdirSync, openSync, renameSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { eventsDir } from './layout.ts';
import type { ContainerRecord } from './records.ts';

/** Docker's event message (Engine API, /events). */
export interface EngineEvent {
  Type: 'container' | 'image' | 'volume' | 'network' | 'secret';
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: 'local';
  /** Seconds since 1970. */
  time: number;
  timeNano: number;
}

type EventContext = Pick<Ctx, 'paths' | 'now'>;

/** Bytes of `current` after which it becomes `previous`. */
export const FULL_BYTES = 4 << 20;

/** Records an event. Never throws. */
export function recordEvent(ctx: EventContext, event: Pick<EngineEvent, 'Type' | 'Action' | 'Actor'>): void {
  const milliseconds = ctx.now().getTime();
  const whole: EngineEvent = { ...event, scope: 'local', time: Math.floor(milliseconds / 1000), timeNano: milliseconds * 1e6 };
  try {
    append(eventsDir(ctx), `${JSON.stringify(whole)}\n`);
  } catch {
    // A full or read-only disk: the thing itself happened all the same.
  }
}

/** Records what happened to a container, with Docker's attributes: its labels, its image and its name beside `more`. */
export function recordContainerEvent(ctx: EventContext, record: ContainerRecord, action: string, more: Record<string, string> = {}): void {
  const Attributes = { ...record.Config.Labels, image: record.Config.Image, name: record.Name, ...more };
  recordEvent(ctx, { Type: 'container', Action: action, Actor: { ID: record.Id, Attributes } });
}

function append(folder: string, line: string): void {
  const current = join(folder, 'current');
  const fd = openCurrent(folder, current);
  try {
    writeSync(fd, line);
    // Two that see it full at once: the second rename would lose a `previous`, so only the file that is still `current` moves.
    if (fstatSync(fd).size >= FULL_BYTES) renameSync(current, join(folder, 'previous'));
  } finally {
    closeSync(fd);
  }
}

function openCurrent(folder: string, path: string): number {
  try {
    return openSync(path, 'a', 0o600);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return openSync(path, 'a', 0o600);
  }
}
