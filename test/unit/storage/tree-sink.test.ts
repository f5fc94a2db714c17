// Archives unpacked into a tree that is there already: as a container's, whose symlinks are followed inside its root, and as the user's own,
// where none is. The evil archives are those of the layers' tests, by name.
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Granted } from '../../../src/storage/layer-owner.ts';
import type { TarHeader } from '../../../src/storage/tar-header.ts';
import { createTarReader } from '../../../src/storage/tar-reader.ts';
import { createTreePlace } from '../../../src/storage/tree-place.ts';
import { createTreeSink, type TreeSinkOptions } from '../../../src/storage/tree-sink.ts';
import { listXattrs } from '../../../src/sys/xattr.ts';
import { type FixtureEntry, file, folder, hardLink, symlink, tar } from './tar-fixture.ts';

let base: string;
let root: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'skiff-sink-'));
  root = join(base, 'root');
  mkdirSync(join(root, 'place'), { recursive: true });
  mkdirSync(join(base, 'outside'));
  writeFileSync(join(base, 'outside/secret'), 'untouched');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

const keep = ({ mode }: TarHeader): Granted => ({ uid: 0, gid: 0, mode, needsChown: false });

/** Unpacks into root/place, in chunks of 700 bytes. */
function unpack(entries: FixtureEntry[], options: Partial<TreeSinkOptions> & { isContainer?: boolean } = {}): string[] {
  const notices: string[] = [];
  const { isContainer = true, ...rest } = options;
  const place = createTreePlace({
    folder: openSync(join(root, 'place'), 'r'),
    path: '/place',
    ...(isContainer ? { root: openSync(root, 'r') } : {}),
  });
  const sink = createTreeSink({ place, ownerOf: keep, onNotice: (message) => notices.push(message), ...rest });
  try {
    const reader = createTarReader(sink);
    const bytes = tar(entries);
    for (let at = 0; at < bytes.length; at += 700) reader.write(bytes.subarray(at, at + 700));
    reader.end();
    sink.finish();
  } finally {
    sink.close();
  }
  return notices;
}

const at = (path: string): string => join(root, 'place', path);
const text = (path: string): string => readFileSync(at(path), 'utf8');

test('makes files, folders, symlinks, links and fifos, with modes and times', () => {
  unpack([
    folder('d', { mode: 0o750, mtime: 1_000_000_000 }),
    file('d/f', 'content', { mode: 0o4640, mtime: 1_100_000_000 }),
    symlink('d/s', '../anywhere'),
    hardLink('d/h', 'd/f'),
    { name: 'p', type: '6', mode: 0o600 },
    file('implied/by/name', 'x'),
  ]);
  expect(text('d/f')).toBe('content');
  const [d, f, p] = [statSync(at('d')), statSync(at('d/f')), lstatSync(at('p'))];
  expect([d.mode & 0o7777, d.mtimeMs / 1000]).toEqual([0o750, 1_000_000_000]);
  expect([f.mode & 0o7777, f.mtimeMs / 1000, f.nlink]).toEqual([0o4640, 1_100_000_000, 2]);
  expect(readlinkSync(at('d/s'))).toBe('../anywhere');
  expect(p.isFIFO()).toBe(true);
  expect(text('implied/by/name')).toBe('x');
  expect(readdirSync(at('')).sort()).toEqual(['d', 'implied', 'p']);
});

test('replaces files, symlinks and links in one step, and merges folders', () => {
  mkdirSync(at('d'));
  writeFileSync(at('d/kept'), 'kept');
  writeFileSync(at('d/old'), 'old');
  linkSync(at('d/old'), at('d/other-name'));
  symlinkSync('kept', at('d/link'));
  unpack([folder('d'), file('d/old', 'new'), file('d/link', 'a file now'), symlink('d/kept-link', 'kept'), symlink('d/kept-link', 'old')]);
  expect([text('d/old'), text('d/other-name'), text('d/kept'), text('d/link')]).toEqual(['new', 'old', 'kept', 'a file now']);
  expect(readlinkSync(at('d/kept-link'))).toBe('old');
  expect(readdirSync(at('d')).sort()).toEqual(['kept', 'kept-link', 'link', 'old', 'other-name']);
});

test('a hard link over another link of the same file leaves nothing behind', () => {
  unpack([file('a', 'x'), hardLink('b', 'a'), hardLink('b', 'a'), hardLink('a', 'a')]);
  expect(readdirSync(at('')).sort()).toEqual(['a', 'b']);
  expect(statSync(at('a')).nlink).toBe(2);
});

test('the top gets another name, in hard links too', () => {
  unpack([folder('old'), file('old/f', 'x'), hardLink('old/h', 'old/f')], { rename: { from: 'old', to: 'new' } });
  unpack([folder('./'), file('./f', 'y')], { rename: { from: '.', to: 'contents' } });
  unpack([file('single', 'z')], { rename: { from: 'single', to: 'other' } });
  expect([text('new/f'), text('new/h'), text('contents/f'), text('other')]).toEqual(['x', 'x', 'y', 'z']);
});

test('the place itself is not changed by an entry for it', () => {
  const before = statSync(at('')).mode;
  unpack([folder('./', { mode: 0o700 }), file('./f', '')]);
  expect(statSync(at('')).mode).toBe(before);
});

test.each([
  ['a file over a folder', [file('d', 'x')], 'cannot overwrite directory "/place/d" with non-directory "/place"'],
  ['a symlink over a folder', [symlink('d', 'x')], 'cannot overwrite directory "/place/d" with non-directory "/place"'],
  ['a folder over a file', [folder('f')], 'cannot overwrite non-directory "/place/f" with directory "/place"'],
  ['a folder over a symlink', [folder('l')], 'cannot overwrite non-directory "/place/l" with directory "/place"'],
  ['a file below a file', [file('f/x', '')], 'cannot overwrite non-directory "/place/f" with directory "/place"'],
] satisfies [string, FixtureEntry[], string][])('%s is refused and leaves nothing', (_, entries, message) => {
  mkdirSync(at('d'));
  writeFileSync(at('f'), 'kept');
  symlinkSync('d', at('l'));
  expect(() => unpack(entries)).toThrow(message);
  expect(readdirSync(at('')).sort()).toEqual(['d', 'f', 'l']);
  expect(text('f')).toBe('kept');
});

test('content of zeros becomes holes, whatever the chunks', () => {
  const body = Buffer.concat([Buffer.from('start'), Buffer.alloc(3_000_000), Buffer.from('middle'), Buffer.alloc(3_000_000)]);
  unpack([file('sparse', body), file('zeros', Buffer.alloc(100_000))]);
  expect(readFileSync(at('sparse')).equals(body)).toBe(true);
  expect(statSync(at('zeros')).size).toBe(100_000);
  expect(statSync(at('zeros')).blocks).toBe(0);
});

test('an archive that breaks off leaves no part of a file, and folders that can be entered', () => {
  const bytes = tar([folder('d', { mode: 0o755 }), file('d/whole', 'x'), file('d/part', Buffer.alloc(5000, 'y'))]);
  const place = createTreePlace({ folder: openSync(at(''), 'r'), path: '/place' });
  const sink = createTreeSink({ place, ownerOf: keep, onNotice: () => undefined });
  createTarReader(sink).write(bytes.subarray(0, 512 * 6));
  // What is being written has no name yet, so that not even a kill leaves it.
  expect(readdirSync(at('d'))).toEqual(['whole']);
  sink.close();
  sink.close();
  expect(readdirSync(at('d'))).toEqual(['whole']);
  expect(statSync(at('d')).mode & 0o777).toBe(0o755);
});

test('device nodes are left out and told of once', () => {
  expect(
    unpack([
      { name: 'a', type: '3', device: [1, 3] },
      { name: 'b', type: '4', device: [8, 0] },
    ]),
  ).toEqual(['Left out device nodes such as "a": only root may make them']);
  expect(readdirSync(at(''))).toEqual([]);
});

describe('symlinks on the way', () => {
  test('are followed inside the root of a container, also those that are absolute or climb', () => {
    mkdirSync(join(root, 'usr/bin'), { recursive: true });
    symlinkSync('/usr/bin', at('absolute'));
    symlinkSync('../../../../../usr', at('climbs'));
    unpack([file('absolute/one', '1'), file('climbs/bin/two', '2'), file('climbs/new/three', '3')]);
    expect(readdirSync(join(root, 'usr/bin')).sort()).toEqual(['one', 'two']);
    expect(readdirSync(join(root, 'usr/new'))).toEqual(['three']);
  });

  test("are not followed in a folder of the user's own", () => {
    symlinkSync(join(base, 'outside'), at('link'));
    expect(() => unpack([file('link/evil', 'x')], { isContainer: false })).toThrow('cannot overwrite non-directory "/place/link"');
    expect(readdirSync(join(base, 'outside'))).toEqual(['secret']);
  });
});

const evil: [string, (outside: string) => FixtureEntry[]][] = [
  ['dotdot', () => [file('../evil', 'x')]],
  ['dotdot in the middle', () => [folder('a'), file('a/../../evil', 'x')]],
  ['dotdot behind a leading slash', () => [file('/../evil', 'x')]],
  ['dotdot as a folder', () => [folder('../evil')]],
  ['symlink-dir, absolute', (out) => [symlink('d', out), file('d/evil', 'x')]],
  ['symlink-dir, relative', () => [symlink('d', '../../outside'), file('d/evil', 'x')]],
  ['symlink-dir, in two steps', (out) => [symlink('b', out), symlink('a', 'b'), file('a/evil', 'x')]],
  ['symlink-dir, in a circle', () => [symlink('a', 'b'), symlink('b', 'a'), file('a/evil', 'x')]],
  ['a folder replaced by a symlink', (out) => [folder('d'), symlink('d', out), file('d/evil', 'x')]],
  ['hardlink-out, absolute', (out) => [hardLink('h', `${out}/secret`), file('h', 'x')]],
  ['hardlink-out, dotdot', () => [hardLink('h', '../../outside/secret')]],
  ['hardlink-out through a symlink', (out) => [symlink('d', out), hardLink('h', 'd/secret')]],
  ['hard link to a folder', () => [folder('d'), hardLink('h', 'd')]],
];

describe.each([true, false])('an evil archive (into a container: %p)', (isContainer) => {
  test.each(evil)('touches nothing outside: %s', (_, entries) => {
    // In the container an absolute path means one of its own: there is none of that name, or it is made inside.
    expect(() => unpack([...entries(join(base, 'outside')), { name: 'end', type: '?' }], { isContainer })).toThrow();
    expect(readdirSync(base).sort()).toEqual(['outside', 'root']);
    expect(readdirSync(join(base, 'outside'))).toEqual(['secret']);
    expect(readFileSync(join(base, 'outside/secret'), 'utf8')).toBe('untouched');
    expect(statSync(join(base, 'outside/secret')).nlink).toBe(1);
    expect(existsSync(join(base, 'evil'))).toBe(false);
  });
});

test("overlay's own attributes are the driver's to set, not the archive's", () => {
  const pax = { 'SCHILY.xattr.user.overlay.opaque': 'y', 'SCHILY.xattr.user.kept': 'yes' };
  unpack([file('f', 'x', { pax })]);
  expect(listXattrs(at('f')).filter((name) => name.startsWith('user.overlay'))).toEqual([]);
});
