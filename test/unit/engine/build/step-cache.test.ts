import { rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import type { CacheRecord, StepCache, StepInputs } from '../../../../src/engine/build/model.ts';
import { openCache } from '../../../../src/engine/build/step-cache.ts';
import { putBlob } from '../../../../src/storage/blob.ts';
import { readCacheRecord, readCacheRecords } from '../../../../src/storage/build-cache.ts';
import { type Claim, claim } from '../../../../src/storage/claim.ts';
import { digestOf } from '../../../../src/storage/digest.ts';
import { hasLayer } from '../../../../src/storage/layer.ts';
import { blobPath, cacheRecordPath, layerDir } from '../../../../src/storage/layout.ts';
import { sweep } from '../../../../src/storage/sweep.ts';
import type { Ctx } from '../../../../src/sys/context.ts';
import { file, tar, testStore, unpack } from '../../storage/tar-fixture.ts';

let store: ReturnType<typeof testStore>;
let ctx: Ctx;
let holds: Claim[];
beforeEach(() => {
  store = testStore();
  ctx = { ...store.ctx, now: () => new Date() };
  holds = [];
});
afterEach(() => {
  for (const hold of holds) hold.release();
  store.remove();
});

async function open(within = ctx): Promise<StepCache> {
  const hold = claim(within, `build-${Math.random()}`);
  if (!hold) throw new Error('Not claimed');
  holds.push(hold);
  const options = { cacheFrom: [], cacheTo: [] };
  return openCache({ ctx: within, hold, signal: new AbortController().signal, options });
}

const INPUTS: StepInputs = { slot: 'here/Dockerfile#0.1', parent: digestOf('base'), instruction: 'COPY a /', files: { a: '1' } };

function step(name: string, inputs: Partial<StepInputs> = {}): CacheRecord {
  const archive = tar([file('f', name)]);
  unpack(ctx, archive);
  const digest = putBlob(ctx, archive);
  const layer = { digest, diffId: digest, mediaType: 'application/vnd.oci.image.layer.v1.tar', size: archive.length, sizeBytes: 1 };
  return { version: 1, key: digestOf(name), layer, createdAt: '2026-01-01T00:00:00Z', description: name, inputs: { ...INPUTS, ...inputs } };
}

test('a step is found the moment it is kept, by another build too, without the files that it was made of', async () => {
  const record = step('one');
  const cache = await open();
  expect(await cache.find(record.key)).toBeUndefined();
  cache.keep(record);
  const { files, ...inputs } = record.inputs;
  expect(files).toEqual({ a: '1' });
  expect(await (await open()).find(record.key)).toEqual({ ...record, inputs });
  await cache.settled();
});

test('a sweep leaves the layer of a step, until its record goes', async () => {
  const record = step('one');
  const cache = await open();
  cache.keep(record);
  await cache.settled();
  holds.pop()?.release();
  const digest = record.layer?.digest ?? '';
  sweep(ctx, { thorough: true });
  expect([hasLayer(ctx, digest), statSync(blobPath(ctx, digest)).size]).toEqual([true, record.layer?.size]);
  rmSync(cacheRecordPath(ctx, record.key));
  expect(sweep(ctx, { thorough: true })).toMatchObject({ layers: [digest], blobs: [digest] });
});

test('a step whose layer or blob is gone is not found', async () => {
  const [one, two] = [step('one'), step('two')];
  const cache = await open();
  for (const record of [one, two]) cache.keep(record);
  rmSync(layerDir(ctx, one.layer?.diffId ?? ''), { recursive: true });
  rmSync(blobPath(ctx, two.layer?.digest ?? ''));
  expect([await cache.find(one.key), await cache.find(two.key)]).toEqual([undefined, undefined]);
  await cache.settled();
});

test('after another boot only what was brought to the disk counts', async () => {
  const [settled, lost] = [step('settled'), step('lost')];
  const cache = await open();
  cache.keep(settled);
  await cache.settled();
  cache.keep(lost);
  const later = await open({ ...ctx, env: { ...ctx.env, SKIFF_BOOT_ID: 'another' } });
  expect((await later.find(settled.key))?.description).toBe('settled');
  expect(await later.find(lost.key)).toBeUndefined();
  expect((await cache.find(lost.key))?.description).toBe('lost');
  await cache.settled();
});

test('each use is noted by the time of the record and counted; a record that cannot be read is absent', async () => {
  const record = { ...step('one'), layer: undefined };
  const cache = await open();
  cache.keep(record);
  const past = new Date('2020-01-01');
  utimesSync(cacheRecordPath(ctx, record.key), past, past);
  expect(readCacheRecords(ctx)).toMatchObject([{ uses: 1, lastUsedAt: past }]);
  await cache.find(record.key);
  await cache.find(record.key);
  const [used] = readCacheRecords(ctx);
  expect(used?.uses).toBe(3);
  expect(used?.lastUsedAt.getTime()).toBeGreaterThan(past.getTime());
  writeFileSync(cacheRecordPath(ctx, record.key), '{"version":1');
  expect([readCacheRecord(ctx, record.key), await cache.find(record.key)]).toEqual([undefined, undefined]);
  await cache.settled();
});

test('a miss is explained by the first input that differs from the last time the slot was built', async () => {
  const cache = await open();
  const { inputs } = step('one');
  expect(cache.explain(inputs)).toBe('nothing is remembered of this step: it was not built here before');
  cache.keep(step('one'));
  expect(cache.explain({ ...inputs, files: { a: '2' } })).toBe('the file "a" changed');
  // What was hit last is what counts, not what was made last.
  cache.keep(step('two', { files: { a: '2' } }));
  await cache.find(digestOf('one'), inputs);
  expect(cache.explain({ ...inputs, files: { a: '1', b: '1' } })).toBe('the file "b" is new');
  await cache.settled();
});
