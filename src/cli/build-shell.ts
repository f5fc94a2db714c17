// The shell of `--shell-at` and `--on-error shell`: a container of the rootfs that the build kept, its user, folder, variables, caches and tmpfs as the step
// had them. It is run by `run`, which knows about terminals; when it ends, container and image go.
import type { KeptShell } from '../engine/build/model.ts';
import { shellMounts } from '../engine/build/shell-mounts.ts';
import type { Ctx } from '../sys/context.ts';
import type { Io } from './command.ts';

/** bash where the rootfs has it. */
const SCRIPT = 'command -v bash >/dev/null 2>&1 && exec bash; exec sh';

/** Returns when the user has left it. */
export async function openBuildShell(ctx: Ctx, io: Io, shell: KeptShell): Promise<void> {
  const { mounts, left } = shellMounts(ctx, shell.mounts);
  io.err(`A shell where the build stopped, at ${shell.step}\n`);
  if (left.length > 0) io.err(`Not mounted in it: ${left.join(', ')}\n`);
  const { front } = await import('./front.ts');
  const words = [
    ...['--root', ctx.paths.data, '--runroot', ctx.paths.run, 'run', '--rm', '--pull', 'never', io.stdinIsTerminal ? '-it' : '-i'],
    ...['--entrypoint', '/bin/sh', '--workdir', shell.workdir, ...(shell.user === '' ? [] : ['--user', shell.user])],
    ...shell.env.flatMap((entry) => ['--env', entry]),
    ...mounts.flatMap(({ flag, value }) => [flag, value]),
    ...[shell.image, '-c', SCRIPT],
  ];
  try {
    await front(words);
  } finally {
    const { removeImage } = await import('../engine/remove-image.ts');
    // One that was here before, or got a name meanwhile, is not ours to remove.
    await removeImage(ctx, shell.image).catch(() => undefined);
  }
}
