import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerConfigPath, containerDir, containerLockPath, trashDir, volumeDir } from '../../../src/storage/layout.ts';
import { listRemovals, newRemoval, noteReplaced, putBack, replacedIn } from '../../../src/storage/trash.ts';
import { createVolume, getVolume, renameVolume, volumeData } from '../../../src/storage/volume.ts';
import { beginVolumeMaking } from '../../../src/storage/volume-making.ts';
import { detachSnapshot, listSnapshots, snapshotDir } from '../../../src/storage/volume-snapshots.ts';
import { volumeUsers, whileAtRest } from '../../../src/storage/volume-users.ts';
import { exchange } from '../../../src/sys/exchange.ts';
import { tryLock } from '../../../src/sys/lock.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-making-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const ctx = () => ({ paths: { data: join(root, 'data'), run: join(root, 'run') }, now: () => new Date(0) });
const inUse = (ids: string[]): Error => new Error(`in use by ${ids}`);
const read = (volume: string): string[] => readdirSync(volumeData(ctx(), volume)).sort();
const tmp = (): string[] => readdirSync(join(root, 'data/tmp')).filter((name) => name !== 'claims');

function volumeWith(name: string, file: string): void {
  createVolume(ctx(), { name });
  writeFileSync(join(volumeData(ctx(), name), file), '');
}

function making(file: string) {
  const made = beginVolumeMaking(ctx());
  writeFileSync(join(made.data, file), '');
  return made;
}

const record = (Name: string) =>
  ({ version: 1, Name, Driver: 'local', Labels: {}, Options: {}, CreatedAt: '1970-01-01T00:00:00Z', Anonymous: false }) as const;

/** A container that names the volume; it runs for who holds its lock. */
function container(volume: string): { id: string; lock: string } {
  const id = 'c'.repeat(64);
  mkdirSync(containerDir(ctx(), id), { recursive: true });
  writeFileSync(containerConfigPath(ctx(), id), JSON.stringify({ version: 1, Id: id, Mounts: [{ Type: 'volume', Name: volume }] }));
  return { id, lock: containerLockPath(ctx(), id) };
}

test('what is made becomes a volume, unless the name is taken by then; nothing of it stays otherwise', () => {
  const first = making('new');
  expect(first.asVolume(record('data'))).toBe(true);
  first.end();
  expect([getVolume(ctx(), 'data')?.Name, read('data')]).toEqual(['data', ['new']]);
  const second = making('other');
  expect(second.asVolume(record('data'))).toBe(false);
  second.end();
  expect([read('data'), tmp()]).toEqual([['new'], []]);
});

test('a snapshot goes with its volume, one of a name; where the volume is gone there is none', () => {
  volumeWith('data', 'old');
  for (const [name, isMade] of [
    ['one', true],
    ['one', false],
  ] as const) {
    const made = making('kept');
    expect(made.asSnapshot('data', { version: 1, Name: name, CreatedAt: '1970-01-01T00:00:00Z' })).toBe(isMade);
    made.end();
  }
  const lost = making('kept');
  expect(lost.asSnapshot('nope', { version: 1, Name: 'one', CreatedAt: '' })).toBe(false);
  lost.end();
  expect(listSnapshots(ctx(), 'data').map(({ Name }) => Name)).toEqual(['one']);
  expect(existsSync(volumeDir(ctx(), 'nope'))).toBe(false);
  expect(detachSnapshot(ctx(), 'data', 'one')).toContain('removed-snapshot-');
  expect([detachSnapshot(ctx(), 'data', 'one'), existsSync(snapshotDir(ctx(), 'data', 'one'))]).toEqual([undefined, false]);
});

test('files are replaced in one step; those that were there are in the trash, and come back in one step', () => {
  volumeWith('data', 'old');
  mkdirSync(join(volumeDir(ctx(), 'data'), '.skiff-filled'));
  const made = making('new');
  made.asData('data', { keptIn: newRemoval(ctx()), inUse });
  made.end();
  expect([read('data'), readdirSync(volumeDir(ctx(), 'data')).sort()]).toEqual([['new'], ['_data', 'volume.json']]);
  const [removal] = listRemovals(ctx());
  expect([removal?.volumes, removal && replacedIn(ctx(), removal), tmp()]).toEqual([['data'], 'data', []]);
  if (removal) putBack(ctx(), removal, { volume: 'data', inUse });
  expect([read('data'), listRemovals(ctx())]).toEqual([['old'], []]);
});

test('files that have not changed places yet with what is to replace them are nothing to bring back', () => {
  volumeWith('data', 'old');
  const removal = newRemoval(ctx());
  mkdirSync(join(removal, 'data/_data'), { recursive: true });
  noteReplaced(join(removal, 'data'), volumeData(ctx(), 'data'));
  expect(listRemovals(ctx())).toEqual([]);
  exchange(join(removal, 'data/_data'), volumeData(ctx(), 'data'));
  expect(listRemovals(ctx()).map(({ volumes }) => volumes)).toEqual([['data']]);
});

test('what came into an empty volume while its new files were made is kept; where nothing came, nothing is', () => {
  createVolume(ctx(), { name: 'data' });
  const quiet = making('first');
  quiet.asData('data', { keptIn: newRemoval(ctx()), inUse });
  quiet.end();
  expect([read('data'), listRemovals(ctx()), existsSync(trashDir(ctx()))]).toEqual([['first'], [], false]);
  createVolume(ctx(), { name: 'other' });
  const made = making('new');
  writeFileSync(join(volumeData(ctx(), 'other'), 'written meanwhile'), '');
  made.asData('other', { keptIn: newRemoval(ctx()), inUse });
  made.end();
  const [last] = listRemovals(ctx());
  if (last) putBack(ctx(), last, { volume: 'other', inUse });
  expect(read('other')).toEqual(['written meanwhile']);
});

test('without a trash they are gone; of a volume that is gone, nothing is replaced', () => {
  volumeWith('data', 'old');
  const made = making('new');
  made.asData('data', { inUse });
  made.end();
  expect([read('data'), tmp(), existsSync(trashDir(ctx()))]).toEqual([['new'], [], false]);
  const lost = making('new');
  expect(() => lost.asData('nope', { inUse })).toThrow('ENOENT');
  lost.end();
  expect(tmp()).toEqual([]);
});

test('while a container of it runs its files stay; while it is down they are replaced, and it cannot start meanwhile', () => {
  volumeWith('data', 'old');
  const { id, lock } = container('data');
  expect([volumeUsers(ctx(), 'data'), volumeUsers(ctx(), 'other')]).toEqual([[id], []]);
  const running = tryLock(lock);
  const made = making('new');
  expect(() => made.asData('data', { inUse })).toThrow(`in use by ${id}`);
  made.end();
  expect(read('data')).toEqual(['old']);
  running?.release();
  expect(whileAtRest(ctx(), 'data', { change: () => tryLock(lock), inUse })).toBeUndefined();
  const after = tryLock(lock);
  expect(after).toBeDefined();
  after?.release();
});

test('a container whose record cannot be read may have every volume', () => {
  volumeWith('data', 'old');
  const { id } = container('data');
  writeFileSync(containerConfigPath(ctx(), id), '{');
  expect(volumeUsers(ctx(), 'whatever')).toEqual([id]);
});

test('a renamed volume is the same under another name; a name that is taken is refused', () => {
  volumeWith('data', 'old');
  volumeWith('other', 'theirs');
  const volume = getVolume(ctx(), 'data');
  expect(volume && renameVolume(ctx(), volume, { ...volume, Name: 'other' })).toBe(false);
  expect(volume && renameVolume(ctx(), volume, { ...volume, Name: 'new' })).toBe(true);
  expect([getVolume(ctx(), 'data'), getVolume(ctx(), 'new')?.Name, read('new'), read('other')]).toEqual([
    undefined,
    'new',
    ['old'],
    ['theirs'],
  ]);
  expect(JSON.parse(readFileSync(join(volumeDir(ctx(), 'new'), 'volume.json'), 'utf8')).Name).toBe('new');
});
