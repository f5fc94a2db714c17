// `skiff exec`: the program gets this command's own standard streams; the front only waits for it.
import { Command, flag, type Io, type Parsed } from '../cli/command.ts';
import { readKeyValueFile } from '../engine/create/key-value-file.ts';
import { type ExecCommand, execCommand, releaseExec } from '../engine/exec.ts';
import { EngineError } from '../sys/errors.ts';
import { signalNumber } from '../sys/signals.ts';

export default class Exec extends Command {
  static override description = 'Execute a command in a running container';
  static override usage = 'exec [OPTIONS] CONTAINER COMMAND [ARG...]';
  static override aliases = ['container:exec'];
  static override examples = ['skiff exec -it web sh', 'skiff exec -u 1000 -e DEBUG=1 web env'];
  static override minArgs = 2;
  static override stopAtFirstArgument = true;
  static override flags = {
    detach: flag.boolean({ char: 'd', description: 'Detached mode: run command in the background' }),
    env: flag.list({ char: 'e', description: 'Set environment variables' }),
    'env-file': flag.list({ description: 'Read in a file of environment variables' }),
    interactive: flag.boolean({ char: 'i', description: 'Keep STDIN open even if not attached' }),
    privileged: flag.boolean({ description: 'Give extended privileges to the command' }),
    tty: flag.boolean({ char: 't', description: 'Allocate a pseudo-TTY' }),
    user: flag.string({ char: 'u', description: 'Username or UID (format: "<name|uid>[:<group|gid>]")' }),
    workdir: flag.string({ char: 'w', description: 'Working directory inside the container' }),
  };
  async run({ ctx, flags, args, io }: Parsed<typeof Exec.flags>): Promise<number | undefined> {
    const [name = '', ...command] = args;
    if (flags.tty && flags.interactive && !io.stdinIsTerminal) {
      throw new EngineError('ERR_NOT_A_TTY', 'the input device is not a TTY', {
        hint: 'Leave out -t when standard input is a pipe or a file',
      });
    }
    const lookup = (variable: string): string | undefined => ctx.env[variable];
    const env = [
      ...flags['env-file'].flatMap((path) => readKeyValueFile({ path, kind: 'env file', lookup })),
      ...flags.env.flatMap((entry) => (entry.includes('=') ? [entry] : lookup(entry) === undefined ? [] : [`${entry}=${lookup(entry)}`])),
    ];
    const { user, workdir, tty = false, detach = false, privileged = false } = flags;
    const exec = execCommand(ctx, name, {
      command,
      env,
      tty,
      detach,
      privileged,
      ...(user === undefined ? {} : { user }),
      ...(workdir === undefined ? {} : { workdir }),
    });
    return tty && !detach && !io.stdinIsTerminal ? runOnTerminal(exec, io) : runExec(exec, { stdin: flags.interactive || tty, detach });
  }
}

// -t without a terminal of ours: the runtime wants one to copy to, so it gets one whose other end we print.
async function runOnTerminal(exec: ExecCommand, io: Io): Promise<number> {
  const child = Bun.spawn(exec.argv, {
    stdio: ['ignore', 'ignore', 'ignore', exec.processFd],
    env: exec.env,
    terminal: { cols: io.columns, rows: 24, data: (_, chunk) => io.out(chunk) },
  });
  releaseExec(exec);
  await child.exited;
  return exitCodeOf(child);
}

async function runExec(exec: ExecCommand, { stdin, detach }: { stdin: boolean | undefined; detach: boolean }): Promise<number> {
  const output = detach ? 'ignore' : 'inherit';
  const child = Bun.spawn(exec.argv, { stdio: [stdin && !detach ? 'inherit' : 'ignore', output, output, exec.processFd], env: exec.env });
  releaseExec(exec);
  // What the terminal sends goes to the program itself; the front must outlive it to give back its exit code.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => undefined);
  await child.exited;
  return exitCodeOf(child);
}

function exitCodeOf({ exitCode, signalCode }: Bun.Subprocess): number {
  return signalCode === null ? (exitCode ?? 1) : 128 + signalNumber(String(signalCode));
}
