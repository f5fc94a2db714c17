// What the writer writes is read back by our own reader, for the exact bytes, and by GNU tar, for a second opinion.
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TarHeader } from '../../../src/storage/tar-header.ts';
import { createTarReader } from '../../../src/storage/tar-reader.ts';
import { createTarWriter, type TarWriter } from '../../../src/storage/tar-writer.ts';

const PLAIN: TarHeader = {
  name: 'file',
  linkName: '',
  type: '0',
  mode: 0o644,
  uid: 0,
  gid: 0,
  size: 0,
  mtimeSeconds: 1_700_000_000,
  mtimeNanoseconds: 0,
  devMajor: 0,
  devMinor: 0,
  xattrs: undefined,
};

const bytes = (text: string): string => Buffer.from(text).toString('latin1');

function written(write: (tar: TarWriter) => void): Buffer {
  const chunks: Buffer[] = [];
  const tar = createTarWriter((chunk) => chunks.push(Buffer.from(chunk)));
  write(tar);
  tar.end();
  return Buffer.concat(chunks);
}

function read(archive: Buffer): { header: TarHeader; body: Buffer }[] {
  const found: { header: TarHeader; body: Buffer }[] = [];
  const reader = createTarReader({
    entry: (header) => found.push({ header: { ...header }, body: Buffer.alloc(0) }),
    content: (data, from, to) => {
      const last = found.at(-1);
      if (last) last.body = Buffer.concat([last.body, data.subarray(from, to)]);
    },
    entryEnd: () => undefined,
  });
  reader.write(archive);
  expect(reader.end()).toBe(true);
  return found;
}

function listedByGnuTar(archive: Buffer): string[] {
  const listed = Bun.spawnSync(['tar', '-t', '--quoting-style=literal'], { stdin: archive, env: { ...process.env, LC_ALL: 'C.UTF-8' } });
  expect(listed.stderr.toString()).toBe('');
  return listed.stdout.toString('latin1').split('\n').filter(Boolean);
}

describe('a header survives', () => {
  const deep = `${'folder-of-some-length/'.repeat(20)}leaf`;
  test.each<[string, Partial<TarHeader>]>([
    ['with a short name', {}],
    ['with a name of 100 bytes', { name: 'n'.repeat(100) }],
    ['with a name that only fits when it is cut at a slash', { name: `${'d'.repeat(120)}/${'n'.repeat(90)}` }],
    ['with a name that fits nowhere', { name: deep }],
    ['with a base name of 255 bytes', { name: `d/${'n'.repeat(255)}` }],
    ['with a name in UTF-8', { name: bytes('Zürich/日本') }],
    ['with a name that is no UTF-8', { name: 'caf\xe9/\xff\xfe' }],
    ['with a long name that is no UTF-8', { name: `${'x'.repeat(255)}/\xff` }],
    ['with a newline and a backslash in its name', { name: 'a\nb\\c' }],
    ['of a folder whose name has 100 bytes and a slash', { name: `${'n'.repeat(100)}/`, type: '5' }],
    ['of a symlink with a long target', { type: '2', linkName: `../${deep}` }],
    ['of a symlink whose target is no ASCII', { type: '2', linkName: bytes('größe') }],
    ['of a hard link', { type: '1', linkName: deep }],
    ['of a device', { type: '3', devMajor: 10, devMinor: 200 }],
    ['of a fifo', { type: '6' }],
    ['with setuid, setgid and sticky', { mode: 0o7755 }],
    ['with ids beyond seven octal digits', { uid: 4_294_967_294, gid: 2_097_152 }],
    ['with parts of a second', { mtimeNanoseconds: 120_000_001 }],
    ['from before 1970', { mtimeSeconds: -2, mtimeNanoseconds: 750_000_000 }],
    ['from before 1970, to the second', { mtimeSeconds: -86_400 }],
    ['from the far future', { mtimeSeconds: 0o77777777777 + 1 }],
    [
      'with attributes that are no text',
      {
        xattrs: new Map([
          ['user.x', Buffer.from([0, 10, 61, 255])],
          ['security.capability', Buffer.alloc(20, 1)],
        ]),
      },
    ],
    ['with an empty attribute', { xattrs: new Map([['user.empty', Buffer.alloc(0)]]) }],
  ])('%s', (_, fields) => {
    const header = { ...PLAIN, ...fields };
    const archive = written((tar) => tar.entry(header));
    expect(read(archive)).toEqual([{ header, body: Buffer.alloc(0) }]);
    expect(archive.length % 512).toBe(0);
    if (!header.name.includes('\n')) expect(listedByGnuTar(archive)).toEqual([header.name]);
  });

  test('with a size beyond eleven octal digits', () => {
    const chunks: Buffer[] = [];
    const tar = createTarWriter((chunk) => chunks.push(Buffer.from(chunk)));
    tar.entry({ ...PLAIN, size: 2 ** 33 });
    // Only the headers are looked at: the first chunk of zeros that would follow pushes them out.
    tar.content(Buffer.alloc(1 << 20));
    const sizes: number[] = [];
    createTarReader({ entry: ({ size }) => sizes.push(size), content: () => undefined, entryEnd: () => undefined }).write(
      Buffer.concat(chunks),
    );
    expect(sizes).toEqual([2 ** 33]);
  });
});

describe('content', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skiff-tar-'));
  afterAll(() => rmSync(folder, { recursive: true }));

  function writeFrom(path: string, size: number, name = 'file'): Buffer {
    return written((tar) => {
      const fd = openSync(path, 'r');
      tar.entry({ ...PLAIN, name, size });
      while (tar.contentFrom(fd));
      closeSync(fd);
    });
  }

  test.each([0, 1, 511, 512, 513, (1 << 20) - 512, 1 << 20, (1 << 20) + 1, 3_000_001])(
    'of %i bytes comes from a file unchanged',
    (size) => {
      const body = Buffer.alloc(size);
      for (let at = 0; at < size; at++) body[at] = (at * 7) % 251;
      writeFileSync(join(folder, 'f'), body);
      const [only, ...more] = read(writeFrom(join(folder, 'f'), size));
      expect(only?.body.equals(body)).toBe(true);
      expect(more).toEqual([]);
    },
  );

  test('of a file that is shorter than announced is filled up with zeros', () => {
    writeFileSync(join(folder, 'short'), 'abc');
    expect(read(writeFrom(join(folder, 'short'), 600))[0]?.body).toEqual(Buffer.concat([Buffer.from('abc'), Buffer.alloc(597)]));
  });

  test('of a file that is longer than announced is cut', () => {
    writeFileSync(join(folder, 'long'), 'abcdef');
    expect(read(writeFrom(join(folder, 'long'), 3))[0]?.body.toString()).toBe('abc');
  });

  test('of a file with holes is written with zeros in their place', () => {
    const fd = openSync(join(folder, 'sparse'), 'w');
    ftruncateSync(fd, 5 << 20);
    closeSync(fd);
    const [only] = read(writeFrom(join(folder, 'sparse'), 5 << 20));
    expect(only?.body.equals(Buffer.alloc(5 << 20))).toBe(true);
  });

  test('beyond the announced size is a mistake of the caller', () => {
    const write = (tar: TarWriter): void => {
      tar.entry({ ...PLAIN, size: 1 });
      tar.content(Buffer.from('ab'));
    };
    expect(() => written(write)).toThrow('More content');
  });

  test('equal entries make equal bytes', () => {
    const write = (): Buffer =>
      written((tar) => {
        tar.entry({ ...PLAIN, name: bytes('ü'.repeat(80)), mtimeNanoseconds: 5, size: 3 });
        tar.content(Buffer.from('abc'));
        tar.entry({
          ...PLAIN,
          name: 'd/',
          type: '5',
          xattrs: new Map([
            ['user.b', Buffer.from('2')],
            ['user.a', Buffer.from('1')],
          ]),
        });
      });
    expect(write().equals(write())).toBe(true);
  });
});
