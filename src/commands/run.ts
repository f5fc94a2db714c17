// `skiff run`: pull if needed, create, start; then in the foreground until the container ends, whose exit code is ours, or -d in the
// background. A container that cannot be started stays as created, unless --rm.
import { Command, flag, type Io, type Parsed } from '../cli/command.ts';
import { containerFlags } from '../cli/container-flags.ts';
import { parseDetachKeys } from '../cli/detach-keys.ts';
import type { FlagValues } from '../cli/flag.ts';
import { attachAndFollow } from '../cli/follow.ts';
import { healing } from '../cli/healing.ts';
import { makeContainer } from '../cli/make-container.ts';
import { startContainer } from '../engine/start.ts';
import type { Ctx } from '../sys/context.ts';

export default class Run extends Command {
  static override description = 'Create and run a new container from an image';
  static override usage = 'run [OPTIONS] IMAGE [COMMAND] [ARG...]';
  static override aliases = ['container:run'];
  static override examples = ['skiff run --rm localhost/hello', 'skiff run -it --rm alpine sh', 'skiff run -d --name web -p 8080:80 nginx'];
  static override minArgs = 1;
  static override stopAtFirstArgument = true;
  static override errorExitCode = 125;
  static override flags = {
    ...containerFlags,
    detach: flag.boolean({ char: 'd', description: 'Run container in background and print container ID' }),
    'detach-keys': flag.string({ description: 'Override the key sequence for detaching a container' }),
    'sig-proxy': flag.boolean({ description: 'Proxy received signals to the process', default: true }),
  };

  async run({ ctx, flags, args, io }: Parsed<typeof Run.flags>): Promise<number | undefined> {
    const { detach } = flags;
    if (flags['detach-keys']) parseDetachKeys(flags['detach-keys']);
    if (flags.tty && flags.interactive && !detach && !io.stdinIsTerminal) {
      // As Docker: not a failed container (125), only a wrong call.
      io.err('skiff: the input device is not a TTY\nLeave out -t when standard input is a pipe or a file\n');
      return 1;
    }
    const make = () => makeContainer({ ctx, flags, args, io, detach, startsNow: true });
    const again = (work: () => Promise<number>): Promise<number> => {
      // What of standard input was read on the way to a failed start is gone.
      return !detach && flags.interactive ? work() : healing(work, { ctx, say: (line) => io.err(line) });
    };
    // One that goes when it cannot be started is made anew, one that stays is started again.
    if (flags.rm) return again(async () => runOnce({ ctx, io, flags, id: (await make()).id }));
    const { id } = await make();
    return again(() => begin({ ctx, io, id, flags }));
  }
}

async function runOnce(input: FollowInput): Promise<number> {
  try {
    return await begin(input);
  } catch (error) {
    await discard(input.ctx, input.id);
    throw error;
  }
}

interface FollowInput {
  ctx: Ctx;
  io: Io;
  id: string;
  flags: FlagValues<typeof Run.flags>;
}

async function begin(input: FollowInput): Promise<number> {
  if (!input.flags.detach) return follow(input);
  await startContainer(input.ctx, input.id);
  input.io.out(`${input.id}\n`);
  return 0;
}

function follow({ ctx, io, id, flags }: FollowInput): Promise<number> {
  const shows = (stream: string): boolean => flags.attach.length === 0 || flags.attach.includes(stream);
  return attachAndFollow(ctx, io, id, {
    start: true,
    stdin: flags.interactive || flags.attach.includes('stdin'),
    stdout: shows('stdout'),
    stderr: shows('stderr'),
    detachKeys: flags['detach-keys'],
    signals: flags['sig-proxy'],
  });
}

/** --rm: a container that could not be started goes too. It may be gone already. */
async function discard(ctx: Ctx, id: string): Promise<void> {
  const { removeContainer } = await import('../engine/remove.ts');
  await removeContainer(ctx, id, { force: true, volumes: true }).catch(() => undefined);
}
