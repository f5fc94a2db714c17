import { existsSync, mkdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { putBlob } from '../../../src/storage/blob.ts';
import { readCacheRecord, writeCacheRecord } from '../../../src/storage/build-cache.ts';
import { cacheItems } from '../../../src/storage/build-cache-items.ts';
import { listCacheMounts, useCacheMount } from '../../../src/storage/build-cache-mounts.ts';
import type { BuiltLayer } from '../../../src/storage/build-cache-records.ts';
import { measuredItems } from '../../../src/storage/build-cache-sizes.ts';
import { trimCache } from '../../../src/storage/build-cache-trim.ts';
import { claim } from '../../../src/storage/claim.ts';
import { digestOf } from '../../../src/storage/digest.ts';
import { diskUsage } from '../../../src/storage/disk-usage.ts';
import { hasLayer } from '../../../src/storage/layer.ts';
import { blobPath, cacheMountDir, cacheRecordPath, layerDir } from '../../../src/storage/layout.ts';
import type { Ctx } from '../../../src/sys/context.ts';
import { storeImage } from './image-fixture.ts';
import { file, tar, testStore, unpack } from './tar-fixture.ts';

let store: ReturnType<typeof testStore>;
let ctx: Ctx;
beforeEach(() => {
  store = testStore();
  ctx = { ...store.ctx, now: () => new Date() };
});
afterEach(() => store.remove());

const MEGABYTE = 1 << 20;

function layerOf(content: string): BuiltLayer {
  const archive = tar([file('f', content)]);
  unpack(ctx, archive);
  const digest = putBlob(ctx, archive);
  return { digest, diffId: digest, mediaType: 'application/vnd.oci.image.layer.v1.tar', size: archive.length, sizeBytes: content.length };
}

/** Remembers a step of two megabytes, blob and files, used at `second`. */
function step(name: string, second: number, options: { layer?: BuiltLayer | null } = {}): string {
  const layer = options.layer === null ? undefined : (options.layer ?? layerOf(name.padEnd(MEGABYTE, name)));
  const key = digestOf(name);
  const inputs = { slot: name, parent: digestOf('base'), instruction: name };
  writeCacheRecord(ctx, { version: 1, key, layer, createdAt: '2026-01-01T00:00:00Z', description: name, inputs });
  const time = new Date(Date.UTC(2026, 0, 1, 0, 0, second));
  utimesSync(cacheRecordPath(ctx, key), time, time);
  return key;
}

const left = () => cacheItems(ctx).map(({ description }) => description);

test('what was used longest ago goes until the rest fits, its layer with it', () => {
  const old = step('a', 1);
  const layer = readCacheRecord(ctx, old)?.layer?.diffId ?? '';
  step('b', 2);
  step('c', 3);
  trimCache(ctx, 7 * MEGABYTE);
  expect(left()).toEqual(['c', 'b', 'a']);
  trimCache(ctx, 5 * MEGABYTE);
  expect(left()).toEqual(['c', 'b']);
  expect([hasLayer(ctx, layer), existsSync(blobPath(ctx, layer))]).toEqual([false, false]);
});

test('what an image shares takes no room, and what a build has stays', () => {
  const image = storeImage(ctx, 'docker.io/library/x:1', ['shared'.padEnd(MEGABYTE)]);
  const [own] = image.layers;
  if (!own) throw new Error('No layer');
  step('shared', 1, { layer: { ...own, sizeBytes: MEGABYTE } });
  step('busy', 2);
  step('idle', 3);
  const hold = claim(ctx, 'build-x');
  hold?.protect([readCacheRecord(ctx, digestOf('busy'))?.layer?.diffId ?? '']);
  trimCache(ctx, 0);
  expect(left()).toEqual(['busy', 'shared']);
  hold?.release();
});

test('cache mounts count with what they were measured to have, and go in the same order', async () => {
  const use = await useCacheMount(ctx, {
    id: 'npm',
    sharing: 'shared',
    create: async (path) => mkdirSync(path),
    signal: new AbortController().signal,
  });
  writeFileSync(join(use.path, 'f'), 'x'.repeat(3 * MEGABYTE));
  use.release();
  step('a', 1);
  trimCache(ctx, 6 * MEGABYTE);
  expect(listCacheMounts(ctx)).toMatchObject([{ record: { id: 'npm', size: diskUsage([cacheMountDir(ctx, use.name)]) } }]);
  expect(left()).toEqual(['cache mount with id "npm"', 'a']);
  trimCache(ctx, 4 * MEGABYTE);
  expect(left()).toEqual(['cache mount with id "npm"']);
  trimCache(ctx, MEGABYTE);
  expect([left(), existsSync(use.path)]).toEqual([[], false]);
});

test('sizes are what du says, and a layer that two steps have is counted once', () => {
  const layer = layerOf('x'.padEnd(MEGABYTE));
  step('one', 1, { layer });
  step('two', 2, { layer });
  step('none', 3, { layer: null });
  const size = diskUsage([blobPath(ctx, layer.digest)]) + diskUsage([layerDir(ctx, layer.diffId)]);
  expect(measuredItems(ctx).map(({ description, size }) => [description, size])).toEqual([
    ['none', 0],
    ['two', size],
    ['one', 0],
  ]);
});
