// Trees of files as archives: what the archive says is read back with our own reader, and with GNU tar where there is one.
import {
  chmodSync,
  closeSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TarHeader } from '../../../src/storage/tar-header.ts';
import { createTarReader } from '../../../src/storage/tar-reader.ts';
import { type TarTreeOptions, tarTree } from '../../../src/storage/tar-tree.ts';

let root: string;
let fd: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-tree-'));
  fd = openSync(root, 'r');
});
afterEach(() => {
  closeSync(fd);
  Bun.spawnSync(['chmod', '-R', 'u+rwX', root]);
  rmSync(root, { recursive: true });
});

const notices: string[] = [];
const archive = (options: Partial<TarTreeOptions> = {}): Buffer => {
  notices.length = 0;
  const tree = tarTree({
    folder: fd,
    base: '.',
    name: '.',
    onNotice: (message) => notices.push(message),
    failure: (name, error) => new Error(`${name}: ${error instanceof Error ? error.message : error}`),
    ...options,
  });
  // The buffer is reused.
  const chunks: Buffer[] = [];
  for (const chunk of tree) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
};

interface Read extends Pick<TarHeader, 'name' | 'type' | 'linkName' | 'mode' | 'size' | 'mtimeSeconds'> {
  body: string;
}

function read(tar: Buffer): Read[] {
  const found: Read[] = [];
  const reader = createTarReader({
    entry: ({ name, type, linkName, mode, size, mtimeSeconds }) => found.push({ name, type, linkName, mode, size, mtimeSeconds, body: '' }),
    content: (data, from, to) => {
      const last = found.at(-1);
      if (last) last.body += data.toString('latin1', from, to);
    },
    entryEnd: () => undefined,
  });
  reader.write(tar);
  expect(reader.end()).toBe(true);
  return found;
}

test('holds files, folders, symlinks and links in the order of their names', () => {
  mkdirSync(join(root, 'b'));
  writeFileSync(join(root, 'b/file'), 'content');
  linkSync(join(root, 'b/file'), join(root, 'c'));
  symlinkSync('b/file', join(root, 'a'));
  chmodSync(join(root, 'c'), 0o640);
  utimesSync(join(root, 'c'), 1_000_000_000, 1_000_000_000);
  expect(read(archive()).map(({ name, type, linkName, body }) => [name, type, linkName, body])).toEqual([
    ['./', '5', '', ''],
    ['./a', '2', 'b/file', ''],
    ['./b/', '5', '', ''],
    ['./b/file', '0', '', 'content'],
    ['./c', '1', './b/file', ''],
  ]);
  expect(read(archive({ base: 'c', name: 'renamed' }))).toEqual([
    { name: 'renamed', type: '0', linkName: '', mode: 0o640, size: 7, mtimeSeconds: 1_000_000_000, body: 'content' },
  ]);
});

test('names that are no UTF-8, and names of hundreds of bytes, come out as they are', () => {
  const long = `${'x'.repeat(200)}/${'y'.repeat(200)}`;
  mkdirSync(join(root, long), { recursive: true });
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xe9, 0x0a])]), 'latin');
  expect(read(archive({ name: 'top' })).map(({ name }) => name)).toEqual(['top/', `top/${'x'.repeat(200)}/`, `top/${long}/`, 'top/\xe9\n']);
});

test('files longer than the buffer arrive whole, and GNU tar reads them', () => {
  const big = Buffer.alloc(1_000_003, 'abcdefg');
  writeFileSync(join(root, 'big'), big);
  writeFileSync(join(root, 'empty'), '');
  const tar = archive({ name: 'top' });
  expect(tar.length % 512).toBe(0);
  expect(read(tar).map(({ name, size, body }) => [name, size, body.length])).toEqual([
    ['top/', 0, 0],
    ['top/big', 1_000_003, 1_000_003],
    ['top/empty', 0, 0],
  ]);
  const gnu = Bun.spawnSync(['tar', '-xO', 'top/big'], { stdin: tar });
  expect(gnu.stdout.equals(big)).toBe(true);
});

test('a file that is cut short while it is read is filled up with zeros, and said so', () => {
  const path = join(root, 'shrinks');
  writeFileSync(path, Buffer.alloc(3_000_000, 'a'));
  const tree = tarTree({
    folder: fd,
    base: 'shrinks',
    name: 'shrinks',
    onNotice: (message) => notices.push(message),
    failure: (name) => new Error(name),
  });
  const chunks: Buffer[] = [];
  for (const chunk of tree) {
    if (chunks.length === 0) truncateSync(path, 500_000);
    chunks.push(Buffer.from(chunk));
  }
  const [entry] = read(Buffer.concat(chunks));
  expect(entry?.size).toBe(3_000_000);
  const zeros = entry?.body.indexOf('\0') ?? -1;
  expect(zeros).toBeGreaterThan(500_000);
  expect(entry?.body).toBe('a'.repeat(zeros) + '\0'.repeat(3_000_000 - zeros));
  expect(notices).toEqual(['"shrinks" became shorter while it was read: the rest is zeros']);
});

test('what cannot be read is named, and what is hidden comes empty', () => {
  mkdirSync(join(root, 'hidden/inside'), { recursive: true });
  expect(read(archive({ isHidden: (_, { name }) => name === './hidden' })).map(({ name }) => name)).toEqual(['./', './hidden/']);
  expect(() => archive({ base: 'missing', name: 'missing' })).toThrow("missing: ENOENT: statx 'missing'");
});
