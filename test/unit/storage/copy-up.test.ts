import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { copyUp } from '../../../src/storage/copy-up.ts';
import { tryLock } from '../../../src/sys/lock.ts';

let base: string;
let source: string;
let folder: string;
let data: string;

beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'skiff-copy-up-'));
  source = join(base, 'source');
  folder = join(base, 'volume');
  data = join(folder, '_data');
  mkdirSync(join(source, 'sub'), { recursive: true });
  mkdirSync(data, { recursive: true, mode: 0o755 });
  writeFileSync(join(source, 'sub/file'), 'content', { mode: 0o640 });
  symlinkSync('sub/file', join(source, 'link'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const openSource = () => ({ fd: openSync(source, 'r'), isLayer: false });
const signal = new AbortController().signal;
const fill = (options = {}) => copyUp({ name: 'vol', folder, data, signal, openSource, ...options });

test('an empty volume gets the files, modes and symlinks of its place, and the mode of the folder itself', async () => {
  chmodSync(source, 0o1770);
  utimesSync(source, 1000, 1000);
  await fill();
  expect(readFileSync(join(data, 'sub/file'), 'utf8')).toBe('content');
  expect(statSync(join(data, 'sub/file')).mode & 0o777).toBe(0o640);
  expect(lstatSync(join(data, 'link')).isSymbolicLink()).toBe(true);
  expect(statSync(data).mode & 0o7777).toBe(0o1770);
  expect(statSync(data).mtimeMs).toBe(1_000_000);
  expect(readdirSync(folder).toSorted()).toEqual(['_data', 'lock']);
});

test('of an empty folder the volume gets the mode', async () => {
  source = join(base, 'empty');
  mkdirSync(source);
  chmodSync(source, 0o1777);
  await fill();
  expect(statSync(data).mode & 0o7777).toBe(0o1777);
});

test('a volume with files is left as it is, and its image is not even opened', async () => {
  writeFileSync(join(data, 'mine'), '');
  const never = () => {
    throw new Error('opened');
  };
  await fill({ openSource: never });
  expect(readdirSync(data)).toEqual(['mine']);
});

test('without a source nothing is copied', async () => {
  await fill({ openSource: undefined });
  await fill({ openSource: () => undefined });
  expect(readdirSync(data)).toEqual([]);
});

test('a copy that broke off is begun anew', async () => {
  mkdirSync(join(folder, '.skiff-filling-0123456789abcdef/half'), { recursive: true });
  await fill();
  expect(readdirSync(data).toSorted()).toEqual(['link', 'sub']);
  expect(readdirSync(folder).toSorted()).toEqual(['_data', 'lock']);
});

test('a whole copy that broke off while it was moved in is finished, whoever comes, and takes nothing that is there by now', async () => {
  mkdirSync(join(folder, '.skiff-filled/rest'), { recursive: true });
  chmodSync(join(folder, '.skiff-filled'), 0o711);
  writeFileSync(join(folder, '.skiff-filled/taken'), 'from the image');
  writeFileSync(join(data, 'moved'), 'before');
  writeFileSync(join(data, 'taken'), 'from a container');
  await fill({ openSource: undefined });
  expect(readdirSync(data).toSorted()).toEqual(['moved', 'rest', 'taken']);
  expect(readFileSync(join(data, 'taken'), 'utf8')).toBe('from a container');
  expect(statSync(data).mode & 0o777).toBe(0o711);
  expect(readdirSync(folder).toSorted()).toEqual(['_data', 'lock']);
});

test('a volume that stands for another folder is filled in that folder, by the same rules', async () => {
  const other = join(base, 'other');
  mkdirSync(join(other, '.skiff-filling-0123456789abcdef'), { recursive: true });
  await fill({ data: other });
  expect(readdirSync(other).toSorted()).toEqual(['link', 'sub']);
  expect(readdirSync(data)).toEqual([]);
});

test('the second of two waits for the first, and finds the volume filled', async () => {
  const lock = tryLock(join(folder, 'lock'));
  let hasEnded = false;
  const second = fill().then(() => {
    hasEnded = true;
  });
  await Bun.sleep(50);
  expect({ hasEnded, files: readdirSync(data) }).toEqual({ hasEnded: false, files: [] });
  writeFileSync(join(data, 'first'), '');
  lock?.release();
  await second;
  expect(readdirSync(data)).toEqual(['first']);
});

test('a wait, and a copy, end when the container is stopped; the volume is as it was', async () => {
  const controller = new AbortController();
  const reason = new Error('stopped');
  const lock = tryLock(join(folder, 'lock'));
  const waiting = fill({ signal: controller.signal });
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  lock?.release();
  for (let i = 0; i < 1000; i++) writeFileSync(join(source, `file-${i}`), 'x');
  await expect(fill({ signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
  expect([readdirSync(data), readdirSync(folder).toSorted()]).toEqual([[], ['_data', 'lock']]);
}, 60_000);
