import { closeSync, readSync } from 'node:fs';
import { type InputPipe, openInputPipe } from '../../../src/runtime/input-pipe.ts';
import { makePipe } from '../../../src/sys/fd.ts';

const LARGE = new Uint8Array(500_000);

test('a chunk larger than the pipe is taken as the reader reads', async () => {
  const { read, write } = makePipe();
  const pipe = openInputPipe(write);
  const reader = Bun.file(read).stream().getReader();
  const written = pipe.write(LARGE).then(() => pipe.end());
  let bytes = 0;
  for (let next = await reader.read(); !next.done; next = await reader.read()) bytes += next.value.length;
  await written;
  closeSync(read);
  expect(bytes).toBe(LARGE.length);
});

test('a reader that goes while a chunk waits is no failure anywhere, and later chunks and ends are passed over', async () => {
  const failures: unknown[] = [];
  const note = (error: unknown): void => void failures.push(error);
  process.on('unhandledRejection', note);
  try {
    for (let round = 0; round < 20; round++) {
      const { read, write } = makePipe();
      const pipe = openInputPipe(write);
      const written = writeParts(pipe);
      if (round % 2 === 0) readSync(read, new Uint8Array(1000));
      closeSync(read);
      await written;
      await pipe.write(LARGE);
      pipe.end();
      pipe.end();
    }
    await Bun.sleep(10);
  } finally {
    process.off('unhandledRejection', note);
  }
  expect(failures).toEqual([]);
});

async function writeParts(pipe: InputPipe): Promise<void> {
  for (let at = 0; at < LARGE.length; at += 65_536) await pipe.write(LARGE.subarray(at, at + 65_536));
}
