// Runs skiff as it would run in other surroundings than this machine's: inside a shell script that a program such as unshare(1) starts. The
// script finds skiff at `$SKIFF`. What is started inside a pid namespace ends with it, so nothing can stay.
import { join } from 'node:path';
import type { Result, Sandbox } from './sandbox.ts';

export const skiffBinary = process.env.SKIFF_TEST_BINARY ?? join(process.cwd(), 'dist/skiff');

export interface SurroundedOptions {
  /** The program and its arguments that run the script; default none. */
  by?: string[];
  env?: Record<string, string>;
}

/** Root of a user namespace with a whole range of ids, as in a container: mount, pid and proc of its own. */
export const rootOfRange = [
  ...['unshare', '--user', '--map-auto', '--map-root-user', '--mount'],
  ...['--pid', '--fork', '--kill-child', '--mount-proc', '--'],
];

/** Root of a user namespace with one id. */
export const rootOfOne = ['unshare', '--user', '--map-root-user', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', '--'];

/** Runs `script` with sh in the sandbox's environment and waits for its end. */
export async function surrounded(box: Sandbox, script: string, { by = [], env = {} }: SurroundedOptions = {}): Promise<Result> {
  const child = Bun.spawn([...by, 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: box.files,
    env: { ...box.env, SKIFF: skiffBinary, ...env },
  });
  const [stdout, stderr, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited]);
  return { stdout, stderr, code };
}
