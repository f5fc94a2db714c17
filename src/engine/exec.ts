// Runs another program in a running container. No supervisor is asked: the front enters the container's supervisor's namespaces and
// lets the runtime join, so the program has the front's own terminal or pipes.
import { closeSync, openSync, readFileSync, rmSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { joinArgv } from '../runtime/cgroup.ts';
import { ALL_CAPABILITIES, processCapabilities } from '../runtime/spec/capabilities.ts';
import { canRun } from '../runtime/spec/emulated.ts';
import { mergeEnvironment } from '../runtime/spec/environment.ts';
import { checkExecutable } from '../runtime/spec/executable.ts';
import { hostArchitecture } from '../runtime/spec/host-facts.ts';
import type { OciProcess, OciSpec } from '../runtime/spec/types.ts';
import { resolveUser } from '../runtime/spec/user.ts';
import { runtimeStateRoot } from '../runtime/supervisor/crun.ts';
import { copyTerminal, writeTerminal } from '../runtime/terminal-copy.ts';
import { findContainer } from '../storage/container.ts';
import { containerRunDir } from '../storage/layout.ts';
import { childEnv } from '../sys/child-env.ts';
import { type ConsoleSocket, openConsoleSocket } from '../sys/console-socket.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { setWindowSize } from '../sys/fd.ts';
import { signalNumber } from '../sys/signals.ts';
import type { AttachHandlers, Attachment } from './attach.ts';

export interface ExecOptions {
  command: string[];
  env?: string[];
  user?: string;
  workdir?: string;
  tty?: boolean;
  privileged?: boolean;
  detach?: boolean;
  /** Where the runtime is to send the terminal's master. */
  consoleSocket?: string;
}

export interface ExecCommand {
  argv: string[];
  env: Record<string, string>;
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
  const exec = execCommand(ctx, wanted, { ...options, tty: true, consoleSocket: path });
  const socket = openConsoleSocket(path);
  try {
    const child = Bun.spawn(exec.argv, { stdio: ['ignore', 'ignore', 'inherit', exec.processFd], env: exec.env });
    const master = await receiveMaster(socket, child);
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

async function receiveMaster(socket: ConsoleSocket, child: Bun.Subprocess): Promise<number | undefined> {
  for (;;) {
    const master = socket.poll();
    if (master !== undefined) return master;
    if (child.exitCode !== null || child.signalCode !== null) return undefined;
    await Bun.sleep(1);
  }
}

/** The command that runs `options.command` in the container. Throws ERR_NOT_RUNNING and what is wrong with user or environment. */
export function execCommand(ctx: Ctx, wanted: string, options: ExecOptions): ExecCommand {
  const { record, state } = findContainer(ctx, wanted);
  const { Id } = record;
  if (state.Status === 'paused') throw new EngineError('ERR_PAUSED', `Container ${wanted} is paused, unpause the container before exec`);
  if (state.Status !== 'running')
    throw new EngineError('ERR_NOT_RUNNING', `container ${Id} is not running`, { hint: `skiff start ${record.Name}` });
  const process_ = describeProcess(ctx, Id, state.Pid, options);
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
        ...(options.consoleSocket ? ['--console-socket', options.consoleSocket] : []),
        ...(options.detach ? ['--detach'] : []),
        Id,
      ],
    ],
    env: childEnv(ctx.env),
    processFd: unlinkedFile(join(containerRunDir(ctx, Id), `exec-${process.pid}.json`), JSON.stringify(process_)),
  };
}

function describeProcess(ctx: Ctx, id: string, pid: number, options: ExecOptions): OciProcess {
  const spec = JSON.parse(readFileSync(join(containerRunDir(ctx, id), 'bundle/config.json'), 'utf8')) as OciSpec;
  const { process: base } = spec;
  // The container's own view, its mounts included.
  const view = { rootfs: `/proc/${pid}/root` };
  const user = options.user === undefined ? undefined : resolveUser(view, options.user);
  const uid = user?.uid ?? base.user.uid;
  const home = user ? [`HOME=${user.home}`] : [];
  const { consoleSize: _, ...rest } = base;
  const env = mergeEnvironment(
    mergeEnvironment(base.env, [...home, ...(options.tty && !hasTerm(base.env) ? ['TERM=xterm'] : [])]),
    options.env ?? [],
  );
  const [command = ''] = options.command;
  const cwd = options.workdir ?? base.cwd;
  checkExecutable({ view, command, env, cwd, architecture: hostArchitecture(), canRun });
  return {
    ...rest,
    terminal: options.tty ?? false,
    args: options.command,
    env,
    cwd,
    user: user
      ? { ...base.user, uid: user.uid, gid: user.gid, ...(base.user.additionalGids ? { additionalGids: user.additionalGids } : {}) }
      : base.user,
    ...(base.capabilities
      ? { capabilities: processCapabilities(options.privileged ? [...ALL_CAPABILITIES] : base.capabilities.bounding, uid) }
      : {}),
  };
}

const hasTerm = (env: readonly string[]): boolean => env.some((entry) => entry.startsWith('TERM='));

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
