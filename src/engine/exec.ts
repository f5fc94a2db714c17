// Runs another program in a running container. The front enters the container's supervisor's namespaces and lets the runtime join; the
// program's streams are a terminal of its own or pipes, which the front copies (see exec-streams.ts for why).
import { closeSync, openSync, readlinkSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinArgv } from '../runtime/cgroup.ts';
import { askForProcess, SupervisorGone } from '../runtime/control-client.ts';
import { describeExec, type ExecRequest } from '../runtime/exec-process.ts';
import { hangs, startPatienceMs } from '../runtime/patience.ts';
import type { OciProcess } from '../runtime/spec/types.ts';
import { runtimeStateRoot } from '../runtime/supervisor/crun.ts';
import { copyTerminal, writeTerminal } from '../runtime/terminal-copy.ts';
import { type ContainerView, findContainer, readContainer } from '../storage/container.ts';
import { type RecordedExec, recordExec } from '../storage/container-execs.ts';
import { containerRunDir } from '../storage/layout.ts';
import type { ContainerRecord } from '../storage/records.ts';
import { childEnv } from '../sys/child-env.ts';
import { type ConsoleSocket, openConsoleSocket } from '../sys/console-socket.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { setWindowSize } from '../sys/fd.ts';
import { childrenOf, kill } from '../sys/process.ts';
import { SIGKILL, signalNumber } from '../sys/signals.ts';
import type { AttachHandlers, Attachment } from './attach.ts';
import { leaveExec } from './exec-leave.ts';
import { openExecStreams } from './exec-streams.ts';

export interface ExecOptions extends ExecRequest {
  detach?: boolean;
  /** Where the runtime is to send the terminal's master. */
  consoleSocket?: string;
}

interface ExecCommand {
  recorded: RecordedExec;
  /** Of a container that has removed itself the runtime makes the state folder once more, only to find nothing in it. */
  sweep: () => void;
  /** See `LeftExec`. */
  isForked: boolean;
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
  const streams = openExecStreams({ input: false, output: false }, handlers);
  try {
    const child = Bun.spawn(exec.argv, { stdio: [...streams.stdio, exec.processFd], env: exec.env });
    exec.recorded.started();
    streams.begin();
    const errors = streams.ended(child.exited);
    errors.catch(() => undefined);
    const received = await receiveMaster(socket, child, { runtime: exec.runtime, patienceMs: startPatienceMs(ctx.env) });
    if (received === undefined) return { ...NO_TERMINAL, exit: errors.then(() => endOf(child, exec)) };
    // Once the copy has ended its stream has closed the master: the number may be another file's then.
    let master: number | undefined = received;
    const copied = copyTerminal(received, handlers.stdout).finally(() => {
      master = undefined;
    });
    return {
      tty: true,
      input: async (chunk) => {
        if (master !== undefined) await writeTerminal(master, chunk);
      },
      endInput: () => undefined,
      resize: (size) => {
        if (master !== undefined) setWindowSize(master, size);
      },
      signal: () => undefined,
      detach: () => {
        if (master === undefined) return;
        exec.recorded.left();
        leaveExec({ master, child, isForked: exec.isForked, env: exec.env });
      },
      // What a background process of the command still prints is not waited for.
      exit: errors.then(() => Promise.race([copied, Bun.sleep(LAST_OUTPUT_MS)])).then(() => endOf(child, exec)),
    };
  } finally {
    socket.close();
    rmSync(path, { force: true });
    releaseExec(exec);
  }
}

/**
 * Runs the command on pipes and returns the attachment to it, whose input is to be fed if `wantsInput` says so. Throws as `execCommand`;
 * `exit` fails with what a handler throws.
 */
export async function execOnPipes(
  ctx: Ctx,
  wanted: string,
  { stdin, ...options }: ExecOptions & { stdin: boolean },
  handlers: AttachHandlers,
): Promise<Attachment & { wantsInput: boolean }> {
  const exec = await execCommand(ctx, wanted, options);
  try {
    const streams = openExecStreams({ input: stdin, output: true }, handlers);
    const child = Bun.spawn(exec.argv, { stdio: [...streams.stdio, exec.processFd], env: exec.env });
    exec.recorded.started();
    streams.begin();
    return {
      ...NO_TERMINAL,
      wantsInput: streams.wantsInput,
      input: streams.input,
      endInput: streams.endInput,
      exit: streams.ended(child.exited).then(() => endOf(child, exec)),
    };
  } finally {
    releaseExec(exec);
  }
}

/** Runs the command in the background; resolves with the runtime's exit code. Throws as `execCommand`. */
export async function execDetached(ctx: Ctx, wanted: string, options: ExecOptions): Promise<number> {
  const exec = await execCommand(ctx, wanted, { ...options, detach: true });
  const child = Bun.spawn(exec.argv, { stdio: ['ignore', 'ignore', 'ignore', exec.processFd], env: exec.env });
  exec.recorded.started();
  releaseExec(exec);
  await child.exited;
  const code = exitCodeOf(child);
  return code === 0 ? code : endOf(child, exec);
}

/** Its exit code, once recorded. */
function endOf(child: Bun.Subprocess, { recorded, sweep }: ExecCommand): number {
  const code = exitCodeOf(child);
  recorded.ended(code);
  if (code !== 0) sweep();
  return code;
}

/** The exit code of an ended child, Docker's 128+n for signal n. */
function exitCodeOf({ exitCode, signalCode }: Bun.Subprocess): number {
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

function requireRunning({ record, state }: ContainerView): void {
  if (state.Status === 'paused') {
    throw new EngineError('ERR_PAUSED', `Container ${record.Name} is paused, unpause the container before exec`);
  }
  if (state.Status !== 'running') throw notRunning(record);
}

const notRunning = ({ Id, Name }: ContainerRecord): EngineError =>
  new EngineError('ERR_NOT_RUNNING', `container ${Id} is not running`, { hint: `skiff start ${Name}` });

/** The command that runs `options.command` in the container. Throws ERR_NOT_RUNNING and what is wrong with user or environment. */
async function execCommand(ctx: Ctx, wanted: string, options: ExecOptions): Promise<ExecCommand> {
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
  const recorded = recordExec(ctx, record, options.command);
  const runtime = record.HostConfig.Runtime || 'crun';
  const scope = state.CgroupPath ? joinArgv(ctx, state.CgroupPath) : undefined;
  const manager = scope ? 'cgroupfs' : 'disabled';
  const isForked = state.InitStarted === undefined;
  return {
    recorded,
    sweep: () => {
      if (!readContainer(ctx, Id)) rmSync(containerRunDir(ctx, Id), { recursive: true, force: true });
    },
    isForked,
    argv: [
      ...(scope ?? []),
      ...scoreArgv(record.HostConfig.OomScoreAdj),
      ...['nsenter', '--target', String(state.SupervisorPid), '--user', '--preserve-credentials', '--mount'],
      // A start time is written down where the container has no pid namespace: then there is none to enter.
      ...(isForked ? ['--pid'] : []),
      '--',
      ...[runtime, '--root', runtimeStateRoot(ctx, Id), '--cgroup-manager', manager],
      ...[
        'exec',
        '--process',
        '/proc/self/fd/3',
        ...(consoleSocket ? ['--console-socket', consoleSocket] : []),
        ...(detach ? ['--detach', '--pid-file', recorded.pidFile] : request.tty ? ['--pid-file', recorded.terminalPidFile] : []),
        Id,
      ],
    ],
    env: childEnv(ctx.env),
    runtime,
    processFd: processFile(ctx, record, process_),
  };
}

// The runtime gives the score to the container's first process alone; the others inherit it.
const scoreArgv = (score = 0): string[] =>
  score === 0 ? [] : ['sh', '-c', 'echo "$0" >/proc/self/oom_score_adj; exec "$@"', String(score)];

// What the front cannot see it must not judge: the supervisor can.
async function describeProcess(ctx: Ctx, { record, state }: ContainerView, request: ExecRequest): Promise<OciProcess> {
  try {
    if (record.Driver === 'fuse-overlayfs') return await askForProcess(ctx, record.Id, request);
    try {
      return describeExec(ctx, { id: record.Id, pid: state.Pid, isOutside: true, hostConfig: record.HostConfig }, request);
    } catch (error) {
      if (!(error instanceof EngineError) && errnoOf(error) !== 'ENOENT') throw error;
      return await askForProcess(ctx, record.Id, request);
    }
  } catch (error) {
    // A container that has ended meanwhile has no files to find anything in.
    if (error instanceof EngineError || error instanceof SupervisorGone) requireRunning(findContainer(ctx, record.Id));
    if (error instanceof SupervisorGone || (error instanceof EngineError && hasEnded(state.Pid))) throw notRunning(record);
    throw error;
  }
}

// Its supervisor may still be delivering what it printed: until that is done, the state says that it runs.
function hasEnded(pid: number): boolean {
  try {
    readlinkSync(`/proc/${pid}/root`);
    return false;
  } catch (error) {
    return errnoOf(error) === 'ENOENT';
  }
}

// An open file without a name: the runtime reads it, and it is gone with the last of us, however we end. A container that has ended by now
// took its folder along.
function processFile(ctx: Ctx, record: ContainerRecord, description: OciProcess): number {
  const path = join(containerRunDir(ctx, record.Id), `exec-${process.pid}.json`);
  try {
    writeFileSync(path, JSON.stringify(description), { mode: 0o600 });
    const fd = openSync(path, 'r');
    unlinkSync(path);
    return fd;
  } catch (error) {
    throw errnoOf(error) === 'ENOENT' ? notRunning(record) : error;
  }
}

/** Closes what `execCommand` opened. */
function releaseExec({ processFd }: ExecCommand): void {
  closeSync(processFd);
}
