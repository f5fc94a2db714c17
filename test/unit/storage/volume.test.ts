import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createVolume, getVolume, listVolumes, removeVolume, volumeData } from '../../../src/storage/volume.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-volume-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const ctx = () => ({ paths: { data: join(root, 'data'), run: join(root, 'run') }, now: () => new Date(0) });

test('a named volume is made with its record and an empty folder', () => {
  expect(createVolume(ctx(), { name: 'web', labels: { a: '1' } })).toEqual({
    isNew: true,
    volume: {
      version: 1,
      Name: 'web',
      Driver: 'local',
      Labels: { a: '1' },
      Options: {},
      CreatedAt: '1970-01-01T00:00:00.000Z',
      Anonymous: false,
    },
  });
  expect(readdirSync(volumeData(ctx(), 'web'))).toEqual([]);
  expect(readdirSync(join(root, 'data/tmp'))).toEqual([]);
});

test('the folder of a new volume is open to all users, whatever the umask', () => {
  const before = process.umask(0o077);
  try {
    createVolume(ctx(), { name: 'web' });
  } finally {
    process.umask(before);
  }
  expect(statSync(volumeData(ctx(), 'web')).mode & 0o777).toBe(0o755);
});

test('the second maker finds the first’s volume, labels and data kept', () => {
  createVolume(ctx(), { name: 'web', labels: { a: '1' } });
  writeFileSync(join(volumeData(ctx(), 'web'), 'file'), '');
  const { volume, isNew } = createVolume(ctx(), { name: 'web', labels: { a: '2' } });
  expect([isNew, volume.Labels, readdirSync(volumeData(ctx(), 'web'))]).toEqual([false, { a: '1' }, ['file']]);
});

test('an anonymous volume has 64 hex digits and says so', () => {
  const { volume } = createVolume(ctx(), {});
  expect(volume).toMatchObject({ Name: expect.stringMatching(/^[0-9a-f]{64}$/), Anonymous: true });
});

test('volumes are listed by name, unreadable ones passed over', () => {
  for (const name of ['b', 'a', 'broken']) createVolume(ctx(), { name });
  writeFileSync(join(root, 'data/volumes/broken/volume.json'), '{');
  expect(listVolumes(ctx()).map(({ Name }) => Name)).toEqual(['a', 'b']);
  expect(getVolume(ctx(), 'broken')).toBeUndefined();
});

test('a folder without a readable record is never taken over', () => {
  mkdirSync(join(root, 'data/volumes/strange'), { recursive: true });
  writeFileSync(join(root, 'data/volumes/strange/precious'), '');
  expect(() => createVolume(ctx(), { name: 'strange' })).toThrow('Cannot make the volume "strange"');
  expect(readdirSync(join(root, 'data/volumes/strange'))).toEqual(['precious']);
});

test('a removed volume is gone at once, its files handed to the caller', () => {
  createVolume(ctx(), { name: 'web' });
  const grave = removeVolume(ctx(), 'web');
  expect(getVolume(ctx(), 'web')).toBeUndefined();
  expect(existsSync(join(grave ?? '', '_data'))).toBe(true);
  expect(removeVolume(ctx(), 'web')).toBeUndefined();
});
