// The container's standard streams: everything it prints goes to the log and to whoever is attached, at the pace of the slowest
// of them, so that memory stays bounded. Pipes are ours, not the runtime's, since the runtime ends before the container does.
import { closeSync } from 'node:fs';
import { makePipe, setWindowSize } from '../../sys/fd.ts';
import { openInputPipe } from '../input-pipe.ts';
import { copyTerminal, writeTerminal } from '../terminal-copy.ts';
import { stirred } from './tidy.ts';

export type OutputStream = 'stdout' | 'stderr';

export interface OutputTarget {
  write(stream: OutputStream, chunk: Uint8Array): void;
  /** Resolves when the target can take more. */
  drained?(): Promise<void>;
}

export interface Streams {
  /** For the runtime: the container's ends. */
  stdio: [number | 'ignore', number, number];
  /** Closes the container's ends here, once the runtime has them. */
  handedOver(): void;
  /** Starts to copy. `terminal` is the master when the container has one. */
  begin(terminal?: number): void;
  attach(target: OutputTarget): () => void;
  writeInput(chunk: Uint8Array): Promise<void>;
  endInput(): void;
  resize(size: { rows: number; columns: number }): void;
  /** Resolves once all that the container printed is with its targets. */
  ended: Promise<void>;
}

export function openStreams(options: { stdin: boolean; terminal: boolean; log: OutputTarget | undefined }): Streams {
  const targets = new Set<OutputTarget>(options.log ? [options.log] : []);
  const { promise: ended, resolve: end } = Promise.withResolvers<void>();
  const deliver = async (stream: OutputStream, chunk: Uint8Array): Promise<void> => {
    stirred();
    for (const target of targets) target.write(stream, chunk);
    for (const target of targets) if (target.drained) await target.drained();
  };
  const attach = (target: OutputTarget): (() => void) => {
    targets.add(target);
    return () => targets.delete(target);
  };
  return options.terminal ? terminalStreams(deliver, attach, ended, end) : pipeStreams(options.stdin, deliver, attach, ended, end);
}

type Deliver = (stream: OutputStream, chunk: Uint8Array) => Promise<void>;

function pipeStreams(stdin: boolean, deliver: Deliver, attach: Streams['attach'], ended: Promise<void>, end: () => void): Streams {
  const input = stdin ? makePipe() : undefined;
  const output = makePipe();
  const errors = makePipe();
  const writer = input && openInputPipe(input.write);
  return {
    stdio: [input?.read ?? 'ignore', output.write, errors.write],
    handedOver: () => {
      for (const fd of [input?.read, output.write, errors.write]) if (fd !== undefined) closeSync(fd);
    },
    begin: () => {
      void Promise.all([copyPipe(output.read, 'stdout', deliver), copyPipe(errors.read, 'stderr', deliver)]).then(end, end);
    },
    attach,
    writeInput: async (chunk) => writer?.write(chunk),
    endInput: () => writer?.end(),
    resize: () => undefined,
    ended,
  };
}

async function copyPipe(fd: number, stream: OutputStream, deliver: Deliver): Promise<void> {
  const reader = Bun.file(fd).stream().getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      await deliver(stream, value);
    }
  } finally {
    // The stream does not own its descriptor.
    closeSync(fd);
  }
}

function terminalStreams(deliver: Deliver, attach: Streams['attach'], ended: Promise<void>, end: () => void): Streams {
  let master: number | undefined;
  let size: { rows: number; columns: number } | undefined;
  return {
    stdio: ['ignore', -1, -1],
    handedOver: () => undefined,
    begin: (terminal) => {
      if (terminal === undefined) return end();
      master = terminal;
      if (size) setWindowSize(terminal, size);
      const over = (): void => {
        // Closed by its reader: the number may be another file's soon.
        master = undefined;
        end();
      };
      void copyTerminal(terminal, (chunk) => deliver('stdout', chunk)).then(over, over);
    },
    attach,
    writeInput: async (chunk) => {
      if (master !== undefined) await writeTerminal(master, chunk);
    },
    // A terminal has no end of input: that is ^D, which the client sends as a byte.
    endInput: () => undefined,
    resize: (wanted) => {
      size = wanted;
      if (master !== undefined) setWindowSize(master, wanted);
    },
    ended,
  };
}
