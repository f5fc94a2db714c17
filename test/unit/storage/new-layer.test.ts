import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { claim } from '../../../src/storage/claim.ts';
import { digestOf } from '../../../src/storage/digest.ts';
import { hasLayer } from '../../../src/storage/layer.ts';
import { blobPath, layerFs, tmpDir } from '../../../src/storage/layout.ts';
import { createNewLayer } from '../../../src/storage/new-layer.ts';
import { sweep } from '../../../src/storage/sweep.ts';
import { file, folder, tar, testStore } from './tar-fixture.ts';

const store = testStore();
afterAll(store.remove);
const { ctx } = store;

function newLayer() {
  const hold = claim(ctx, `test-${Math.random()}`);
  if (!hold) throw new Error('Not claimed');
  return { hold, layer: createNewLayer(ctx, hold) };
}

test('one pass makes the blob, the folder and both digests, which a sweep leaves alone while the claim lives', async () => {
  const archive = tar([folder('d/'), file('d/f', 'content'), file('.wh.gone')]);
  const { hold, layer } = newLayer();
  layer.write(archive.subarray(0, 700));
  await layer.room();
  layer.write(archive.subarray(700));
  const made = await layer.finish();
  layer.abort();
  expect(made.diffId).toBe(digestOf(archive));
  const blob = readFileSync(blobPath(ctx, made.digest));
  expect([made.digest, made.size]).toEqual([digestOf(blob), blob.length]);
  expect(gunzipSync(blob).equals(archive)).toBe(true);
  expect(readFileSync(join(layerFs(ctx, made.diffId), 'd/f'), 'utf8')).toBe('content');
  expect(made.sizeBytes).toBe(7);
  sweep(ctx, { released: new Set([made.digest, made.diffId]) });
  expect([hasLayer(ctx, made.diffId), existsSync(blobPath(ctx, made.digest))]).toEqual([true, true]);
  hold.release();
  sweep(ctx, { released: new Set([made.digest, made.diffId]) });
  expect([hasLayer(ctx, made.diffId), existsSync(blobPath(ctx, made.digest))]).toEqual([false, false]);
});

test('a tar that begins like a compressed file is still taken as a tar', async () => {
  const archive = tar([file('\x1f\x8b\x08 odd name', 'x')]);
  const { hold, layer } = newLayer();
  layer.write(archive);
  expect((await layer.finish()).diffId).toBe(digestOf(archive));
  hold.release();
});

test('nothing is left of one that is given up', async () => {
  const { hold, layer } = newLayer();
  layer.write(tar([file('f', 'x'.repeat(5000))]));
  layer.abort();
  hold.release();
  expect(readdirSync(tmpDir(ctx))).toEqual(['claims']);
  expect(readdirSync(join(tmpDir(ctx), 'claims'))).toEqual([]);
});
