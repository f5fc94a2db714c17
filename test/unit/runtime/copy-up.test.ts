import { lstatSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { copyUp } from '../../../src/runtime/copy-up.ts';

const watch = { onSpawn: () => undefined, signal: new AbortController().signal };

let folder: string;
let rootfs: string;
let data: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-copy-up-'));
  rootfs = join(folder, 'rootfs');
  data = join(folder, 'volume/_data');
  mkdirSync(join(rootfs, 'srv/sub'), { recursive: true });
  mkdirSync(data, { recursive: true, mode: 0o755 });
  writeFileSync(join(rootfs, 'srv/sub/file'), 'content', { mode: 0o640 });
  symlinkSync('sub/file', join(rootfs, 'srv/link'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('an empty volume gets the files, modes and symlinks of its place, and the mode of the folder itself', async () => {
  mkdirSync(join(rootfs, 'odd'), { mode: 0o1770 });
  await copyUp({ rootfs, destination: '/srv', data: data, folder: dirname(data) }, watch);
  expect(readFileSync(join(data, 'sub/file'), 'utf8')).toBe('content');
  expect(statSync(join(data, 'sub/file')).mode & 0o777).toBe(0o640);
  expect(lstatSync(join(data, 'link')).isSymbolicLink()).toBe(true);
  const odd = join(folder, 'other/_data');
  mkdirSync(odd, { recursive: true });
  await copyUp({ rootfs, destination: '/odd', data: odd, folder: dirname(odd) }, watch);
  expect(statSync(odd).mode & 0o7777).toBe(statSync(join(rootfs, 'odd')).mode & 0o7777);
});

test('a volume with files is left as it is', async () => {
  writeFileSync(join(data, 'mine'), '');
  await copyUp({ rootfs, destination: '/srv', data: data, folder: dirname(data) }, watch);
  expect(readdirSync(data)).toEqual(['mine']);
});

test('a copy that broke off is begun anew', async () => {
  writeFileSync(join(folder, 'volume/copying'), '');
  writeFileSync(join(data, 'half'), '');
  await copyUp({ rootfs, destination: '/srv', data: data, folder: dirname(data) }, watch);
  expect(readdirSync(data).toSorted()).toEqual(['link', 'sub']);
  expect(readdirSync(join(folder, 'volume')).includes('copying')).toBe(false);
});

test.each(['/missing', '/srv/sub/file'])('a place that is no folder (%s) leaves the volume empty', async (place) => {
  await copyUp({ rootfs, destination: place, data: data, folder: dirname(data) }, watch);
  expect(readdirSync(data)).toEqual([]);
});

test('a place that leads out of the image copies nothing of the host', async () => {
  mkdirSync(join(folder, 'host'));
  writeFileSync(join(folder, 'host/secret'), '');
  symlinkSync(join(folder, 'host'), join(rootfs, 'out'));
  await copyUp({ rootfs, destination: '/out', data: data, folder: dirname(data) }, watch);
  expect(readdirSync(data)).toEqual([]);
});
