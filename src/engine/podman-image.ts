// An image of podman's store, read through podman itself where it is installed: it knows the formats of all its versions. Nothing is written there.
// Where it is not, podman-store.ts reads its files.
import { closeSync } from 'node:fs';
import { makeWidePipe } from '../sys/byte-stream.ts';
import { childEnv } from '../sys/child-env.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { findProgram } from '../sys/programs.ts';

const LONGEST_COMPLAINT = 4096;

export const hasPodman = ({ env }: Pick<Ctx, 'env'>): boolean => findProgram(env, 'podman') !== undefined;

/** Runs `work` with a stream that is the image as an archive. Throws ERR_PODMAN. */
export async function withPodmanImage<T>(
  ctx: Ctx,
  name: string,
  work: (fd: number) => Promise<T>,
  signal: AbortSignal | undefined,
): Promise<T> {
  const program = findProgram(ctx.env, 'podman') ?? 'podman';
  signal?.throwIfAborted();
  const { read, write } = makeWidePipe();
  const podman = Bun.spawn([program, 'save', '--quiet', '--format', 'docker-archive', name], {
    stdio: ['ignore', write, 'pipe'],
    env: childEnv(ctx.env),
  });
  closeSync(write);
  const complaint = new Response(podman.stderr).text();
  const outcome = await work(read).then(
    (result) => ({ result }),
    (error: unknown) => ({ error }),
  );
  // What it still writes now meets a closed pipe.
  closeSync(read);
  await podman.exited;
  if ('result' in outcome) return outcome.result;
  // A stream that breaks off is podman's failure first.
  const said = await complaint;
  throw podman.signalCode === null && podman.exitCode !== 0 && said !== '' && !signal?.aborted ? refused(name, said) : outcome.error;
}

function refused(name: string, complaint: string): EngineError {
  const said =
    complaint
      .trim()
      .slice(-LONGEST_COMPLAINT)
      .split('\n')
      .at(-1)
      ?.replace(/^Error: /, '') ?? '';
  return new EngineError('ERR_PODMAN', `podman cannot give the image "${name}"${said ? `: ${said}` : ''}`, {
    hint: 'See what it has: podman images',
  });
}
