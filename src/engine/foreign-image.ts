// An image that is read from another engine's store as a stream, as `load` reads any archive: what comes is checked against the digests in its config.
import { closeSync } from 'node:fs';
import type { ForeignImage } from '../runtime/messages-archive.ts';
import { makeWidePipe } from '../sys/byte-stream.ts';
import type { Ctx } from '../sys/context.ts';
import { runJob } from './worker-client.ts';

/** Runs `work` with a stream that is the image as an archive. Throws ERR_FOREIGN_STORE, and what `work` throws. */
export async function withForeignImage<T>(
  ctx: Ctx,
  image: ForeignImage,
  work: (fd: number) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const { read, write } = makeWidePipe();
  let isOpen = true;
  const closeOurs = (): void => {
    if (isOpen) closeSync(write);
    isOpen = false;
  };
  const writing = runJob(ctx, { kind: 'foreign-image', image }, { output: write, signal, onStart: closeOurs })
    .then(
      () => undefined,
      (error: unknown) => ({ error }),
    )
    .finally(closeOurs);
  const outcome = await work(read).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  // What is still written now meets a closed pipe.
  closeSync(read);
  const failure = await writing;
  if ('result' in outcome) return outcome.result;
  // A stream that breaks off is its writer's failure first.
  throw failure ? failure.error : outcome.error;
}
