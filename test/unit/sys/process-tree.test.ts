import { existsSync } from 'node:fs';
import { childrenOf } from '../../../src/sys/process.ts';
import { killTree } from '../../../src/sys/process-tree.ts';

test('a process is killed with its children and theirs, and nobody else', async () => {
  const other = Bun.spawn(['sleep', '1000']);
  const top = Bun.spawn(['sh', '-c', 'sh -c "sleep 1000 & sleep 1000" & trap "" TERM HUP; wait; sleep 1000']);
  const below = (pid: number): number[] => childrenOf(String(pid)).flatMap((child) => [child, ...below(child)]);
  while (below(top.pid).length < 3) await Bun.sleep(5);
  const members = below(top.pid);
  killTree(top.pid);
  await top.exited;
  expect(top.signalCode).toBe('SIGKILL');
  const isGone = (pid: number): boolean => !existsSync(`/proc/${pid}/exe`);
  while (!members.every(isGone)) await Bun.sleep(5);
  expect(other.exitCode).toBeNull();
  other.kill();
  killTree(2 ** 22 + 1);
});
