// `skiff exec`: another program in a running container, on a terminal of its own or on pipes.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { DEFAULT_DETACH_KEYS, parseDetachKeys } from '../cli/detach-keys.ts';
import { runSession, type SessionEnd } from '../cli/session.ts';
import { readKeyValueFile } from '../engine/create/key-value-file.ts';
import { execDetached, execOnPipes, execOnTerminal } from '../engine/exec.ts';
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
    'detach-keys': flag.string({ description: 'Override the key sequence for leaving the command, which goes on' }),
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
      privileged,
      ...(user === undefined ? {} : { user }),
      ...(workdir === undefined ? {} : { workdir }),
    };
    if (detach) return await execDetached(ctx, name, { ...options, tty });
    const detachKeys = flags['detach-keys'] ?? DEFAULT_DETACH_KEYS;
    parseDetachKeys(detachKeys);
    const handlers = { stdout: (chunk: Uint8Array) => io.out(chunk), stderr: (chunk: Uint8Array) => io.err(chunk) };
    if (tty) {
      const attachment = await execOnTerminal(ctx, name, options, handlers);
      const end = await runSession(attachment, { stdin: flags.interactive, detachKeys, signals: false });
      if (end === 'detached') attachment.detach(true);
      return codeOf(end);
    }
    const attachment = await execOnPipes(ctx, name, { ...options, stdin: flags.interactive }, handlers);
    // The terminal's ^C ends the runtime beside us, which is in the foreground too: we stay to give back its exit code.
    for (const signal of ['SIGINT', 'SIGQUIT'] as const) process.on(signal, () => undefined);
    return codeOf(await runSession(attachment, { stdin: attachment.wantsInput, detachKeys, signals: false }));
  }
}

const codeOf = (end: SessionEnd): number => (typeof end === 'object' ? end.code : 0);
