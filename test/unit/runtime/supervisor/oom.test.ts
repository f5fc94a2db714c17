import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { watchKills } from '../../../../src/runtime/supervisor/oom.ts';

const folder = mkdtempSync(join(tmpdir(), 'oom-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(folder, 'memory.events');
const write = (kills: number): void => writeFileSync(file, `low 0\nhigh 0\nmax 9\noom ${kills + 7}\noom_kill ${kills}\noom_group_kill 0\n`);

test('what was killed before, in an earlier run of the cgroup, is no news; what is added is, once', () => {
  write(2);
  let seen = 0;
  const watch = watchKills(file, { isLimited: false, onKill: () => seen++ });
  watch.end();
  expect(seen).toBe(0);
  write(3);
  watch.end();
  watch.end();
  expect(seen).toBe(1);
});

test('with a limit it is noticed while the container runs', async () => {
  write(0);
  const killed = Promise.withResolvers<void>();
  const watch = watchKills(file, { isLimited: true, onKill: killed.resolve });
  write(1);
  await killed.promise;
  watch.end();
});

test('a cgroup without the memory controller has no such file: nobody was killed', () => {
  let seen = 0;
  watchKills(join(folder, 'missing'), { isLimited: true, onKill: () => seen++ }).end();
  expect(seen).toBe(0);
});
