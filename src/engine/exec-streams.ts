// The standard streams of a program that `exec` adds. A container must never hold the caller's own terminal or files: through
// /proc/self/fd it could read what is typed there after the program has ended, or what a file held before. So it gets pipes, and we
// copy. Only what is a pipe already, or /dev/null, is handed on as it is: there is nothing behind it, and no copy to pay for.
import { closeSync, fstatSync } from 'node:fs';
import type { AttachHandlers } from '../runtime/control-client.ts';
import { openInputPipe } from '../runtime/input-pipe.ts';
import { makePipe, pendingBytes } from '../sys/fd.ts';
import { isFile, readFileOn } from '../sys/file-input.ts';

type Stdio = 'ignore' | number;

export interface ExecStreams {
  /** For the child. */
  stdio: [Stdio, Stdio, Stdio];
  /** Whether the caller's input has to be written to `input`; else the child has it, or none. */
  wantsInput: boolean;
  /** Closes the child's ends here and starts to copy; to be called once the child has them. */
  begin(): void;
  input(chunk: Uint8Array): Promise<void>;
  endInput(): void;
  /** Once the child has ended: resolves when all it printed is delivered, fails with what a handler threw at any time. */
  ended: (childEnded: Promise<unknown>) => Promise<void>;
}

/** `input: false` gives no standard input, `output: false` no standard output (a terminal takes its place). */
export function openExecStreams(options: { input: boolean; output: boolean }, handlers: AttachHandlers): ExecStreams {
  const input = options.input && !mayBeHandedOn(0) ? makePipe() : undefined;
  const outputs: Output[] = [];
  const output = (fd: 1 | 2, deliver: (chunk: Uint8Array) => void): Stdio => {
    if (mayBeHandedOn(fd)) return fd;
    const pipe = makePipe();
    outputs.push({ pipe, deliver, chunks: 0 });
    return pipe.write;
  };
  // One pipe for a terminal that shows both, which keeps their order.
  const stdout = options.output ? output(1, handlers.stdout) : 'ignore';
  const stderr = options.output && typeof stdout === 'number' && outputs.length > 0 && isSame(1, 2) ? stdout : output(2, handlers.stderr);
  let copied: Promise<unknown> = Promise.resolve();
  const writer = input && openInputPipe(input.write);
  const feed = async (chunk: Uint8Array): Promise<void> => writer?.write(chunk);
  const endInput = (): void => writer?.end();
  const readsFile = input !== undefined && isFile(0);
  return {
    stdio: [input?.read ?? (options.input ? 0 : 'ignore'), stdout, stderr],
    wantsInput: input !== undefined && !readsFile,
    begin: () => {
      if (input) closeSync(input.read);
      for (const { pipe } of outputs) closeSync(pipe.write);
      copied = Promise.all(outputs.map(copy));
      copied.catch(() => undefined);
      if (readsFile) void copyFile(feed).finally(endInput);
    },
    input: feed,
    endInput,
    ended: async (childEnded) => {
      // A broken reader of ours ends the whole, before the child does too.
      await Promise.race([childEnded, copied.then(() => childEnded)]);
      await Promise.race([copied, Promise.all(outputs.map(drained))]);
    },
  };
}

async function copyFile(feed: (chunk: Uint8Array) => Promise<void>): Promise<void> {
  for await (const chunk of readFileOn(0)) await feed(chunk);
}

interface Output {
  pipe: { read: number; write: number };
  deliver: (chunk: Uint8Array) => void;
  /** How often something was read. */
  chunks: number;
}

async function copy(output: Output): Promise<void> {
  const reader = Bun.file(output.pipe.read).stream().getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    output.chunks++;
    output.deliver(value);
  }
}

// What the program printed is in the pipe when it ends. A process it left behind may hold the other end for ever: that is not waited for.
async function drained(output: Output): Promise<void> {
  for (let seen = -1; seen !== output.chunks || pendingBytes(output.pipe.read) > 0; ) {
    seen = output.chunks;
    await Bun.sleep(1);
  }
}

const NULL_DEVICE = 0x103;

/** Whether a container may hold the very descriptor `fd`. */
export function mayBeHandedOn(fd: number): boolean {
  try {
    const stat = fstatSync(fd);
    return stat.isFIFO() || (stat.isCharacterDevice() && stat.rdev === NULL_DEVICE);
  } catch {
    return false;
  }
}

function isSame(one: number, other: number): boolean {
  try {
    const [a, b] = [fstatSync(one), fstatSync(other)];
    return a.isCharacterDevice() && b.isCharacterDevice() && a.rdev === b.rdev;
  } catch {
    return false;
  }
}
