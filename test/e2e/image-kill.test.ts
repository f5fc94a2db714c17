// kill -9 of a removal, a prune, a pull or a repair, front and worker at once, at moments spread over its life: afterwards every object that is
// reached is whole, and the same command completes.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const unusual = image('unusual');
const busybox = image('busybox');
const ROUNDS = 8;

/** Host pids of the workers of this sandbox. */
function workers(): number[] {
  const read = (pid: string, file: string): string => {
    try {
      return readFileSync(`/proc/${pid}/${file}`, 'utf8');
    } catch {
      return '';
    }
  };
  const numbers = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  const ours = numbers.filter(
    (pid) => read(pid, 'cmdline').includes('__work') && read(pid, 'environ').includes(`SKIFF_RUNROOT=${box.run}`),
  );
  return ours.map(Number);
}

async function killAfter(ms: number, words: string[]): Promise<void> {
  const child = box.start(words);
  await Bun.sleep(ms);
  child.kill('SIGKILL');
  for (const pid of workers()) {
    try {
      process.kill(pid, 'SIGKILL');
    } catch {
      // It was done.
    }
  }
  await child.exited;
}

/** How long the command takes when nobody kills it. */
async function timeOf(words: string[]): Promise<number> {
  const before = performance.now();
  await box.ok(words);
  return performance.now() - before;
}

const isWhole = async (): Promise<void> => {
  const { stdout, code } = await box.skiff(['system', 'check']);
  expect({ code, problems: stdout.split('\n').filter((line) => line !== '' && !line.startsWith('leftover ')).length }).toEqual({
    code: 0,
    problems: 1,
  });
};

test.each([
  ['rmi', ['rmi', unusual]],
  ['image prune', ['image', 'prune', '-af']],
  ['system prune', ['system', 'prune', '-af', '--volumes']],
])(
  '%s',
  async (_name, words) => {
    await box.ok(['pull', '--quiet', busybox]);
    await box.ok(['create', '--name', 'keeps', busybox]);
    await box.ok(['pull', '--quiet', unusual]);
    const whole = await timeOf(words);
    for (let round = 0; round < ROUNDS; round++) {
      await box.ok(['pull', '--quiet', unusual]);
      if (words[0] === 'system') await box.skiff(['create', '--name', 'keeps', busybox]);
      await killAfter((whole * round) / (ROUNDS - 1), words);
      await isWhole();
      await box.ok(['pull', '--quiet', unusual]);
      expect(await box.ok(['run', '--rm', '--network', 'none', unusual, 'echo', 'whole'])).toBe('whole');
      await box.ok(words);
      expect((await box.ok(['images', '--format', '{{.Repository}}'])).split('\n')).not.toContain(unusual);
    }
    await box.skiff(['rm', 'keeps']);
    await box.ok(['system', 'prune', '-af', '--volumes']);
    expect(readdirSync(join(box.root, 'layers'))).toEqual([]);
    expect(readdirSync(join(box.root, 'images/blobs/sha256'))).toEqual([]);
  },
  240_000,
);

test('system check --repair of a store whose layers are lost', async () => {
  await box.ok(['pull', '--quiet', unusual]);
  const lose = () => Bun.spawnSync(['unshare', '--map-auto', '--map-root-user', 'sh', '-c', `rm -rf "${box.root}"/layers/*`]);
  lose();
  const whole = await timeOf(['system', 'check', '--repair']);
  for (let round = 0; round < ROUNDS; round++) {
    lose();
    await killAfter((whole * round) / (ROUNDS - 1), ['system', 'check', '--repair']);
    await box.ok(['system', 'check', '--repair']);
    await isWhole();
    expect(await box.ok(['run', '--rm', '--network', 'none', unusual, 'echo', 'whole'])).toBe('whole');
  }
  await box.ok(['system', 'prune', '-af']);
}, 240_000);
