import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { trashDir } from '../../../src/storage/layout.ts';
import { bringBack, detachRemovals, listRemovals, newRemoval } from '../../../src/storage/trash.ts';
import { createVolume, getVolume, listVolumes, removeVolume, volumeData } from '../../../src/storage/volume.ts';

let root: string;
let time: number;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-trash-'));
  time = 0;
});
afterEach(() => rmSync(root, { recursive: true }));

const ctx = () => ({ paths: { data: join(root, 'data'), run: join(root, 'run') }, now: () => new Date(time) });

function remove(...names: string[]): string {
  const keptIn = newRemoval(ctx());
  for (const name of names) {
    createVolume(ctx(), { name, labels: { of: name } });
    writeFileSync(join(volumeData(ctx(), name), 'file'), name);
    removeVolume(ctx(), name, { keptIn });
  }
  time += 1000;
  return keptIn;
}

test('what was removed is listed, the latest first, with its time and its names', () => {
  remove('web', 'db');
  remove('cache');
  expect(listRemovals(ctx()).map(({ removedAt, volumes }) => [removedAt.getTime(), volumes])).toEqual([
    [1000, ['cache']],
    [0, ['db', 'web']],
  ]);
  expect(listVolumes(ctx())).toEqual([]);
});

test('it comes back with its record and its files, and nothing of it stays in the trash', () => {
  remove('web');
  const [last] = listRemovals(ctx());
  expect(last && bringBack(ctx(), last)).toEqual([]);
  expect([getVolume(ctx(), 'web')?.Labels, readdirSync(volumeData(ctx(), 'web'))]).toEqual([{ of: 'web' }, ['file']]);
  expect(readdirSync(trashDir(ctx()))).toEqual([]);
});

test('where one name is taken none comes back', () => {
  remove('web', 'db');
  createVolume(ctx(), { name: 'web' });
  const [last] = listRemovals(ctx());
  expect(last && bringBack(ctx(), last)).toEqual(['web']);
  expect(listVolumes(ctx()).map(({ Name }) => Name)).toEqual(['web']);
  expect(listRemovals(ctx())[0]?.volumes).toEqual(['db', 'web']);
});

test('what is older goes, what is not stays; folders that are none of ours are left alone until all goes', () => {
  const old = remove('old');
  const young = remove('young');
  mkdirSync(join(trashDir(ctx()), 'strange', 'x'), { recursive: true });
  const graves = detachRemovals(ctx(), new Date(500));
  expect([graves.length, existsSync(old), existsSync(young)]).toEqual([1, false, true]);
  expect(readdirSync(graves[0] ?? '')).toEqual(['old']);
  expect(listRemovals(ctx()).map(({ volumes }) => volumes)).toEqual([['young']]);
  expect(detachRemovals(ctx())).toHaveLength(2);
  expect(readdirSync(trashDir(ctx()))).toEqual([]);
});

test('a removal that a kill has left empty is no removal', () => {
  mkdirSync(newRemoval(ctx()), { recursive: true });
  expect(listRemovals(ctx())).toEqual([]);
});
