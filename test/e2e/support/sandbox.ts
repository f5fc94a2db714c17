// A skiff of its own for each test file: data folder, run folder and so user namespace that no other file shares. When the file
// ends, everything is removed and then searched for what was left: a process, a mount, a container, a socket. A leak fails the file.
// Trap: layers hold files of sub-ids, which only the user's namespace may delete.
import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { leftProcesses } from './left-processes.ts';
import { openTerminal, type Terminal, type TerminalOptions } from './terminal.ts';

export interface Result {
  stdout: string;
  stderr: string;
  code: number;
}

export interface RunOptions {
  stdin?: string | Uint8Array;
  env?: Record<string, string>;
  cwd?: string;
  /** A command that runs it, such as `nice`, inside the sandbox's own. */
  through?: string[];
  /** The call is killed and the test fails after it; default 60 s. */
  timeoutMs?: number;
}

export interface Sandbox {
  /** SKIFF_ROOT and SKIFF_RUNROOT. */
  root: string;
  run: string;
  /** A folder for the test's own files, removed with the rest. */
  files: string;
  env: Record<string, string>;
  /** The environment without skiff's own variables. Other engines need it: what they leave running (podman's pause process) would be a leak. */
  peerEnv: Record<string, string>;
  /** Runs `skiff ARGS` to its end. */
  skiff: (args: string[], options?: RunOptions) => Promise<Result>;
  /** The same; fails the test unless it ends with 0, and returns standard output without its last newline. */
  ok: (args: string[], options?: RunOptions) => Promise<string>;
  /** Starts `skiff ARGS` and leaves it running; it is killed with the sandbox. */
  start: (args: string[], options?: RunOptions) => Bun.Subprocess<'pipe', 'pipe', 'pipe'>;
  /** Runs `skiff ARGS` on a terminal. */
  terminal: (args: string[], options?: TerminalOptions) => Terminal;
}

const binary = process.env.SKIFF_TEST_BINARY ?? join(process.cwd(), 'dist/skiff');

/** `127.0.0.1:PORT/NAME` in the test registry. */
export function image(name: string): string {
  return `${servedRegistry().address}/${name}`;
}

/** Whether the test registry could be given the image (Debian needs root once). */
export function hasImage(name: string): boolean {
  return !servedRegistry().missing.includes(name);
}

function servedRegistry(): { address: string; missing: string[] } {
  const served = process.env.SKIFF_TEST_REGISTRY;
  if (!served) throw new Error('No test registry: run these tests by "bash scripts/e2e.sh [JEST ARGS]"');
  return JSON.parse(served);
}

export interface SandboxOptions {
  /** Given to every call. */
  env?: Record<string, string>;
  /** A command that skiff is run by, such as `unshare …`. */
  within?: string[];
  /** Where its folders are made; default /var/tmp. */
  storage?: string;
}

/** Opens a sandbox for the tests of a file, or of a `describe`, and closes it after the last of them. */
export function openSandbox({ env = {}, within = [], storage = '/var/tmp' }: SandboxOptions = {}): Sandbox {
  // Only named here: when every test of a `describe` is filtered out, its hooks do not run, and nobody would remove the folders.
  const name = randomUUID().slice(0, 8);
  const root = join(storage, `skiff-test-${name}`);
  const run = join(process.env.XDG_RUNTIME_DIR ?? tmpdir(), `s-${name}`);
  const files = join(root, 'files');
  beforeAll(() => void mkdirSync(files, { recursive: true, mode: 0o755 }));
  const children = new Set<Bun.Subprocess>();
  const peerEnv: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'USER', 'LANG', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS']) {
    const value = process.env[name];
    if (value !== undefined) peerEnv[name] = value;
  }
  const whole = { ...peerEnv, SKIFF_ROOT: join(root, 'data'), SKIFF_RUNROOT: run, TERM: 'xterm', ...env };

  const start: Sandbox['start'] = (args, options = {}) => {
    const child = Bun.spawn([...within, ...(options.through ?? []), binary, ...args], {
      stdio: ['pipe', 'pipe', 'pipe'],
      cwd: options.cwd ?? files,
      env: { ...whole, ...options.env },
    });
    children.add(child);
    child.exited.then(() => children.delete(child));
    return child;
  };
  const skiff: Sandbox['skiff'] = async (args, options = {}) => {
    const child = start(args, options);
    feed(child, options.stdin ?? '');
    return settle(child, args, options.timeoutMs ?? 60_000);
  };
  const ok: Sandbox['ok'] = async (args, options) => {
    const { stdout, stderr, code } = await skiff(args, options);
    if (code !== 0) throw new Error(`skiff ${args.join(' ')} ended with ${code}\nstdout: ${stdout}\nstderr: ${stderr}`);
    return stdout.replace(/\n$/, '');
  };
  const terminal: Sandbox['terminal'] = (args, options) => {
    const opened = openTerminal([...within, binary, ...args], { cwd: files, ...options, env: { ...whole, ...options?.env } });
    children.add(opened.process);
    return opened;
  };

  const box: Sandbox = { root: join(root, 'data'), run, files, env: whole, peerEnv, skiff, ok, start, terminal };
  afterAll(async () => {
    for (const child of children) child.kill('SIGKILL');
    try {
      expect(await whatIsLeft(box)).toEqual([]);
    } finally {
      removeTree(box, [root, run]);
    }
  });
  return box;
}

// A program that ends without reading its input is no failure of the test.
function feed(child: Bun.Subprocess<'pipe', 'pipe', 'pipe'>, input: string | Uint8Array): void {
  const feeding = async () => {
    await child.stdin.write(input);
    await child.stdin.end();
  };
  feeding().catch(() => undefined);
}

async function settle(child: Bun.Subprocess<'pipe', 'pipe', 'pipe'>, args: string[], timeoutMs: number): Promise<Result> {
  const output = { stdout: '', stderr: '' };
  const ended = Promise.all([collect(child.stdout, output, 'stdout'), collect(child.stderr, output, 'stderr'), child.exited]);
  let timer: Timer | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      const state = child.exitCode === null ? 'still runs' : 'has ended, but something holds its output open';
      child.kill('SIGKILL');
      reject(new Error(`skiff ${args.join(' ')} ${state} after ${timeoutMs} ms\nstdout: ${output.stdout}\nstderr: ${output.stderr}`));
    }, timeoutMs);
  });
  try {
    await Promise.race([ended, deadline]);
  } finally {
    clearTimeout(timer);
  }
  return { ...output, code: child.exitCode ?? 128 };
}

async function collect(stream: ReadableStream<Uint8Array>, output: Record<string, string>, key: string): Promise<void> {
  const decoder = new TextDecoder();
  for await (const chunk of stream) output[key] += decoder.decode(chunk, { stream: true });
}

/** Removes every container and says, one sentence each, what is there that should not be. */
export async function whatIsLeft(box: Sandbox): Promise<string[]> {
  const listed = await box.skiff(['ps', '-aq', '--no-trunc']);
  const left = listed.code === 0 ? [] : [`ps fails: ${listed.stderr}`];
  const ids = listed.stdout.split('\n').filter(Boolean);
  if (ids.length > 0) {
    const removed = await box.skiff(['rm', '-f', '-v', ...ids]);
    if (removed.code !== 0) left.push(`rm -f fails: ${removed.stderr}`);
  }
  left.push(...(await leftProcesses(box)));
  const mounts = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  left.push(...mounts.filter((line) => line.includes(box.root)).map((line) => `a mount: ${line}`));
  const folders = ['containers', 'names', 'tmp', 'tmp/claims'].map((folder) => join(box.root, folder));
  for (const folder of [...folders, join(box.run, 'c')]) left.push(...entriesOf(folder));
  return left;
}

function entriesOf(folder: string): string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name !== 'claims')
    .map((name) => `an entry: ${join(folder, name)}`);
}

function removeTree(box: Sandbox, paths: string[]): void {
  const holder = holderOf(box);
  for (const uplink of uplinksOf(box)) process.kill(-uplink, 'SIGKILL');
  Bun.spawnSync(['unshare', '--map-auto', '--map-root-user', 'rm', '-rf', '--one-file-system', ...paths], { stdin: 'ignore' });
  if (holder !== undefined) process.kill(holder, 'SIGKILL');
}

/** The pid of the process that keeps the sandbox's user namespace, if it lives. */
export function holderOf(box: Sandbox): number | undefined {
  try {
    const { pid } = JSON.parse(readFileSync(join(box.run, 'holder.json'), 'utf8'));
    return statSync(`/proc/${pid}`).uid === process.getuid?.() ? pid : undefined;
  } catch {
    return undefined;
  }
}

/** The pids of the keepers of the sandbox's shared uplink that live; each leads a process group. */
export function uplinksOf(box: Sandbox): number[] {
  const folder = join(box.run, 'uplink');
  if (!existsSync(folder)) return [];
  return readdirSync(folder).flatMap((name) => {
    try {
      const { keeper } = JSON.parse(readFileSync(join(folder, name, 'uplink.json'), 'utf8'));
      const isKeeper = readFileSync(`/proc/${keeper.pid}/cmdline`, 'utf8').includes(folder);
      return isKeeper ? [keeper.pid as number] : [];
    } catch {
      return [];
    }
  });
}
