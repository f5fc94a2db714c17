// `skiff login`: Docker's, with its words, and podman's logins for a part of a registry.
import { Command, flag, type Parsed } from '../cli/command.ts';
import { interruptible } from '../cli/interruptible.ts';
import { askLine, askSecret } from '../cli/prompt.ts';
import { readInput } from '../cli/read-input.ts';
import { checkLogin, keptLogin, type LoginTarget, login, loginTarget } from '../engine/login.ts';
import { EngineError } from '../sys/errors.ts';

const LONGEST_PASSWORD = 64 << 10;

export default class Login extends Command {
  static override description = 'Authenticate to a registry';
  static override usage = 'login [OPTIONS] [SERVER]';
  static override examples = [
    'skiff login',
    'skiff login -u me ghcr.io',
    'printf %s "$TOKEN" | skiff login -u me --password-stdin ghcr.io',
    'skiff login -u robot quay.io/team',
  ];
  static override maxArgs = 1;
  static override flags = {
    password: flag.string({ char: 'p', description: 'Password or Personal Access Token (PAT)' }),
    'password-stdin': flag.boolean({ description: 'Take the Password or Personal Access Token (PAT) from stdin' }),
    username: flag.string({ char: 'u', description: 'Username' }),
    'tls-verify': flag.string({
      description: 'Require HTTPS and verify certificates; =false also allows HTTP',
      options: ['true', 'false'],
      bareValue: 'true',
      helpValue: 'bool',
    }),
  };

  async run(input: Parsed<typeof Login.flags>): Promise<number | undefined> {
    const { ctx, flags, args, io } = input;
    const target = loginTarget(args[0]);
    const password = await givenPassword(input);
    if (flags.username === undefined && password === undefined && (await isLoggedIn(input, target))) {
      io.out('Login Succeeded\n');
      return undefined;
    }
    const given = await askForMissing(input, { target, password });
    const kept = await interruptible((signal) =>
      login(ctx, target, { ...given, tlsVerify: flags['tls-verify'] === undefined ? undefined : flags['tls-verify'] !== 'false', signal }),
    );
    if ('path' in kept) {
      io.err(`WARNING! Your credentials are stored unencrypted in '${kept.path}'.\n`);
      io.err('Configure a credential helper (credsStore) there to remove this warning.\n\n');
    }
    io.out('Login Succeeded\n');
    return undefined;
  }
}

type Input = Parsed<typeof Login.flags>;

async function givenPassword({ flags, io }: Input): Promise<string | undefined> {
  if (flags.username === '') throw usage('username is empty');
  if (flags.password !== undefined) {
    io.err('WARNING! Using --password via the CLI is insecure. Use --password-stdin.\n');
    if (flags['password-stdin']) throw usage('--password and --password-stdin are mutually exclusive');
  }
  if (flags['password-stdin'] && flags.username === undefined) throw usage('Must provide --username with --password-stdin');
  if (flags.password === undefined && !flags['password-stdin']) return undefined;
  const password = flags.password ?? (await readInput(LONGEST_PASSWORD)).toString().replace(/\r?\n$/, '');
  if (password === '') throw usage('password is empty');
  if (password.length > LONGEST_PASSWORD) throw usage(`the password is longer than ${LONGEST_PASSWORD} bytes`);
  return password;
}

/** Whether the login that is kept is good still; one that is not is told, and asked for anew. */
async function isLoggedIn({ ctx, io }: Input, target: LoginTarget): Promise<boolean> {
  const credentials = await keptLogin(ctx, target);
  if (!credentials) return false;
  io.err(`Authenticating with existing credentials... [Username: ${credentials.username}]\n`);
  try {
    await interruptible((signal) => checkLogin(ctx, target, credentials, signal));
    return true;
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'ERR_AUTH') throw error;
    io.err(`Login did not succeed, error: ${error.message}\n`);
    return false;
  }
}

async function askForMissing(
  { flags, io }: Input,
  { target, password }: { target: LoginTarget; password: string | undefined },
): Promise<{ username: string; password: string }> {
  const isAsked = flags.username === undefined || password === undefined;
  if (isAsked && !io.stdinIsTerminal) {
    throw new EngineError('ERR_NOT_A_TERMINAL', 'Cannot perform an interactive login from a non TTY device', {
      hint: 'Give --username and --password-stdin',
    });
  }
  if (flags.username === undefined && target.isDockerHub) {
    io.out('Log in with your Docker ID or email address. A Personal Access Token (PAT) can be used instead of the password:\n');
    io.out('create one at https://app.docker.com/settings/personal-access-tokens\n\n');
  }
  const username = flags.username ?? askLine(io, 'Username: ');
  if (username === '') throw usage('Non-null Username Required');
  const secret = password ?? (await askSecret(io, 'Password: '));
  if (secret === '') throw usage('Password Required');
  return { username, password: secret };
}

const usage = (message: string): EngineError => new EngineError('ERR_USAGE', message);
