// Layers that try to leave their root. After each the store holds nothing of the layer, and nothing outside was touched.
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { layersDir, tmpDir } from '../../../src/storage/layout.ts';
import { EngineError } from '../../../src/sys/errors.ts';
import { type FixtureEntry, file, folder, hardLink, symlink, tar, testStore, unpack } from './tar-fixture.ts';

let store: ReturnType<typeof testStore>;
let outside: string;
beforeEach(() => {
  store = testStore();
  outside = join(dirname(store.ctx.paths.data), 'outside');
  mkdirSync(outside);
  writeFileSync(join(outside, 'secret'), 'untouched');
});
afterEach(() => store.remove());

const refusal = (entries: FixtureEntry[]): { code: string; message: string } => {
  try {
    unpack(store.ctx, tar(entries), { compressed: gzipSync(tar(entries)) });
  } catch (error) {
    if (error instanceof EngineError) return { code: error.code, message: error.message };
    throw error;
  }
  return { code: 'none', message: '' };
};

const long = (name: string): Partial<FixtureEntry> => ({ pax: { path: name } });

const evil: [string, (outside: string) => FixtureEntry[], string][] = [
  ['dotdot', () => [file('../evil', 'x')], 'its entry "../evil" leads out of it: "../evil" climbs above the root'],
  ['dotdot in the middle', () => [folder('a'), file('a/../../evil', 'x')], 'its entry "a/../../evil" leads out of it'],
  ['dotdot behind a leading slash', () => [file('/../evil', 'x')], 'its entry "/../evil" leads out of it'],
  ['dotdot in a PAX path', () => [file('fine', 'x', long('../../evil'))], 'its entry "../../evil" leads out of it'],
  ['dotdot as a folder', () => [folder('../evil')], 'its entry "../evil" leads out of it'],
  ['symlink-dir, absolute', (out) => [symlink('d', out), file('d/evil', 'x')], 'its entry "d/evil" leads out of it: "d" is a symlink to'],
  ['symlink-dir, relative', () => [symlink('d', '../../../../outside'), file('d/evil', 'x')], '"d" is a symlink to "../../../../outside"'],
  ['symlink-dir to the root', () => [symlink('d', '/'), file('d/../../evil', 'x')], 'climbs above the root'],
  ['symlink-dir, dangling', () => [symlink('d', 'nowhere'), file('d/evil', 'x')], '"d" is a symlink to "nowhere"'],
  ['symlink-dir, in two steps', (out) => [symlink('b', out), symlink('a', 'b'), file('a/evil', 'x')], 'its entry "a/evil" leads out of it'],
  ['symlink-dir, in a circle', () => [symlink('a', 'b'), symlink('b', 'a'), file('a/evil', 'x')], 'its entry "a/evil" leads out of it'],
  [
    'a folder replaced by a symlink',
    (out) => [folder('d'), file('d/ok', ''), symlink('d', out), file('d/evil', 'x')],
    'its entry "d/evil"',
  ],
  ['a deep folder replaced by a symlink', (out) => [file('a/b/c/ok', ''), symlink('a', out), file('a/b/c/evil', 'x')], '"a/b/c/evil"'],
  ['hardlink-out, absolute', (out) => [hardLink('h', `${out}/secret`)], 'it is a hard link to'],
  ['hardlink-out, dotdot', () => [hardLink('h', '../outside/secret')], '"../outside/secret" climbs above the root'],
  [
    'hardlink-out through a symlink',
    (out) => [symlink('d', out), hardLink('h', 'd/secret')],
    'its entry "h" leads out of it: "d" is a symlink',
  ],
  ['hard link to a folder', () => [folder('d'), hardLink('h', 'd')], 'it is a hard link to the folder "d"'],
  ['hard link to the root', () => [hardLink('h', '/')], 'it is a hard link to the folder "/"'],
  ['hard link to what is not there', () => [hardLink('h', 'nothing')], 'which the layer does not hold'],
  ['a whiteout of ..', () => [folder('a'), file('a/.wh...', '')], 'it would remove a folder that is not its own'],
  ['a whiteout of .', () => [file('.wh..', '')], 'it would remove a folder that is not its own'],
  ['a whiteout of nothing', () => [file('.wh.', '')], 'it would remove a folder that is not its own'],
  ['a whiteout behind a symlink', (out) => [symlink('d', out), file('d/.wh.secret', '')], 'its entry "d/.wh.secret" leads out of it'],
  ['an opaque mark behind a symlink', (out) => [symlink('d', out), file('d/.wh..wh..opq', '')], 'its entry "d/.wh..wh..opq" leads out'],
  ['a device behind a symlink', (out) => [symlink('d', out), { name: 'd/null', type: '3', device: [1, 3] }], 'its entry "d/null"'],
];

it.each(evil)('refuses a layer with %s', (_name, entries, message) => {
  const { code, message: actual } = refusal(entries(outside));
  expect([code, actual]).toEqual(['ERR_LAYER_ESCAPE', expect.stringContaining(message)]);
  expect(readdirSync(dirname(outside)).sort()).toEqual(['data', 'outside']);
  expect(readdirSync(outside)).toEqual(['secret']);
  expect([readFileSync(join(outside, 'secret'), 'utf8'), lstatSync(join(outside, 'secret')).nlink]).toEqual(['untouched', 1]);
  expect(readdirSync(tmpDir(store.ctx))).toEqual(['claims']);
  expect(existsSync(layersDir(store.ctx))).toBe(false);
});

it('takes an absolute name as one below the root', () => {
  expect(refusal([file(`${outside}/secret`, 'inside')])).toEqual({ code: 'none', message: '' });
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('untouched');
});

it('writes a file over a symlink, not through it', () => {
  expect(refusal([symlink('s', `${outside}/secret`), file('s', 'overwritten')])).toEqual({ code: 'none', message: '' });
  expect(readFileSync(join(outside, 'secret'), 'utf8')).toBe('untouched');
});

it('removes what a later entry replaces, not what its symlinks lead to', () => {
  expect(refusal([folder('d'), symlink('d/s', outside), file('d', 'file')])).toEqual({ code: 'none', message: '' });
  expect(readdirSync(outside)).toEqual(['secret']);
});

it.each([
  ['a file below a file', [file('f', ''), file('f/x', '')], 'ERR_LAYER_CORRUPT', 'its entry "f/x" lies below "f", which is no folder'],
  ['a symlink without a target', [symlink('s', '')], 'ERR_LAYER_CORRUPT', 'the symlink "s" has no target'],
  ['a NUL in a name', [file('x', '', long('a\0b'))], 'ERR_LAYER_CORRUPT', 'a NUL in the name'],
  ['a name that is too long', [file('x', '', long('n'.repeat(300)))], 'ERR_LAYER_CORRUPT', 'a name in it is too long'],
  ['a path that is too long', [file('x', '', long('n/'.repeat(3000)))], 'ERR_LAYER_CORRUPT', 'a name in it is too long'],
  ['an entry of an unknown type', [{ name: 'x', type: 'Z' }], 'ERR_LAYER_UNSUPPORTED', 'tar entries of type "Z" are not known'],
  ['a GNU sparse file', [{ name: 'x', type: 'S' }], 'ERR_LAYER_UNSUPPORTED', 'tar entries of type "S" are not known'],
  ['a PAX sparse file', [file('x', '', { pax: { 'GNU.sparse.major': '1' } })], 'ERR_LAYER_UNSUPPORTED', 'sparse'],
  ['a negative size', [{ name: 'x', size: -5 }], 'ERR_LAYER_CORRUPT', '"x" claims a size of -5 bytes'],
  ['a PAX size that is none', [file('x', '', { pax: { size: '-1' } })], 'ERR_LAYER_CORRUPT', 'the PAX record "size" has the value "-1"'],
  ['a huge PAX header', [{ name: 'x', type: 'x', size: 2 ** 33 }], 'ERR_LAYER_CORRUPT', 'an extended header of 8589934592 bytes'],
  ['a malformed PAX record', [{ name: 'x', type: 'x', body: '99 path=a\n' }], 'ERR_LAYER_CORRUPT', 'a PAX record is malformed'],
] as [string, FixtureEntry[], string, string][])('refuses a layer with %s', (_name, entries, code, message) => {
  expect(refusal(entries)).toEqual({ code, message: expect.stringContaining(message) });
  expect(readdirSync(tmpDir(store.ctx))).toEqual(['claims']);
  expect(existsSync(layersDir(store.ctx))).toBe(false);
});
