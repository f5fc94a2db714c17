// Programs that keep logins in a keyring, by Docker's protocol for them: `docker-credential-NAME get|store|erase`, everything secret on standard
// input and output, never on the command line. They are strangers: one that hangs is given up, what it prints is checked and never quoted
// where it might hold a secret. Trap: keyrings know their user by the uid at the other end of a socket, so a helper must not run in the
// user namespace; a worker has its front call it (delegateHelpers).
import { childEnv } from '../sys/child-env.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';

type Env = Readonly<Record<string, string | undefined>>;

export interface HelperCall {
  /** What follows `docker-credential-`. */
  helper: string;
  action: 'get' | 'store' | 'erase';
  /** The registry's key. */
  server: string;
  /** For `store`. */
  username?: string;
  secret?: string;
}

export interface HelperSecret {
  username: string;
  secret: string;
}

export type HelperRunner = (env: Env, call: HelperCall) => Promise<HelperSecret | undefined>;

const DEFAULT_SECONDS = 60;
const LARGEST_OUTPUT = 1 << 20;
const LONGEST_QUOTE = 200;
const NOT_FOUND = 'credentials not found in native keychain';

let run: HelperRunner = runHelper;

/** From now on helpers are called by `runner`, in another process. */
export function delegateHelpers(runner: HelperRunner): void {
  run = runner;
}

/** Calls a helper; the login for `get`, undefined where it has none. Throws ERR_CREDENTIAL_HELPER. */
export function callHelper(env: Env, call: HelperCall): Promise<HelperSecret | undefined> {
  return run(env, call);
}

async function runHelper(env: Env, call: HelperCall): Promise<HelperSecret | undefined> {
  const { helper, action, server, username, secret } = call;
  const program = `docker-credential-${helper}`;
  if (!/^[\w.-]+$/.test(helper)) throw failed(call, 'its name is not one of a program');
  const child = spawn(env, program, call);
  const output = child.stdout.getReader();
  const expired = Symbol();
  let timer: Timer | undefined;
  const patience = Number(env.SKIFF_CREDENTIAL_TIMEOUT) > 0 ? Number(env.SKIFF_CREDENTIAL_TIMEOUT) : DEFAULT_SECONDS;
  try {
    const login = { ServerURL: server, Username: username, Secret: secret };
    const input = action === 'store' ? `${JSON.stringify(login)}\n` : server;
    void feed(child.stdin, input);
    const late = new Promise<typeof expired>((resolve) => {
      timer = setTimeout(() => resolve(expired), patience * 1000);
    });
    // Not its exit alone: a child of it may hold its output open for ever.
    const ended = await Promise.race([Promise.all([textOf(output), child.exited]), late]);
    if (ended === expired) throw failed(call, `"${program}" has not answered within ${patience} seconds`);
    const [said, code] = ended;
    if (code !== 0) return refusal(call, program, said.trim());
    return action === 'get' ? secretIn(call, program, said) : undefined;
  } finally {
    clearTimeout(timer);
    child.kill('SIGKILL');
    void output.cancel();
  }
}

function spawn(env: Env, program: string, call: HelperCall) {
  try {
    return Bun.spawn([program, call.action], { stdio: ['pipe', 'pipe', 'ignore'], env: childEnv(env) });
  } catch (error) {
    throw failed(
      call,
      errnoOf(error) === 'ENOENT' ? `"${program}" is not in $PATH` : `"${program}" cannot be run: ${errnoOf(error)}`,
      error,
    );
  }
}

// A helper may end without reading.
async function feed(stdin: Bun.FileSink, input: string): Promise<void> {
  try {
    stdin.write(input);
    await stdin.end();
  } catch {
    // Its exit code says what there is to say.
  }
}

async function textOf(output: { read(): Promise<{ done: boolean; value?: Uint8Array | undefined }> }): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  while (text.length <= LARGEST_OUTPUT) {
    const { value } = await output.read();
    if (value === undefined) break;
    text += decoder.decode(value, { stream: true });
  }
  return text;
}

function refusal(call: HelperCall, program: string, said: string): undefined {
  if (call.action !== 'store' && (said === NOT_FOUND || said === '')) return undefined;
  // It was given the secret and may print it back.
  const safe = call.secret ? said.replaceAll(call.secret, '…') : said;
  const quote = safe.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').slice(0, LONGEST_QUOTE);
  throw failed(call, `"${program}" failed${quote ? `: ${quote}` : ''}`);
}

function secretIn(call: HelperCall, program: string, output: string): HelperSecret | undefined {
  let value: unknown;
  try {
    value = JSON.parse(output);
  } catch {
    throw failed(call, `"${program}" did not print JSON`);
  }
  // By hand: this is loaded by every worker, and the library would take longer to load than most of them work.
  const { Username: username, Secret: secret } = (value ?? {}) as { Username?: unknown; Secret?: unknown };
  if (typeof username !== 'string' || typeof secret !== 'string') throw failed(call, `"${program}" did not print a username and a secret`);
  return username === '' && secret === '' ? undefined : { username, secret };
}

const VERBS = { get: 'get', store: 'save', erase: 'erase' } as const;

function failed({ action, server }: HelperCall, why: string, cause?: unknown): EngineError {
  return new EngineError('ERR_CREDENTIAL_HELPER', `Cannot ${VERBS[action]} the credentials for "${server}": ${why}`, {
    hint: 'The credential helper is named in ~/.docker/config.json (credsStore, credHelpers): mend it there, or take it out',
    ...(cause === undefined ? {} : { cause }),
  });
}
