// Repositories by the `git` program, as the user: their configuration, credential helpers, keys and agent are used as they would be at a prompt,
// but nothing is asked. First the commit is looked up, which is all that a cache needs; then it is fetched alone, without its history.
// In a worker the user is root of a namespace: programs that ask for the home of who runs them (ssh) would look at root's. So git is run there in one more
// namespace, in which the user has their own number.
import { existsSync, mkdirSync, readFileSync, realpathSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { childEnv } from '../../../sys/child-env.ts';
import type { Ctx } from '../../../sys/context.ts';
import { EngineError } from '../../../sys/errors.ts';
import { requireProgram } from '../../../sys/programs.ts';
import { type GitSource, withoutPassword } from './git-url.ts';

export interface GitCommit {
  commit: string;
  /** The full name of the branch or tag; undefined where a commit was asked for. */
  name: string | undefined;
}

interface GitCalls {
  signal: AbortSignal;
  /** In a worker, the socket of an ssh agent that a build was given. */
  sshAgent?: string | undefined;
}

const COMMIT = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** Asks the server which commit is meant. Throws ERR_GIT, ERR_NO_PROGRAM. */
export async function findCommit(ctx: Ctx, source: GitSource, calls: GitCalls): Promise<GitCommit> {
  const { ref, commit } = source;
  const remote = withoutLogin(source.remote);
  if (ref !== undefined && COMMIT.test(ref)) return checked(source, { commit: ref, name: undefined });
  if (ref === undefined && commit !== undefined && COMMIT.test(commit)) return { commit, name: undefined };
  const wanted = ref === undefined ? ['HEAD'] : [ref, `${ref}^{}`];
  const listed = await git(ctx, ['ls-remote', '--', remote, ...wanted], { source, ...calls });
  const found = new Map(
    listed
      .split('\n')
      .filter(Boolean)
      .map((line): [string, string] => [line.slice(line.indexOf('\t') + 1), line.slice(0, line.indexOf('\t'))]),
  );
  for (const name of ref === undefined ? ['HEAD'] : [ref, `refs/heads/${ref}`, `refs/tags/${ref}`]) {
    const hash = found.get(`${name}^{}`) ?? found.get(name);
    if (hash !== undefined) return checked(source, { commit: hash, name });
  }
  const what = ref === undefined ? 'no default branch' : `no branch or tag "${ref}"`;
  throw new EngineError('ERR_GIT', `repository ${withoutPassword(remote)} does not contain ref ${ref ?? 'HEAD'}: it has ${what}`, {
    hint: 'A commit is named by its full hash: 40 digits',
  });
}

function checked({ remote, commit: expected }: GitSource, found: GitCommit): GitCommit {
  if (expected === undefined || found.commit.startsWith(expected.toLowerCase())) return found;
  throw new EngineError(
    'ERR_CHECKSUM',
    `expected checksum to match ${expected}, got ${found.commit}: the commit of ${withoutPassword(remote)} is another`,
    { hint: 'Look at what changed in the repository, then name the new commit' },
  );
}

/** Puts the commit's files into `folder/tree`, which is made, and returns the folder that was asked for. Throws ERR_GIT. */
export async function checkOut(
  ctx: Ctx,
  { source, found, folder, keepGitDir }: { source: GitSource; found: GitCommit; folder: string; keepGitDir: boolean },
  calls: GitCalls,
): Promise<string> {
  const tree = join(folder, 'tree');
  mkdirSync(tree, { mode: 0o755 });
  const run = (args: string[]): Promise<string> => git(ctx, ['-C', tree, ...args], { source, ...calls });
  await run(['-c', 'init.defaultBranch=main', 'init', '-q', '--template=']);
  await run(['remote', 'add', 'origin', withoutLogin(source.remote)]);
  const fetching = ['fetch', '-q', '--no-tags', '--depth', '1', 'origin'];
  const what = found.name === undefined ? found.commit : `+${found.name}`;
  // Servers may refuse to hand out a commit that no branch begins with.
  await run([...fetching, what]).catch(async (error: unknown) => {
    if (found.name !== undefined) throw error;
    await run(['fetch', '-q', 'origin', '+refs/heads/*:refs/remotes/origin/*', '+refs/tags/*:refs/tags/*']);
  });
  await run(['-c', 'advice.detachedHead=false', 'checkout', '-q', '--force', found.commit]);
  if (source.submodules && existsSync(join(tree, '.gitmodules')))
    await run(['submodule', '-q', 'update', '--init', '--recursive', '--depth=1']);
  if (!keepGitDir) rmSync(join(tree, '.git'), { recursive: true, force: true });
  return folderIn(tree, source);
}

// Arguments are in the process list, and what is in a repository's configuration goes into an image with --keep-git-dir: a login is in neither.
const withoutLogin = (remote: string): string => (/^https?:/.test(remote) ? withoutPassword(remote) : remote);

/** The login that an http(s) URL holds, for git as configuration in its environment (git-config(1), GIT_CONFIG_COUNT: git 2.31). */
export function loginSettings(remote: string, env: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const [, start = '', user = '', password = '', host = ''] = /^(https?:\/\/)([^/:]*)(?::([^/]*))?@([^/@]+\/)/.exec(remote) ?? [];
  if (start === '') return {};
  const login = Buffer.from(`${decoded(user)}:${decoded(password)}`).toString('base64');
  const count = Number(env.GIT_CONFIG_COUNT) || 0;
  return {
    GIT_CONFIG_COUNT: String(count + 1),
    [`GIT_CONFIG_KEY_${count}`]: `http.${start}${host}.extraHeader`,
    [`GIT_CONFIG_VALUE_${count}`]: `Authorization: Basic ${login}`,
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function folderIn(tree: string, { folder, remote }: GitSource): string {
  const path = join(tree, folder);
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const real = isFolder ? realpathSync(path) : '';
  if (isFolder && (real === realpathSync(tree) || real.startsWith(`${realpathSync(tree)}/`))) return real;
  throw new EngineError('ERR_GIT', `${withoutPassword(remote)} has no folder "${folder}"`, {
    hint: 'Look at what follows the colon in the URL',
  });
}

async function git(ctx: Ctx, args: string[], { source, signal, sshAgent }: GitCalls & { source: GitSource }): Promise<string> {
  const program = gitProgram(ctx);
  signal.throwIfAborted();
  const child = Bun.spawn([...asOneself(), program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    env: {
      ...withoutGit(childEnv(ctx.env)),
      ...loginSettings(source.remote, ctx.env),
      GIT_TERMINAL_PROMPT: '0',
      GIT_SSH_COMMAND: ctx.env.GIT_SSH_COMMAND ?? 'ssh -o BatchMode=yes',
      ...(sshAgent === undefined ? {} : { SSH_AUTH_SOCK: sshAgent }),
      LC_ALL: 'C',
    },
  });
  const kill = (): void => child.kill('SIGKILL');
  signal.addEventListener('abort', kill, { once: true });
  try {
    const [said, complaint, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
    signal.throwIfAborted();
    if (code !== 0) throw failed(source, complaint);
    return said;
  } finally {
    signal.removeEventListener('abort', kill);
  }
}

function gitProgram(ctx: Ctx): string {
  try {
    return requireProgram(ctx.env, 'git', 'which fetches repositories');
  } catch (error) {
    // A missing program is told of in the words of `run`, which ends with another code.
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, error.message, error.hint === undefined ? {} : { hint: error.hint });
  }
}

// A build within a git hook would be told of another repository.
function withoutGit(env: Record<string, string>): Record<string, string> {
  const names = new Set(['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_OBJECT_DIRECTORY', 'GIT_NAMESPACE', 'GIT_PREFIX']);
  return Object.fromEntries(Object.entries(env).filter(([name]) => !names.has(name)));
}

function asOneself(): string[] {
  const [uid, gid] = ['/proc/self/uid_map', '/proc/self/gid_map'].map(outerOfRoot);
  if (process.geteuid?.() !== 0 || uid === undefined || gid === undefined || uid === 0) return [];
  return ['unshare', '--user', `--map-user=${uid}`, `--map-group=${gid}`];
}

/** Whom the namespace's root is outside. */
function outerOfRoot(path: string): number | undefined {
  const [inner, outer] = (readFileSync(path, 'utf8').split('\n')[0] ?? '').trim().split(/\s+/).map(Number);
  return inner === 0 ? outer : undefined;
}

function failed({ remote }: GitSource, complaint: string): EngineError {
  const lines = complaint
    .split('\n')
    .map((line) => withoutPassword(line.replace(/^(?:fatal|error): /, '').trim()))
    .filter((line) => line !== '');
  // What follows a colon at the end of a line is the reason.
  const why = lines[0]?.endsWith(':') && lines[1] !== undefined ? `${lines[0]} ${lines[1]}` : (lines[0] ?? 'git failed');
  const needsLogin = /could not read Username|Authentication failed|Permission denied|Host key verification/i.test(complaint);
  return new EngineError(
    'ERR_GIT',
    `failed to fetch remote ${withoutPassword(remote)}: ${why.replaceAll(remote, withoutPassword(remote))}`,
    {
      hint: needsLogin
        ? `Try it by hand, with the same login: git ls-remote ${withoutPassword(remote)}`
        : 'Look at the address, and whether its server answers',
    },
  );
}
