// What `exec` added to a running container, in the run folder, so that nothing of it outlives the container's run. An attached exec is a
// symlink to its front (pid and start time), who takes it away and records its end; a detached one is a file with its pid, written by the
// runtime before the supervisor becomes its parent, who then does both. One on a terminal that is left becomes a detached one.
import { mkdirSync, readdirSync, readFileSync, readlinkSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { startTime } from '../sys/process.ts';
import { randomHex } from '../sys/random.ts';
import { recordContainerEvent } from './events.ts';
import { containerRunDir } from './layout.ts';
import type { ContainerRecord } from './records.ts';

type HasPaths = Pick<Ctx, 'paths'>;

export interface RecordedExec {
  /** 64 hex digits. */
  readonly id: string;
  /** Where the runtime is to write the pid of a detached one. */
  readonly pidFile: string;
  /** The same for one on a terminal, which may be left by the detach keys. */
  readonly terminalPidFile: string;
  /** Records that the command runs. */
  started(): void;
  /** Records that its front leaves, and it goes on as a detached one. */
  left(): void;
  /** Records its end; not for a detached one that runs, whose end is the supervisor's to record. */
  ended(code: number): void;
}

const PID_FILE = '.pid';

const execsDir = (ctx: HasPaths, id: string): string => join(containerRunDir(ctx, id), 'execs');

/** Records that `command` is about to be added to the container. */
export function recordExec(ctx: HasPaths, record: ContainerRecord, command: readonly string[]): RecordedExec {
  const id = randomHex(32);
  const folder = execsDir(ctx, record.Id);
  const link = join(folder, id);
  const pidFile = `${link}${PID_FILE}`;
  const terminalPidFile = `${link}.terminal`;
  // As Docker: a space behind the program even when nothing follows it.
  const text = `${command[0] ?? ''} ${command.slice(1).join(' ')}`;
  const note = (action: string, more = {}): void => recordContainerEvent(ctx, record, action, { execID: id, ...more });
  note(`exec_create: ${text}`);
  unlessGone(() => {
    makeFolder(folder);
    symlinkSync(`${process.pid} ${startTime(process.pid)}`, link);
  });
  return {
    id,
    pidFile,
    terminalPidFile,
    started: () => note(`exec_start: ${text}`),
    left: () => {
      unlessGone(() => renameSync(terminalPidFile, pidFile));
      note('exec_detach');
    },
    ended: (code) => {
      for (const path of [link, pidFile, terminalPidFile]) rmSync(path, { force: true });
      note('exec_die', { exitCode: String(code) });
    },
  };
}

/**
 * Ids of the execs that run, in the order of their ids; null where there is none. With `isShared` the container has our pid namespace: there
 * the end of a detached one is recorded by nobody, and seen by its pid.
 */
export function runningExecs(ctx: HasPaths, id: string, { isShared }: { isShared: boolean }): string[] | null {
  const folder = execsDir(ctx, id);
  const names = namesIn(folder);
  const isDetached = (name: string): boolean =>
    names.includes(`${name}${PID_FILE}`) && !(isShared && hasEnded(join(folder, `${name}${PID_FILE}`)));
  const running = names.filter((name) => !name.includes('.') && (isDetached(name) || isFrontAlive(join(folder, name))));
  return running.length > 0 ? running.sort() : null;
}

/** For the supervisor: records the end of the detached exec whose process is `pid`, if there is one. Never throws. */
export function recordDetachedEnd(ctx: HasPaths, record: ContainerRecord, { pid, code }: { pid: number; code: number }): void {
  const folder = execsDir(ctx, record.Id);
  for (const name of namesIn(folder).filter((entry) => entry.endsWith(PID_FILE))) {
    unlessGone(() => {
      if (readFileSync(join(folder, name), 'utf8').trim() !== String(pid)) return;
      const execID = name.slice(0, -PID_FILE.length);
      for (const entry of [name, execID]) rmSync(join(folder, entry), { force: true });
      recordContainerEvent(ctx, record, 'exec_die', { execID, exitCode: String(code) });
    });
  }
}

/** Not its parent: the folder of a run that has ended must not come back. */
function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { mode: 0o700 });
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

function hasEnded(pidFile: string): boolean {
  try {
    return startTime(Number(readFileSync(pidFile, 'utf8').trim())) === undefined;
  } catch {
    return true;
  }
}

function isFrontAlive(link: string): boolean {
  try {
    const [pid, started] = readlinkSync(link).split(' ');
    return startTime(Number(pid)) === started;
  } catch {
    return false;
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** The container may end, and its run folder go, at any moment; a full run folder costs the list of execs, not the exec. */
function unlessGone(act: () => void): void {
  try {
    act();
  } catch (error) {
    if (errnoOf(error) === undefined) throw error;
  }
}
