// One health check: the program runs in the container by the runtime's `exec`, as the container's user, and has as long as its timeout.
// Afterwards nothing of it is left: whoever it started and is still below it is killed with it. What it prints is read on to its end, or it
// would stand still at a full pipe, but only the first 4096 bytes are kept.
import { closeSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { makePipe, pendingBytes } from '../../../sys/fd.ts';
import { killTree } from '../../../sys/process-tree.ts';
import { signalNumber } from '../../../sys/signals.ts';
import type { OciProcess } from '../../spec/types.ts';
import type { RuntimeCall } from '../crun.ts';
import type { CheckRecord } from './rules.ts';

export interface CheckRequest {
  call: RuntimeCall;
  process: OciProcess;
  /** A folder of the supervisor's own. */
  scratch: string;
  timeoutMs: number;
  /** Ends it early: the outcome is of no use then. */
  signal: AbortSignal;
}

const MAX_OUTPUT_BYTES = 4096;
/** What was printed at the end of the program is in the pipe by then; one that it left behind may hold the pipe for ever. */
const LAST_OUTPUT_MS = 500;
/** A killed process that waits for a disk may not die: it is not waited for. */
const DEATH_MS = 5000;

/** Runs the check to its end, its timeout or the signal. Throws when the runtime cannot be started. */
export async function runCheck(request: CheckRequest): Promise<Pick<CheckRecord, 'exitCode' | 'output'>> {
  const { call, timeoutMs, signal } = request;
  const pipe = makePipe();
  let child: Bun.Subprocess;
  try {
    child = spawnExec(request, pipe.write);
  } catch (error) {
    closeSync(pipe.read);
    throw error;
  } finally {
    closeSync(pipe.write);
  }
  call.orphans.ours(child.pid);
  const output = collect(pipe.read);
  const over = Promise.withResolvers<'late'>();
  const timer = setTimeout(() => over.resolve('late'), timeoutMs);
  const giveUp = (): void => over.resolve('late');
  signal.addEventListener('abort', giveUp);
  try {
    const isLate = (await Promise.race([child.exited, over.promise])) === 'late';
    if (isLate) {
      killTree(child.pid);
      await Promise.race([child.exited, Bun.sleep(DEATH_MS)]);
    }
    await output.settled();
    if (!isLate) return { exitCode: exitCodeOf(child), output: output.text() };
    const said = output.text();
    return { exitCode: -1, output: `Health check exceeded timeout (${goDuration(timeoutMs)})${said === '' ? '' : `: ${said}`}` };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', giveUp);
    output.close();
    void child.exited.then(() => call.orphans.notOurs(child.pid));
  }
}

function spawnExec({ call, process, scratch }: CheckRequest, output: number): Bun.Subprocess {
  const file = join(scratch, 'health-process.json');
  writeFileSync(file, JSON.stringify(process));
  const manager = call.managesCgroups ? 'cgroupfs' : 'disabled';
  const argv = [call.runtime, '--root', call.stateRoot, '--cgroup-manager', manager, 'exec', '--process', file, call.id];
  return Bun.spawn(argv, { stdio: ['ignore', output, output], env: call.env });
}

const exitCodeOf = ({ exitCode, signalCode }: Bun.Subprocess): number =>
  signalCode === null ? (exitCode ?? -1) : 128 + signalNumber(String(signalCode));

interface Collected {
  text(): string;
  /** Resolves when the pipe has ended, or what was in it has been read. */
  settled(): Promise<void>;
  close(): void;
}

function collect(fd: number): Collected {
  const reader = Bun.file(fd).stream().getReader();
  const kept: Uint8Array[] = [];
  let room = MAX_OUTPUT_BYTES;
  let isCut = false;
  let isEnded = false;
  const read = async (): Promise<void> => {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      isCut ||= value.length > room;
      if (room > 0) kept.push(value.slice(0, room));
      room = Math.max(0, room - value.length);
    }
  };
  const ended = read()
    .catch(() => undefined)
    .then(() => {
      isEnded = true;
    });
  return {
    text: () => `${Buffer.concat(kept).toString()}${isCut ? '...' : ''}`,
    settled: async () => {
      const until = performance.now() + LAST_OUTPUT_MS;
      while (!isEnded && performance.now() < until) {
        await Promise.race([ended, Bun.sleep(2)]);
        if (!isEnded && pendingBytes(fd) === 0) return;
      }
    },
    // The stream does not own its descriptor.
    close: () => {
      void reader.cancel().catch(() => undefined);
      closeSync(fd);
    },
  };
}

/** As Go prints a duration: `1m30s`, `500ms`. */
function goDuration(ms: number): string {
  if (ms < 1) return `${Math.round(ms * 1000)}µs`;
  if (ms < 1000) return `${ms}ms`;
  const [hours, minutes] = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60];
  const seconds = Number(((ms % 60_000) / 1000).toFixed(9));
  return `${hours > 0 ? `${hours}h` : ''}${hours > 0 || minutes > 0 ? `${minutes}m` : ''}${seconds}s`;
}
