import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openHashCache } from '../../../../src/engine/build/copy/hash-cache.ts';
import { cacheHashesDir } from '../../../../src/storage/layout.ts';
import { type NodeStat, statAt } from '../../../../src/sys/read-at.ts';
import { testStore } from '../../storage/tar-fixture.ts';

let store: ReturnType<typeof testStore>;
let folder: string;
beforeEach(() => {
  store = testStore();
  folder = mkdtempSync(join(tmpdir(), 'skiff-hashes-'));
});
afterEach(() => {
  store.remove();
  rmSync(folder, { recursive: true });
});

const DIGEST = `${'x'.repeat(31)}\xff`;
const LATER_MS = 10_000;

function look(name: string): NodeStat {
  const fd = openSync(folder, 'r');
  try {
    const stat = statAt(fd, Buffer.from(name).toString('latin1'));
    if (!stat) throw new Error(name);
    return stat;
  } finally {
    closeSync(fd);
  }
}

function remembered(names: string[]): void {
  const cache = openHashCache(store.ctx, folder);
  for (const name of names) cache.keep(Buffer.from(name).toString('latin1'), look(name), DIGEST, Date.now() + LATER_MS);
  cache.save();
}

it('finds a file while nothing of it has changed', () => {
  for (const name of ['a', 'ü']) writeFileSync(join(folder, name), name);
  remembered(['a', 'ü']);
  const cache = openHashCache(store.ctx, folder);
  expect(cache.find('a', look('a'))).toBe(DIGEST);
  expect(cache.find('\xc3\xbc', look('ü'))).toBe(DIGEST);
  expect(cache.find('b', look('a'))).toBeUndefined();
  // The same content, written anew: only its time of change tells.
  const { atime, mtime } = statSync(join(folder, 'a'));
  writeFileSync(join(folder, 'a'), 'A');
  utimesSync(join(folder, 'a'), atime, mtime);
  expect(cache.find('a', look('a'))).toBeUndefined();
});

it('does not trust what changed in the moment it was hashed', () => {
  writeFileSync(join(folder, 'a'), 'a');
  const cache = openHashCache(store.ctx, folder);
  cache.keep('a', look('a'), DIGEST, Date.now());
  expect(cache.find('a', look('a'))).toBeUndefined();
  cache.save();
  expect(() => readdirSync(cacheHashesDir(store.ctx))).toThrow('ENOENT');
});

it('keeps what a build did not ask for, and forgets what it hashed anew', () => {
  for (const name of ['a', 'b']) writeFileSync(join(folder, name), name);
  remembered(['a', 'b']);
  const other = openHashCache(store.ctx, folder);
  other.keep('b', look('b'), 'y'.repeat(32), Date.now() + LATER_MS);
  other.save();
  const cache = openHashCache(store.ctx, folder);
  expect([cache.find('a', look('a')), cache.find('b', look('b'))]).toEqual([DIGEST, 'y'.repeat(32)]);
});

it('takes a torn or foreign file for none', () => {
  writeFileSync(join(folder, 'a'), 'a');
  remembered(['a']);
  const [name = ''] = readdirSync(cacheHashesDir(store.ctx));
  const path = join(cacheHashesDir(store.ctx), name);
  const whole = readFileSync(path);
  for (const damaged of [
    whole.subarray(0, whole.length - 7),
    Buffer.concat([whole, Buffer.from('x')]),
    Buffer.from('hello'),
    Buffer.alloc(0),
  ]) {
    writeFileSync(path, damaged);
    expect(openHashCache(store.ctx, folder).find('a', look('a'))).toBeUndefined();
  }
  writeFileSync(path, whole);
  expect(openHashCache(store.ctx, folder).find('a', look('a'))).toBe(DIGEST);
});
