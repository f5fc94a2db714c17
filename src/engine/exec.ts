// Runs another program in a running container. No supervisor is asked: the front enters the container's supervisor's namespaces and
// lets the runtime join, so the program has the front's own terminal or pipes.
import { closeSync, openSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinArgv } from '../runtime/cgroup.ts';
import { askForProcess } from '../runtime/control-client.ts';
import { describeExec, type ExecRequest } from '../runtime/exec-process.ts';
import { hangs, startPatienceMs } from '../runtime/patience.ts';
import type { OciProcess } from '../runtime/spec/types.ts';
import { runtimeStateRoot } from '../runtime/supervisor/crun.ts';
import { copyTerminal, writeTerminal } from '../runtime/terminal-copy.ts';
import { type ContainerView, findContainer } from '../storage/container.ts';
import { containerRunDir } from '../storage/layout.ts';
import { childEnv } from '../sys/child-env.ts';
import { type ConsoleSocket, openConsoleSocket } from '../sys/console-socket.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { setWindowSize } from '../sys/fd.ts';
import { childrenOf, kill } from '../sys/process.ts';
import { SIGKILL, signalNumber } from '../sys/signals.ts';
import type { AttachHandlers, Attachment } from './attach.ts';

export interface ExecOptions extends ExecRequest {
  detach?: boolean;
  /** Where the runtime is to send the terminal's master. */
  consoleSocket?: string;
}

export interface ExecCommand {
  argv: string[];
  env: Record<string, string>;
  runtime: string;
  /** To be the child's descriptor 3; close it after the spawn. */
  processFd: number;
}

/**
 * Runs the command on a terminal of its own and returns the attachment to it: the runtime hands over the terminal's master, so that
 * size, keys and output are ours, as with `run -t`. Throws as `execCommand`.
 */
export async function execOnTerminal(ctx: Ctx, wanted: string, options: ExecOptions, handlers: AttachHandlers): Promise<Attachment> {
  const { Id } = findContainer(ctx, wanted).record;
  const path = join(containerRunDir(ctx, Id), `x${process.pid}`);
  const exec = await execCommand(ctx, wanted, { ...options, tty: true, consoleSocket: path });
  const socket = openConsoleSocket(path);
  try {
    const child = Bun.spawn(exec.argv, { stdio: ['ignore', 'ignore', 'inherit', exec.processFd], env: exec.env });
    const master = await receiveMaster(socket, child, { runtime: exec.runtime, patienceMs: startPatienceMs(ctx.env) });
    if (master === undefined) return { ...NO_TERMINAL, exit: child.exited.then(() => exitCodeOf(child)) };
    const copied = copyTerminal(master, handlers.stdout);
    return {
      tty: true,
      input: (chunk) => writeTerminal(master, chunk),
      endInput: () => undefined,
      resize: (size) => setWindowSize(master, size),
      signal: () => undefined,
      detach: () => undefined,
      // What a background process of the command still prints is not waited for.
      exit: child.exited.then(() => Promise.race([copied, Bun.sleep(LAST_OUTPUT_MS)])).then(() => exitCodeOf(child)),
    };
  } finally {
    socket.close();
    rmSync(path, { force: true });
    releaseExec(exec);
  }
}

/** The exit code of an ended child, Docker's 128+n for signal n. */
export function exitCodeOf({ exitCode, signalCode }: Bun.Subprocess): number {
  return signalCode === null ? (exitCode ?? 1) : 128 + signalNumber(String(signalCode));
}

const LAST_OUTPUT_MS = 500;

const NO_TERMINAL = {
  tty: false,
  input: async (): Promise<void> => undefined,
  endInput: (): void => undefined,
  resize: (): void => undefined,
  signal: (): void => undefined,
  detach: (): void => undefined,
};

async function receiveMaster(
  socket: ConsoleSocket,
  child: Bun.Subprocess,
  { runtime, patienceMs }: { runtime: string; patienceMs: number },
): Promise<number | undefined> {
  const deadline = performance.now() + patienceMs;
  for (;;) {
    const master = socket.poll();
    if (master !== undefined) return master;
    if (child.exitCode !== null || child.signalCode !== null) return undefined;
    if (performance.now() > deadline) {
      // nsenter waits for the runtime, as its child, where there is a pid namespace to enter.
      for (const pid of [...childrenOf(String(child.pid)), child.pid]) kill(pid, SIGKILL);
      throw hangs(runtime, 'given the command its terminal', patienceMs);
    }
    await Bun.sleep(1);
  }
}

/** The command that runs `options.command` in the container. Throws ERR_NOT_RUNNING and what is wrong with user or environment. */
export async function execCommand(ctx: Ctx, wanted: string, options: ExecOptions): Promise<ExecCommand> {
  const view = findContainer(ctx, wanted);
  const { record, state } = view;
  const { Id } = record;
  if (state.Status === 'paused') throw new EngineError('ERR_PAUSED', `Container ${wanted} is paused, unpause the container before exec`);
  if (state.Status === 'restarting')
    throw new EngineError('ERR_RESTARTING', `Container ${Id} is restarting, wait until the container is running`);
  if (state.Status !== 'running')
    throw new EngineError('ERR_NOT_RUNNING', `container ${Id} is not running`, { hint: `skiff start ${record.Name}` });
  const { detach, consoleSocket, ...request } = options;
  const process_ = await describeProcess(ctx, view, request);
  const runtime = record.HostConfig.Runtime || 'crun';
  const scope = state.CgroupPath ? joinArgv(ctx, state.CgroupPath) : undefined;
  const manager = scope ? 'cgroupfs' : 'disabled';
  return {
    argv: [
      ...(scope ?? []),
      ...['nsenter', '--target', String(state.SupervisorPid), '--user', '--preserve-credentials', '--mount'],
      // A start time is written down where the container has no pid namespace: then there is none to enter.
      ...(state.InitStarted === undefined ? ['--pid'] : []),
      '--',
      ...[runtime, '--root', runtimeStateRoot(ctx, Id), '--cgroup-manager', manager],
      ...[
        'exec',
        '--process',
        '/proc/self/fd/3',
        ...(consoleSocket ? ['--console-socket', consoleSocket] : []),
        ...(detach ? ['--detach'] : []),
        Id,
      ],
    ],
    env: childEnv(ctx.env),
    runtime,
    processFd: unlinkedFile(join(containerRunDir(ctx, Id), `exec-${process.pid}.json`), JSON.stringify(process_)),
  };
}

// What the front cannot see it must not judge: the supervisor can.
async function describeProcess(ctx: Ctx, { record, state }: ContainerView, request: ExecRequest): Promise<OciProcess> {
  const asked = (): Promise<OciProcess> => askForProcess(ctx, record.Id, request);
  if (record.Driver === 'fuse-overlayfs') return asked();
  try {
    return describeExec(ctx, { id: record.Id, pid: state.Pid }, request);
  } catch (error) {
    if (error instanceof EngineError) return asked();
    throw error;
  }
}

// An open file without a name: the runtime reads it, and it is gone with the last of us, however we end.
function unlinkedFile(path: string, text: string): number {
  writeFileSync(path, text, { mode: 0o600 });
  const fd = openSync(path, 'r');
  unlinkSync(path);
  return fd;
}

/** Closes what `execCommand` opened. */
export function releaseExec({ processFd }: ExecCommand): void {
  closeSync(processFd);
}
