// The OCI runtime (runtime-spec, runtime.md) as a child of the supervisor. Create and start go in one call, `run --detach`: the network
// is up and the client attached by then, and each call of the runtime costs 10 ms.
import { mkdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { containerRunDir } from '../../storage/layout.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import { childEnv } from '../../sys/child-env.ts';
import { openConsoleSocket } from '../../sys/console-socket.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { hangs, startPatienceMs } from '../patience.ts';
import type { Orphans } from './orphans.ts';

export interface RuntimeCall {
  /** The program: `crun`, or what --runtime names. */
  runtime: string;
  /** Its state folder (`--root`). */
  stateRoot: string;
  /** Whether it manages cgroups. */
  managesCgroups: boolean;
  id: string;
  env: Record<string, string>;
  orphans: Orphans;
}

export interface RunRequest {
  bundle: string;
  /** Descriptors for the container's stdin, stdout, stderr; a terminal comes by the console socket instead. */
  stdio: [number | 'ignore', number | 'ignore', number | 'ignore'];
  terminal: boolean;
  scratch: string;
  /** Resolves when nothing of ours keeps the runtime waiting any more. */
  ready: Promise<unknown>;
}

export interface Started {
  /** Pid of the container's init, in our pid namespace. */
  pid: number;
  /** Master of its terminal. */
  terminal?: number;
}

/** Where the runtime keeps the state of container `id`: in its run folder, so that it goes with it. */
export const runtimeStateRoot = (ctx: Pick<Ctx, 'paths'>, id: string): string => join(containerRunDir(ctx, id), 'runtime');

/** How the container's runtime is to be called. Throws ERR_NO_RUNTIME. */
export function runtimeCall(ctx: Ctx, record: ContainerRecord, rest: Pick<RuntimeCall, 'orphans' | 'managesCgroups'>): RuntimeCall {
  const wanted = record.HostConfig.Runtime || 'crun';
  const runtime = Bun.which(wanted, { PATH: ctx.env.PATH ?? '' });
  if (!runtime) {
    const hint =
      wanted === 'crun' ? 'Install it: sudo apt-get install crun (dnf, pacman, zypper: the same name)' : 'Give the path of an OCI runtime';
    throw new EngineError('ERR_NO_RUNTIME', `Cannot find the OCI runtime "${wanted}" in PATH`, { hint, exitCode: 125 });
  }
  return { runtime, stateRoot: runtimeStateRoot(ctx, record.Id), id: record.Id, env: childEnv(ctx.env), ...rest };
}

/** Creates the container and lets its program run, in one call of the runtime. Throws ERR_RUNTIME with the runtime's own words, ERR_HANGS. */
export async function runWithRuntime(call: RuntimeCall, request: RunRequest): Promise<Started> {
  const pidFile = join(request.scratch, 'pid');
  const socketPath = join(request.scratch, 'console');
  const socket = request.terminal ? openConsoleSocket(socketPath) : undefined;
  // What a killed predecessor left would make the runtime say that the container exists.
  rmSync(join(call.stateRoot, call.id), { recursive: true, force: true });
  rmSync(pidFile, { force: true });
  mkdirSync(call.stateRoot, { recursive: true, mode: 0o700 });
  try {
    const args = [
      'run',
      '--detach',
      '--bundle',
      request.bundle,
      '--pid-file',
      pidFile,
      ...(socket ? ['--console-socket', socketPath] : []),
      call.id,
    ];
    await run(call, args, request);
    const pid = Number(readOr(pidFile));
    // It says so of a container whose first process was killed before it was one.
    if (!pid) throw new EngineError('ERR_RUNTIME', 'The runtime ended well without having started the container', { exitCode: 125 });
    return socket ? { pid, terminal: socket.receive() } : { pid };
  } finally {
    socket?.close();
  }
}

async function run(call: RuntimeCall, args: string[], { stdio, terminal, ready }: RunRequest): Promise<void> {
  const log = join(call.stateRoot, 'log');
  rmSync(log, { force: true });
  const manager = call.managesCgroups ? 'cgroupfs' : 'disabled';
  const argv = [call.runtime, '--root', call.stateRoot, '--log', log, '--cgroup-manager', manager, ...args];
  const child = Bun.spawn(argv, { stdio: terminal ? ['ignore', 'ignore', 'ignore'] : stdio, env: call.env });
  call.orphans.ours(child.pid);
  const late = Promise.withResolvers<'late'>();
  const patienceMs = startPatienceMs(call.env);
  ready.then(
    () => setTimeout(() => late.resolve('late'), patienceMs).unref(),
    () => undefined,
  );
  const code = await Promise.race([child.exited, late.promise]);
  if (code === 'late') {
    child.kill('SIGKILL');
    throw hangs(call.runtime, 'started the container', patienceMs);
  }
  call.orphans.notOurs(child.pid);
  if (code !== 0) throw runtimeFailure(log, args[0] ?? '', code);
}

function runtimeFailure(log: string, verb: string, code: number): EngineError {
  const lines = readOr(log).trim().split('\n').filter(Boolean);
  // crun's log lines are `<time>: <message>`; the first is the cause, later ones are its consequences.
  const message = (lines[0] ?? `it ended with code ${code}`).replace(/^[\d-]+T[\d:.]+Z?:?\s*/, '').replace(/^\[?error\]?:?\s*/i, '');
  const [, sysctl, why] = /\/proc\/sys\/([\w./-]+)[^:]*: (.*)/.exec(message) ?? [];
  if (sysctl) {
    throw new EngineError('ERR_SYSCTL', `Cannot set the sysctl "${sysctl.replaceAll('/', '.')}": ${why}`, {
      hint: 'Look below /proc/sys of a container for those that there are, and for what they may be',
      exitCode: 125,
    });
  }
  const exitCode =
    /not found|No such file/.test(message) && /executable|exec|open/.test(message)
      ? 127
      : /ermission denied|xec format/.test(message)
        ? 126
        : 125;
  return new EngineError('ERR_RUNTIME', `The runtime could not ${verb} the container: ${message}`, { exitCode });
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
