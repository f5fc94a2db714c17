// Runs another program in a running container, by the command of exec-command.ts. The program's streams are a terminal of its own or pipes,
// which the front copies (see exec-streams.ts for why).
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { hangs, startPatienceMs } from '../runtime/patience.ts';
import { copyTerminal, writeTerminal } from '../runtime/terminal-copy.ts';
import { findContainer } from '../storage/container.ts';
import { containerRunDir } from '../storage/layout.ts';
import { type ConsoleSocket, openConsoleSocket } from '../sys/console-socket.ts';
import type { Ctx } from '../sys/context.ts';
import { setWindowSize } from '../sys/fd.ts';
import { childrenOf, kill } from '../sys/process.ts';
import { SIGKILL, signalNumber } from '../sys/signals.ts';
import type { AttachHandlers, Attachment } from './attach.ts';
import { type ExecCommand, type ExecOptions, execCommand, releaseExec } from './exec-command.ts';
import { leaveExec } from './exec-leave.ts';
import { openExecStreams } from './exec-streams.ts';

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
