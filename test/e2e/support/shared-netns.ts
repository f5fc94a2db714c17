// What stands in the network namespace that a sandbox's networks are made in, asked of ip(8) from inside it.
import { holderOf, type Sandbox } from './sandbox.ts';

/** Standard output of `ip ARGS`; throws where there is no such namespace. */
export function ipInSharedNetns(box: Sandbox, args: string[]): string {
  const holder = holderOf(box);
  const enter = ['nsenter', '--target', String(holder), '--user', '--net', '--preserve-credentials', '--'];
  const { stdout, stderr, exitCode } = Bun.spawnSync([...enter, 'ip', ...args], { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' });
  if (exitCode !== 0) throw new Error(`ip ${args.join(' ')} in the namespace of ${holder}: ${stderr}`);
  return stdout.toString();
}
