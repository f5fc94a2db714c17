import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Archive, openArchiveFile, openArchiveFolder, placeChunks, readPlace } from '../../../src/storage/archive.ts';
import { byteName, linkTarget, plainName } from '../../../src/storage/archive-names.ts';
import { createArchiveSpool } from '../../../src/storage/archive-spool.ts';
import { digestOf } from '../../../src/storage/digest.ts';
import { file, folder, hardLink, symlink, tar, testStore } from './tar-fixture.ts';

const { ctx, remove } = testStore();
const opened: number[] = [];
afterAll(() => {
  for (const fd of opened) closeSync(fd);
  remove();
});

function open(bytes: Uint8Array, start = 0): { archive: Archive; fd: number } {
  mkdirSync(ctx.paths.data, { recursive: true });
  const path = join(ctx.paths.data, `archive-${opened.length}`);
  writeFileSync(path, bytes);
  const fd = openSync(path, 'r');
  opened.push(fd);
  return { archive: openArchiveFile(fd, start), fd };
}

function spool(bytes: Buffer, protect: (digests: string[]) => void = () => undefined): Archive {
  const taken = createArchiveSpool(ctx, protect);
  for (let at = 0; at < bytes.length; at += 777) taken.write(bytes.subarray(at, at + 777));
  return taken.end();
}

const text = (archive: Archive, name: string, fd: number): string | undefined => {
  const place = archive.find(name);
  return place && readPlace(ctx, place, { fd, most: 1 << 20, name }).toString();
};

const long = `${'d'.repeat(120)}/${'f'.repeat(120)}`;
const bytes = tar([
  folder('./a/'),
  file('./a/one', 'first'),
  file('a/one', 'second'),
  symlink('b/link', '../a/one'),
  symlink('b/away', '../../a/one'),
  symlink('b/absolute', '/a/one'),
  hardLink('hard', 'a/one'),
  symlink('chain', 'b/link'),
  symlink('loop', 'loop'),
  file('../climbs', 'x'),
  file(long, 'long', { pax: { path: long } }),
  file(byteName('ü.json'), 'umlaut'),
  file('large', Buffer.alloc(300_000, 7)),
  file('empty'),
]);

describe.each([
  ['a file that is read by position', () => open(bytes)],
  ['the same behind other bytes', () => open(Buffer.concat([Buffer.alloc(100, 9), bytes]), 100)],
  ['a stream', () => ({ archive: spool(bytes), fd: -1 })],
])('%s', (_, make) => {
  const { archive, fd } = make();

  it.each([
    ['a/one', 'second'],
    ['./a//one', 'second'],
    ['b/link', 'second'],
    ['hard', 'second'],
    ['chain', 'second'],
    [long, 'long'],
    ['ü.json', 'umlaut'],
    ['empty', ''],
    ['b/away', undefined],
    ['b/absolute', undefined],
    ['loop', undefined],
    ['../climbs', undefined],
    ['climbs', undefined],
    ['a', undefined],
    ['nothing', undefined],
  ])('%s is %j', (name, content) => {
    expect(text(archive, name, fd)).toBe(content);
  });

  it('gives a large file from any byte on, and refuses to read it whole', () => {
    const place = archive.find('large');
    if (!place) throw new Error('It is not there');
    const rest = Buffer.concat([...placeChunks(ctx, place, { fd, from: 299_990 })].map((chunk) => Buffer.from(chunk)));
    expect(rest).toEqual(Buffer.alloc(10, 7));
    expect(() => readPlace(ctx, place, { fd, most: 1000, name: 'large' })).toThrow('its "large" has 300000 bytes, more than 1000');
  });

  it('knows that it is whole', () => expect(archive.isWhole).toBe(true));
});

it.each([100, 600, 1100, bytes.length - 1100])('an archive cut after %d bytes is refused, or is known not to be whole', (length) => {
  const cut = bytes.subarray(0, length);
  const outcome = (make: () => Archive): boolean | 'refused' => {
    try {
      return make().isWhole;
    } catch {
      return 'refused';
    }
  };
  expect([false, 'refused']).toContain(outcome(() => open(cut).archive));
  expect([false, 'refused']).toContain(outcome(() => spool(cut)));
});

it('refuses two documents of one name, in which readers could differ', () => {
  const twice = tar([file('manifest.json', '[]'), file('./manifest.json', '[1]')]);
  expect(() => open(twice)).toThrow('the archive has "manifest.json" twice');
  expect(() => spool(twice)).toThrow('the archive has "manifest.json" twice');
});

it('puts blobs of a stream into the store, protected before, and refuses one of another digest', () => {
  const content = Buffer.from('a layer');
  const digest = digestOf(content);
  const told: string[] = [];
  const archive = spool(tar([file(`blobs/${digest.replace(':', '/')}`, content)]), (digests) => told.push(...digests));
  expect(archive.find(`blobs/${digest.replace(':', '/')}`)).toEqual({ kind: 'stored', digest, size: 7 });
  expect(told).toEqual([digest]);
  const other = `blobs/sha256/${'0'.repeat(64)}`;
  expect(() => spool(tar([file(other, content)]))).toThrow(`its content has the digest "${digest}"`);
});

it('reads a folder by the same names, and no link of it leads out by a name', () => {
  const root = join(ctx.paths.data, 'folder');
  mkdirSync(join(root, 'blobs'), { recursive: true });
  writeFileSync(join(root, 'blobs/one'), 'one');
  const fd = openSync(root, 'r');
  opened.push(fd);
  const archive = openArchiveFolder(fd);
  expect(text(archive, 'blobs/one', fd)).toBe('one');
  expect([archive.find('blobs'), archive.find('../archive-0'), archive.find('none')]).toEqual([undefined, undefined, undefined]);
});

it.each([
  ['a/./b//c', 'a/b/c'],
  ['/a', 'a'],
  ['a/../b', 'b'],
  ['..', undefined],
  ['a/../../b', undefined],
  ['', undefined],
  ['./', undefined],
])('the plain name of %j is %j', (name, plain) => {
  expect(plainName(name)).toBe(plain);
});

it.each([
  ['a/b', '../c', 'c'],
  ['a', 'b', 'b'],
  ['a/b', '../../c', undefined],
  ['a', '/b', undefined],
])('the link %j to %j means %j', (name, target, meant) => {
  expect(linkTarget(name, target)).toBe(meant);
});
