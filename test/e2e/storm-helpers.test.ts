// The programs that serve a running container: what SIGTERM to all of them at once (a session that ends) and kill -9 of one do to it.

import { family } from './storm/processes.ts';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const fuse = (...args: string[]) => box.ok(['--storage-driver', 'fuse-overlayfs', 'run', '-d', ...args]);
const helpers = (pattern: RegExp) => family(box.run).filter(({ name }) => pattern.test(name));
const state = (name: string, format: string) => box.ok(['inspect', '-f', format, name]);

test('a container that ends with its session has its files and its network to the last', async () => {
  const program =
    'trap "sleep 1; cat /etc/hostname; ip -o -4 addr show eth0 | grep -c inet; exit 0" TERM; echo ready; while :; do sleep 0.1; done';
  await fuse('--name', 'orderly', '--hostname', 'orderly', '-p', '127.0.0.1::80', busybox, 'sh', '-c', program);
  await eventually('it is ready', async () => (await box.ok(['logs', 'orderly'])) === 'ready');
  const served = helpers(/^(pasta|passt|fuse-overlayfs)/);
  expect(served.map(({ name }) => name.replace(/^(pasta|passt).*/, 'pasta')).sort()).toEqual(['fuse-overlayfs', 'pasta']);
  for (const { pid } of family(box.run)) process.kill(pid, 'SIGTERM');
  expect(await box.ok(['wait', 'orderly'])).toBe('0');
  expect(await box.ok(['logs', 'orderly'])).toBe('ready\norderly\n1');
  await box.ok(['rm', 'orderly']);
});

describe('a container whose fuse-overlayfs is killed', () => {
  const killFuse = async () => {
    for (const { pid } of helpers(/^fuse-overlayfs/)) process.kill(pid, 'SIGKILL');
  };

  test('is ended, and says why', async () => {
    await fuse('--name', 'lost', busybox, 'sleep', '100000');
    await killFuse();
    // Killed by its supervisor, or a moment before by the kernel: a page of its program can be read no more (SIGBUS).
    expect(['137', '135']).toContain(await box.ok(['wait', 'lost']));
    expect(await state('lost', '{{.State.Status}} {{.State.Error}}')).toBe(
      'exited Its root file system went away: fuse-overlayfs has died',
    );
    expect(await box.ok(['start', 'lost'])).toBe('lost');
    expect(await box.ok(['exec', 'lost', 'echo', 'here'])).toBe('here');
    await box.ok(['rm', '-f', 'lost']);
  });

  test('is started again on a new mount where its policy wants that, with what it had written', async () => {
    await fuse('--name', 'back', '--restart', 'on-failure', busybox, 'sh', '-c', 'echo run >>/runs; cat /runs; sleep 100000');
    await eventually('it runs', async () => (await box.ok(['logs', 'back'])) === 'run');
    await killFuse();
    await eventually('it runs again', async () => (await box.ok(['logs', 'back'])) === 'run\nrun\nrun');
    expect(await state('back', '{{.State.Status}} {{.RestartCount}}')).toBe('running 1');
    await box.ok(['rm', '-f', 'back']);
  });
});
