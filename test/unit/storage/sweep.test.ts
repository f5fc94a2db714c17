import { mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openBlobWriter, putBlob } from '../../../src/storage/blob.ts';
import { claim } from '../../../src/storage/claim.ts';
import { digestOf } from '../../../src/storage/digest.ts';
import { storedBlobs } from '../../../src/storage/garbage.ts';
import { deleteImageRecord } from '../../../src/storage/image-record.ts';
import { layerIds } from '../../../src/storage/layer.ts';
import { blobPath, containerConfigPath, containerDir, layerDir, tmpDir } from '../../../src/storage/layout.ts';
import type { ImageRecord } from '../../../src/storage/records.ts';
import { foresee, sweep } from '../../../src/storage/sweep.ts';
import { createUnpacker } from '../../../src/storage/unpack.ts';
import type { Ctx } from '../../../src/sys/context.ts';
import { storeImage } from './image-fixture.ts';
import { testStore } from './tar-fixture.ts';

let store: ReturnType<typeof testStore>;
let ctx: Ctx;
beforeEach(() => {
  store = testStore();
  ctx = { ...store.ctx, now: () => new Date() };
});
afterEach(() => store.remove());

const partsOf = (image: ImageRecord): { blobs: string[]; layers: string[] } => ({
  blobs: [image.id, image.manifest.digest, ...image.layers.map((layer) => layer.digest)].sort(),
  layers: image.layers.map((layer) => layer.diffId).sort(),
});
const released = (image: ImageRecord): ReadonlySet<string> => new Set(Object.values(partsOf(image)).flat());
const stored = () => ({ blobs: storedBlobs(ctx).sort(), layers: layerIds(ctx).sort() });
const inTmp = () => readdirSync(tmpDir(ctx)).filter((name) => name !== 'claims');
const writeContainer = (id: string, record: unknown): void => {
  mkdirSync(containerDir(ctx, id), { recursive: true });
  writeFileSync(containerConfigPath(ctx, id), JSON.stringify(record));
};

it('deletes nothing that an image reaches', () => {
  const image = storeImage(ctx, undefined, ['1', '2']);
  expect(sweep(ctx, { thorough: true })).toEqual({ blobs: [], layers: [], leftovers: [], bytes: 0 });
  expect(stored()).toEqual(partsOf(image));
});

it('deletes what only a removed image reached, and keeps what another shares', () => {
  const one = storeImage(ctx, undefined, ['shared', '1']);
  const two = storeImage(ctx, undefined, ['shared', '2']);
  deleteImageRecord(ctx, one.id);
  expect(sweep(ctx, { released: released(one) }).layers).toEqual([one.layers[1]?.diffId]);
  expect([stored(), inTmp()]).toEqual([partsOf(two), []]);
});

it('keeps the layers of containers whose image is gone, and every layer while a container cannot be read', () => {
  const image = storeImage(ctx, undefined, ['1']);
  const [id, lost] = ['a'.repeat(64), 'b'.repeat(64)];
  writeContainer(id, { version: 1, Id: id, Layers: [image.layers[0]?.diffId], Config: {}, HostConfig: {} });
  deleteImageRecord(ctx, image.id);
  sweep(ctx, { released: released(image) });
  expect(stored()).toEqual({ blobs: [], layers: partsOf(image).layers });
  writeContainer(id, { version: 1, Id: id, Layers: [], Config: {}, HostConfig: {} });
  writeContainer(lost, '{');
  sweep(ctx, { thorough: true });
  expect(stored().layers).toEqual(partsOf(image).layers);
});

it('keeps what a living claim protects', () => {
  const image = storeImage(ctx, undefined, ['1']);
  deleteImageRecord(ctx, image.id);
  const hold = claim(ctx, 'pull');
  hold?.protect([...released(image)]);
  sweep(ctx, { thorough: true });
  expect(stored()).toEqual(partsOf(image));
  hold?.release();
  sweep(ctx, { thorough: true });
  expect(stored()).toEqual({ blobs: [], layers: [] });
});

it('keeps for an hour what a broken pull fetched, but not its manifests', () => {
  const image = storeImage(ctx, undefined, ['1']);
  const large = putBlob(ctx, Buffer.alloc(100_000));
  const [layer = ''] = partsOf(image).layers;
  deleteImageRecord(ctx, image.id);
  sweep(ctx);
  expect(stored()).toEqual({ blobs: [large], layers: [layer] });
  const old = new Date(Date.now() - 3_700_000);
  for (const path of [blobPath(ctx, large), layerDir(ctx, layer)]) utimesSync(path, old, old);
  sweep(ctx);
  expect(stored()).toEqual({ blobs: [], layers: [] });
});

it('deletes what the dead left in tmp/, and nothing of the living', () => {
  const digest = digestOf('x'.repeat(10));
  const unpacker = createUnpacker(ctx, { mediaType: '', diffId: digest });
  const writer = openBlobWriter(ctx, { digest, size: 10 });
  writer.write(Buffer.from('xxx'));
  const dead = ['layer-dead', 'removed-dead', `container-${'c'.repeat(64)}`];
  for (const name of dead) mkdirSync(join(tmpDir(ctx), name, 'fs'), { recursive: true });
  writeFileSync(join(tmpDir(ctx), `blob-${'d'.repeat(64)}`), 'partial');
  writeFileSync(join(tmpDir(ctx), 'young'), '');
  writeFileSync(join(tmpDir(ctx), 'claims/dead'), '');
  const living = inTmp().filter((name) => !dead.includes(name));
  expect(sweep(ctx).leftovers.sort()).toEqual([...dead].sort());
  expect(inTmp().sort()).toEqual(living.sort());
  expect(readdirSync(join(tmpDir(ctx), 'claims'))).toHaveLength(2);
  expect(sweep(ctx, { thorough: true }).leftovers).toEqual([`blob-${'d'.repeat(64)}`]);
  unpacker.abort();
  writer.abort();
});

it('foresees what goes without an image: that is what then goes, measured, and nothing goes before', () => {
  const image = storeImage(ctx, undefined, ['one', 'two']);
  const options = { released: released(image) };
  const foreseen = foresee(ctx, { ...options, without: { images: [image.id], containers: [], volumes: [] } });
  expect([foreseen.blobs.length, foreseen.layers.length, foreseen.bytes > 0]).toEqual([4, 2, true]);
  expect([sweep(ctx, { ...options, measure: true }).bytes, stored()]).toEqual([0, partsOf(image)]);
  deleteImageRecord(ctx, image.id);
  expect(sweep(ctx, { ...options, measure: true })).toEqual(foreseen);
});
