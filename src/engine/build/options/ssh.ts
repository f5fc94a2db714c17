// `--ssh default` or `--ssh ID=SOCKET|KEY[,KEY]`: the agents that steps may ask. Keys are given to an ssh-agent of the build's own, which ends with the
// build however that ends: the agent lives as long as the program it was started with, a `cat` whose input is ours.
import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Ctx } from '../../../sys/context.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { SshSource } from '../model.ts';

export interface SshSpec {
  id: string;
  /** An agent's socket, or private keys; none: the user's own agent. */
  paths: string[];
}

export interface SshAgents {
  sockets: Record<string, SshSource>;
  /** To be called when the build has ended. */
  close(): void;
}

/** Throws an Error. */
export function parseSsh(text: string): SshSpec {
  const equals = text.indexOf('=');
  const id = equals === -1 ? text : text.slice(0, equals);
  if (id === '' || id.includes(',')) throw new Error('an id is needed: default, or ID=SOCKET|KEY');
  const paths = equals === -1 ? [] : text.slice(equals + 1).split(',');
  if (paths.some((path) => path === '')) throw new Error(`"${id}" names an empty path`);
  return { id, paths };
}

/** Finds each agent, and starts one for keys. Throws ERR_SSH. `folder`: what relative paths start from. */
export async function openSshAgents(ctx: Pick<Ctx, 'env'>, specs: readonly SshSpec[], folder = '.'): Promise<SshAgents> {
  const sockets: Record<string, SshSource> = {};
  const closers: (() => void)[] = [];
  const close = (): void => {
    for (const closer of closers.splice(0)) closer();
  };
  try {
    for (const { id, paths } of specs) {
      const found = paths.length === 0 ? [userAgent(ctx, id)] : paths.map((path) => resolve(folder, path));
      const [first = ''] = found;
      if (found.length === 1 && kindOf(id, first) === 'socket') sockets[id] = { socket: first };
      else {
        const agent = await agentOfKeys(ctx, id, found);
        closers.push(agent.close);
        sockets[id] = { socket: agent.socket };
      }
    }
    return { sockets, close };
  } catch (error) {
    close();
    throw error;
  }
}

function userAgent(ctx: Pick<Ctx, 'env'>, id: string): string {
  const socket = ctx.env.SSH_AUTH_SOCK;
  if (socket) return socket;
  throw bad(id, 'invalid empty ssh agent socket: SSH_AUTH_SOCK is not set', 'Start an agent: eval "$(ssh-agent)" && ssh-add');
}

function kindOf(id: string, path: string): 'socket' | 'key' {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) throw bad(id, `"${path}" does not exist`, 'Name the socket of an agent, or a private key');
  if (stat.isSocket()) return 'socket';
  if (stat.isFile()) return 'key';
  throw bad(id, `"${path}" is neither a socket nor a file`, 'Name the socket of an agent, or a private key');
}

async function agentOfKeys(ctx: Pick<Ctx, 'env'>, id: string, keys: readonly string[]): Promise<{ socket: string; close: () => void }> {
  for (const key of keys) {
    if (kindOf(id, key) === 'socket') throw bad(id, 'a socket cannot stand beside other paths', 'Give it an id of its own');
  }
  const [agent, add] = ['ssh-agent', 'ssh-add'].map((name) => Bun.which(name, { PATH: ctx.env.PATH ?? '' }));
  if (!agent || !add) throw bad(id, 'ssh-agent is not installed, which holds the keys', 'Install it: apt-get install openssh-client');
  // It makes its socket's folder itself, and takes it away when it ends, by our word or some seconds after we are no more.
  const keeper = Bun.spawn([agent, 'sh', '-c', SAY_WHERE], { stdin: 'pipe', stdout: 'pipe', stderr: 'ignore', env: { ...ctx.env } });
  const [socket = '', pid = ''] = (await firstLines(keeper.stdout, 2)).split('\n');
  const close = (): void => {
    if (pid !== '') end(Number(pid));
    void keeper.stdin.end();
  };
  try {
    if (socket === '') throw bad(id, 'ssh-agent did not start', 'Start one and name its socket');
    // A key with a passphrase is asked for on the terminal.
    const adding = Bun.spawn([add, '-q', ...keys], { stdio: ['inherit', 'ignore', 'pipe'], env: { ...ctx.env, SSH_AUTH_SOCK: socket } });
    const [said, code] = await Promise.all([new Response(adding.stderr).text(), adding.exited]);
    if (code !== 0) {
      // Its warning of a key that others may read begins with a banner.
      const why = said.split(/[\r\n]+/).find((line) => line !== '' && !line.startsWith('@'));
      throw bad(id, `ssh-add refused a key: ${why ?? `exit code ${code}`}`, 'Name private keys that you alone may read');
    }
    return { socket, close };
  } catch (error) {
    close();
    throw error;
  }
}

const SAY_WHERE = 'echo "$SSH_AUTH_SOCK"; echo "$SSH_AGENT_PID"; exec cat';

async function firstLines(stream: ReadableStream<Uint8Array>, count: number): Promise<string> {
  const reader = stream.getReader();
  let text = '';
  while (text.split('\n').length <= count) {
    const { value, done } = await reader.read();
    if (done) break;
    text += Buffer.from(value).toString();
  }
  return text;
}

function end(pid: number): void {
  try {
    process.kill(pid);
  } catch {
    // It has ended.
  }
}

const bad = (id: string, why: string, hint: string): EngineError =>
  new EngineError('ERR_SSH', `Cannot forward ssh agent "${id}": ${why}`, { hint });
