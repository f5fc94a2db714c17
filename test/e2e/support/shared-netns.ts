// What stands in the network namespace that a sandbox's networks are made in, asked of ip(8) from inside it.
import { holderOf, type Sandbox } from './sandbox.ts';

/** Standard output of `ip ARGS`; throws where there is no such namespace. */
export const ipInSharedNetns = (box: Sandbox, args: string[]): string => inSharedNetns(box, ['ip', ...args]);

/** Standard output of a command that runs there as root of the user's namespace; throws where it fails. */
export function inSharedNetns(box: Sandbox, command: string[]): string {
  const holder = holderOf(box);
  const enter = ['nsenter', '--target', String(holder), '--user', '--net', '--preserve-credentials', '--'];
  const { stdout, stderr, exitCode } = Bun.spawnSync([...enter, ...command], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  if (exitCode !== 0) throw new Error(`${command.join(' ')} in the namespace of ${holder}: ${stderr}`);
  return stdout.toString();
}
