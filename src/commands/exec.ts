// `skiff exec`: the program gets this command's own standard streams; the front only waits for it.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../cli/detach-keys.ts';
import { runSession } from '../cli/session.ts';
import { readKeyValueFile } from '../engine/create/key-value-file.ts';
import { type ExecCommand, execCommand, execOnTerminal, exitCodeOf, releaseExec } from '../engine/exec.ts';
import { EngineError } from '../sys/errors.ts';

export default class Exec extends Command {
  static override description = 'Execute a command in a running container';
  static override usage = 'exec [OPTIONS] CONTAINER COMMAND [ARG...]';
  static override aliases = ['container:exec'];
  static override examples = ['skiff exec -it web sh', 'skiff exec -u 1000 -e DEBUG=1 web env'];
  static override minArgs = 2;
  static override stopAtFirstArgument = true;
  static override flags = {
    detach: flag.boolean({ char: 'd', description: 'Detached mode: run command in the background' }),
    'detach-keys': flag.string({ description: 'Override the key sequence for detaching a container' }),
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
    const options = {
      command,
      env,
      detach,
      privileged,
      ...(user === undefined ? {} : { user }),
      ...(workdir === undefined ? {} : { workdir }),
    };
    if (!tty || detach) return runExec(await execCommand(ctx, name, { ...options, tty }), { stdin: flags.interactive, detach });
    const detachKeys = flags['detach-keys'] ?? DEFAULT_DETACH_KEYS;
    parseDetachKeys(detachKeys);
    const attachment = await execOnTerminal(ctx, name, options, { stdout: (chunk) => io.out(chunk), stderr: (chunk) => io.err(chunk) });
    const end = await runSession(attachment, { stdin: flags.interactive, detachKeys, signals: false });
    return typeof end === 'object' ? end.code : 0;
  }
}

async function runExec(exec: ExecCommand, { stdin, detach }: { stdin: boolean; detach: boolean }): Promise<number> {
  const output = detach ? 'ignore' : 'inherit';
  const child = Bun.spawn(exec.argv, { stdio: [stdin && !detach ? 'inherit' : 'ignore', output, output, exec.processFd], env: exec.env });
  releaseExec(exec);
  // What the terminal sends goes to the program itself; the front must outlive it to give back its exit code.
  for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => undefined);
  await child.exited;
  return exitCodeOf(child);
}
