// What goes with a container that is removed, and what must stay: names, volumes, and the container itself while others want it.
import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { findContainer } from '../../src/storage/container.ts';
import { removeContainer } from '../../src/storage/container-removal.ts';
import { containerLockPath, locksDir } from '../../src/storage/layout.ts';
import { tryLock } from '../../src/sys/lock.ts';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const folder = (name: string) => readdirSync(join(box.root, name));
const anonymousVolume = (name: string) => box.ok(['inspect', '--format', '{{(index .Mounts 0).Name}}', name]);
const background = (name: string, ...flags: string[]) => box.ok(['run', '-d', '--name', name, ...flags, busybox, 'sleep', '1000']);

test('rm -v keeps an anonymous volume that another container mounts', async () => {
  await box.ok(['run', '--name', 'maker', '-v', '/data', busybox, 'sh', '-c', 'echo precious >/data/file']);
  const volume = await anonymousVolume('maker');
  await background('user', '-v', `${volume}:/other`);
  await box.ok(['rm', '-v', 'maker']);
  expect((await box.skiff(['exec', 'user', 'cat', '/other/file'])).stdout).toBe('precious\n');
  await box.ok(['rm', '-f', 'user']);
  expect(await box.ok(['run', '--rm', '-v', `${volume}:/data`, busybox, 'cat', '/data/file'])).toBe('precious');
});

test('--rm keeps an anonymous volume that another container mounts', async () => {
  await background('maker', '--rm', '-v', '/data');
  const volume = await anonymousVolume('maker');
  await box.ok(['create', '--name', 'sharer', '-v', `${volume}:/other`, busybox, 'true']);
  await box.ok(['stop', '-t', '0', 'maker']);
  expect(folder('names')).toEqual(['sharer']);
  expect(folder('volumes')).toContain(volume);
  await box.ok(['rm', 'sharer']);
});

test('--rm frees the name that the container has by then', async () => {
  await background('first', '--rm');
  await box.ok(['rename', 'first', 'second']);
  await box.ok(['stop', '-t', '0', 'second']);
  expect(folder('names')).toEqual([]);
});

test('restart of a --rm container keeps it and its volume; its end removes both', async () => {
  const id = await background('again', '--rm', '-v', '/data');
  const volume = await anonymousVolume('again');
  await box.ok(['exec', 'again', 'touch', '/data/kept']);
  expect(await box.ok(['restart', '-t', '0', 'again'])).toBe('again');
  expect(await box.ok(['inspect', '--format', '{{.Id}} {{.State.Status}}', 'again'])).toBe(`${id} running`);
  expect((await box.skiff(['exec', 'again', 'ls', '/data'])).stdout).toBe('kept\n');
  await box.ok(['stop', '-t', '0', 'again']);
  await eventually('it is gone', () => !folder('containers').includes(id));
  expect(folder('volumes')).not.toContain(volume);
});

test('start of a container that another command is removing waits for that, and says that it is not there', async () => {
  const ctx = { paths: { data: box.root, run: box.run }, env: {}, warn: () => undefined, now: () => new Date() };
  const id = await box.ok(['create', '--name', 'going', busybox, 'true']);
  mkdirSync(locksDir(ctx), { recursive: true });
  const held = tryLock(containerLockPath(ctx, id));
  const starting = box.skiff(['start', 'going']);
  await Bun.sleep(300);
  removeContainer(ctx, findContainer(ctx, id).record, { volumes: false });
  rmSync(containerLockPath(ctx, id));
  held?.release();
  expect(await starting).toEqual({ stdout: '', stderr: 'skiff: No such container: going\nList what there is: skiff ps -a\n', code: 1 });
});

test('start -a and start of what cannot be started end with 1, as Docker’s', async () => {
  await box.ok(['create', '--name', 'wrong', busybox, 'no-such-program']);
  const attached = await box.skiff(['start', '-a', 'wrong']);
  expect(attached.stderr).toContain('no-such-program');
  expect([attached.code, (await box.skiff(['start', 'wrong'])).code]).toEqual([1, 1]);
  await box.ok(['rm', 'wrong']);
});
