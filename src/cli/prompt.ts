// Questions to a person at the terminal: a line, or a secret that is not shown. Standard output has the question, as Docker's.
// Trap: a terminal that shows nothing any more is a broken one to its user, so it is put back however the question ends.
import { readSync } from 'node:fs';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { signalNumber } from '../sys/signals.ts';
import { hideInput } from '../sys/terminal.ts';
import type { Io } from './command.ts';

const [CTRL_C, CTRL_D, CTRL_U, BACKSPACE, DELETE, CR, LF] = [3, 4, 0x15, 8, 0x7f, 0x0d, 0x0a];

/** The line that is typed, without the blanks around it; '' at the end of the input. */
export function askLine(io: Io, question: string): string {
  io.out(question);
  return readLine().trim();
}

/** What is typed, unseen. Throws ERR_INTERRUPTED at Ctrl-C. */
export async function askSecret(io: Io, question: string): Promise<string> {
  // Before the question: who types at once must not be seen either.
  const putBack = hideInput(0);
  const enders = (['SIGHUP', 'SIGINT', 'SIGTERM'] as const).map((name) => {
    const end = (): void => {
      putBack();
      process.exit(128 + signalNumber(name));
    };
    process.on(name, end);
    return () => process.off(name, end);
  });
  try {
    io.out(question);
    return await readSecret();
  } finally {
    putBack();
    for (const unhook of enders) unhook();
    io.out('\n');
  }
}

async function readSecret(): Promise<string> {
  let typed: number[] = [];
  for await (const chunk of process.stdin) {
    for (const byte of chunk as Uint8Array) {
      if (byte === CTRL_C) throw new EngineError('ERR_INTERRUPTED', 'Interrupted', { exitCode: 130 });
      if (byte === CR || byte === LF || byte === CTRL_D) return Buffer.from(typed).toString();
      if (byte === CTRL_U) typed = [];
      else if (byte === BACKSPACE || byte === DELETE) typed = withoutLast(typed);
      else typed.push(byte);
    }
  }
  return Buffer.from(typed).toString();
}

/** A character may be several bytes of UTF-8. */
const withoutLast = (typed: number[]): number[] => [...Buffer.from([...Buffer.from(typed).toString()].slice(0, -1).join(''))];

/** Byte by byte: what follows the line is not ours to take yet. */
function readLine(): string {
  const byte = Buffer.alloc(1);
  const line: number[] = [];
  for (;;) {
    try {
      if (readSync(0, byte) === 0) break;
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') break;
      Bun.sleepSync(10);
      continue;
    }
    if (byte[0] === LF) break;
    line.push(byte[0] ?? 0);
  }
  return Buffer.from(line).toString();
}
