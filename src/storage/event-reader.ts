// Reads the record of events: what there is, and what comes. Traps: a line may be half written (it is kept until its end comes); a writer
// that opened `current` before the ring turned still appends to what is `previous` by then, so a follower reads that on as well.
import { closeSync, fstatSync, mkdirSync, openSync, readSync, watch } from 'node:fs';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { currentEvents, previousEvents } from './events.ts';
import { eventsDir } from './layout.ts';
import type { EngineEvent } from './records.ts';

type HasPaths = Pick<Ctx, 'paths'>;

/** Where the system cannot tell of writes (no inotify watch left). */
const POLL_MS = 50;
/** A folder on a file system that tells of some writes only (another machine's) is looked at all the same. */
const WATCHED_POLL_MS = 1000;

export interface EventReader {
  /** What has been recorded since the last call, in the order of time. */
  read(): EngineEvent[];
  close(): void;
}

/** A reader whose first `read` gives all that is there; with `fromNow` only what comes after this call. */
export function openEventReader(ctx: HasPaths, { fromNow = false } = {}): EventReader {
  let open: OpenFile[] = [];
  const take = (path: string): number | undefined => {
    const file = openFile(path);
    if (!file) return undefined;
    if (open.some(({ ino }) => ino === file.ino)) file.close();
    else open.push(file);
    return file.ino;
  };
  const read = (): EngineEvent[] => {
    // `previous` once more at the end: the ring may have turned between the first two.
    const linked = [take(previousEvents(ctx)), take(currentEvents(ctx)), take(previousEvents(ctx))];
    const events = byTime(open.flatMap((file) => file.read()));
    for (const file of open) if (!linked.includes(file.ino)) file.close();
    open = open.filter(({ ino }) => linked.includes(ino));
    return events;
  };
  if (fromNow) read();
  return {
    read,
    close: () => {
      for (const file of open) file.close();
      open = [];
    },
  };
}

/** Calls `look` at once and whenever something may have been recorded, until it returns false or `signal` is aborted. */
export async function whileRecorded(ctx: HasPaths, look: () => boolean, signal: AbortSignal): Promise<void> {
  let changed = Promise.withResolvers<void>();
  const watcher = watchFolder(eventsDir(ctx), () => changed.resolve());
  const aborted = (): void => changed.resolve();
  signal.addEventListener('abort', aborted);
  try {
    while (!signal.aborted) {
      changed = Promise.withResolvers<void>();
      if (!look()) return;
      await Promise.race([changed.promise, Bun.sleep(watcher.isWatching() ? WATCHED_POLL_MS : POLL_MS)]);
    }
  } finally {
    signal.removeEventListener('abort', aborted);
    watcher.close();
  }
}

interface FolderWatch {
  /** false: nobody tells of changes. */
  isWatching(): boolean;
  close(): void;
}

function watchFolder(folder: string, onChange: () => void): FolderWatch {
  let isWatching = true;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const watcher = watch(folder, onChange);
    watcher.on('error', () => {
      isWatching = false;
    });
    return { isWatching: () => isWatching, close: () => watcher.close() };
  } catch {
    return { isWatching: () => false, close: () => undefined };
  }
}

const CHUNK = 256 * 1024;

interface OpenFile {
  ino: number;
  /** The whole lines that came since the last call. */
  read(): EngineEvent[];
  close(): void;
}

function openFile(path: string): OpenFile | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return undefined;
    throw error;
  }
  const chunk = Buffer.allocUnsafe(CHUNK);
  let offset = 0;
  let rest = Buffer.alloc(0);
  return {
    ino: fstatSync(fd).ino,
    read() {
      const events: EngineEvent[] = [];
      for (;;) {
        const count = readSync(fd, chunk, 0, CHUNK, offset);
        if (count === 0) return events;
        offset += count;
        const bytes = Buffer.concat([rest, chunk.subarray(0, count)]);
        const end = bytes.lastIndexOf(0x0a) + 1;
        rest = bytes.subarray(end);
        for (const line of bytes.toString('utf8', 0, end).split('\n')) events.push(...parseLine(line));
      }
    },
    close: () => closeSync(fd),
  };
}

/** No event for an empty line, for one that a full disk cut off, and for one that is none of ours. */
function parseLine(line: string): EngineEvent[] {
  const [, timeNano] = /"timeNano":(\d+)\}$/.exec(line) ?? [];
  if (timeNano === undefined) return [];
  try {
    const event = JSON.parse(line) as EngineEvent;
    return isEvent(event) ? [{ ...event, timeNano: BigInt(timeNano) }] : [];
  } catch {
    return [];
  }
}

function isEvent({ Type, Action, Actor, scope }: Partial<EngineEvent>): boolean {
  const texts = [Type, Action, scope, Actor?.ID, ...Object.values(Actor?.Attributes ?? { none: undefined })];
  return texts.every((text) => typeof text === 'string');
}

/** Those of one moment stay in the order in which they were written. */
function byTime(events: EngineEvent[]): EngineEvent[] {
  return events.sort((a, b) => (a.timeNano < b.timeNano ? -1 : a.timeNano > b.timeNano ? 1 : 0));
}
