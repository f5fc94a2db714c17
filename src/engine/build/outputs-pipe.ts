// A pipe between the worker, which writes an archive, and the front, which does with it what only the user may.
import { closeSync } from 'node:fs';
import { makeWidePipe } from '../../sys/byte-stream.ts';
import { errnoOf } from '../../sys/errors.ts';

/**
 * Runs `build` with the write end, and `take` with the read end beside it. When `take` fails the worker can write no more: then that is what is thrown.
 * When the build fails `take` sees a broken archive: then it is the build's failure.
 */
export async function piped<T>(take: (read: number) => Promise<void>, build: (write: number) => Promise<T>): Promise<T> {
  const { read, write } = makeWidePipe();
  const taking = take(read)
    .then(() => undefined, failed)
    .finally(() => closeSync(read));
  const built = await build(write)
    .then((value) => ({ value }), failed)
    .finally(() => closeSync(write));
  const refusal = await taking;
  if ('error' in built) throw refusal && errnoOf(built.error) === 'EPIPE' ? refusal.error : built.error;
  if (refusal) throw refusal.error;
  return built.value;
}

const failed = (error: unknown): { error: unknown } => ({ error });
