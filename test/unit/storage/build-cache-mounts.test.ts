import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { detachCacheMount, listCacheMounts, noteMountSize, useCacheMount } from '../../../src/storage/build-cache-mounts.ts';
import { testStore } from './tar-fixture.ts';

let store: ReturnType<typeof testStore>;
let made: number;
beforeEach(() => {
  store = testStore();
  made = 0;
});
afterEach(() => store.remove());

const use = (id: string, sharing: 'shared' | 'private' | 'locked', signal = new AbortController().signal) =>
  useCacheMount(store.ctx, {
    id,
    sharing,
    signal,
    create: async (path) => {
      made++;
      await Bun.sleep(1);
      mkdirSync(path);
    },
  });

test('shared ones are one folder, made once by whoever comes first', async () => {
  const uses = await Promise.all([use('a', 'shared'), use('a', 'shared'), use('a', 'shared')]);
  expect(new Set(uses.map(({ path }) => path)).size).toBe(1);
  expect(made).toBe(1);
  expect(listCacheMounts(store.ctx)).toMatchObject([{ record: { id: 'a' }, inUse: true, uses: 4 }]);
  for (const each of uses) each.release();
  expect(listCacheMounts(store.ctx)).toMatchObject([{ inUse: false }]);
});

test('a private one that is taken is another folder, and the first is had again when it is free', async () => {
  const one = await use('a', 'private');
  const two = await use('a', 'private');
  expect(two.path).not.toBe(one.path);
  one.release();
  expect((await use('a', 'private')).path).toBe(one.path);
  two.release();
});

test('a locked one is waited for, until the signal ends it', async () => {
  const one = await use('a', 'locked');
  const gone = new AbortController();
  const waiting = use('a', 'locked', gone.signal);
  gone.abort(new Error('enough'));
  await expect(waiting).rejects.toThrow('enough');
  const next = use('a', 'locked');
  writeFileSync(join(one.path, 'f'), 'x');
  one.release();
  const two = await next;
  expect(readFileSync(join(two.path, 'f'), 'utf8')).toBe('x');
  two.release();
});

test('what is in use stays, what is not goes, and is made anew', async () => {
  const one = await use('a', 'shared');
  expect(detachCacheMount(store.ctx, one.name)).toBeUndefined();
  one.release();
  const grave = detachCacheMount(store.ctx, one.name) ?? '';
  expect([existsSync(join(grave, 'fs')), existsSync(one.path)]).toEqual([true, false]);
  (await use('a', 'shared')).release();
  expect(made).toBe(2);
});

test('a size is noted without counting as a use', async () => {
  (await use('a', 'shared')).release();
  const [before] = listCacheMounts(store.ctx);
  if (!before) throw new Error('None');
  noteMountSize(store.ctx, before, 12345);
  const [after] = listCacheMounts(store.ctx);
  expect(after).toMatchObject({ record: { id: 'a', size: 12345 }, uses: before.uses });
  expect(Math.abs((after?.lastUsedAt.getTime() ?? 0) - before.lastUsedAt.getTime())).toBeLessThan(2);
});
