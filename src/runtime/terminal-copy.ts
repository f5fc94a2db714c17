// Reading and writing the master of a container's terminal. Bun.file(fd) reads with pread, which a terminal refuses, so node:tty does;
// it is loaded only here, since it costs 30 ms.
import { writeSync } from 'node:fs';
import { errnoOf } from '../sys/errors.ts';

/** Hands on what the terminal prints, at the pace of `deliver`; resolves when the last process that has it open is gone. */
export async function copyTerminal(master: number, deliver: (chunk: Uint8Array) => Promise<void> | void): Promise<void> {
  const { ReadStream } = await import('node:tty');
  const { promise, resolve } = Promise.withResolvers<void>();
  const stream = new ReadStream(master);
  stream.on('data', async (chunk: Buffer) => {
    stream.pause();
    await deliver(chunk);
    stream.resume();
  });
  // EIO is how Linux says that nobody has the other side open any more.
  stream.on('error', () => resolve());
  stream.on('close', () => resolve());
  stream.on('end', () => resolve());
  return promise;
}

/** Types `chunk` into the terminal; what a terminal that is gone would have got is lost. */
export async function writeTerminal(master: number, chunk: Uint8Array): Promise<void> {
  for (let offset = 0; offset < chunk.length; ) {
    try {
      offset += writeSync(master, chunk, offset, chunk.length - offset);
    } catch (error) {
      if (errnoOf(error) !== 'EAGAIN') return;
      await Bun.sleep(2);
    }
  }
}
