import { appendFileSync, existsSync, mkdirSync, readdirSync, rmSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { check } from '../../../src/engine/jobs/check.ts';
import { putBlob } from '../../../src/storage/blob.ts';
import { deleteImageRecord, readImageRecord, readReference, referencePath } from '../../../src/storage/image-record.ts';
import {
  blobPath,
  containerConfigPath,
  containerDir,
  containerLockPath,
  containerRunDir,
  imageRecordPath,
  layerDir,
  layerFs,
  namesDir,
  tmpDir,
  volumeDir,
} from '../../../src/storage/layout.ts';
import type { ImageRecord } from '../../../src/storage/records.ts';
import { tryLock } from '../../../src/sys/lock.ts';
import { storeImage } from '../storage/image-fixture.ts';
import { testStore } from '../storage/tar-fixture.ts';

const reference = 'registry.invalid/alpine:latest';
const id = 'a'.repeat(64);
let store: ReturnType<typeof testStore>;
let image: ImageRecord;
let layer: string;
let layerBlob: string;
beforeEach(() => {
  store = testStore();
  image = storeImage(store.ctx, reference, ['content']);
  layer = image.layers[0]?.diffId ?? '';
  layerBlob = image.layers[0]?.digest ?? '';
});
afterEach(() => store.remove());

const run = async (options: { repair?: boolean; quick?: boolean } = {}): Promise<string[]> => {
  const { lines } = await check(
    store.ctx,
    { kind: 'check', repair: false, quick: false, ...options },
    { signal: new AbortController().signal },
  );
  return lines.map(({ kind, object, what, repaired }) => `${kind}: ${object}: ${what}${repaired ? ` (${repaired})` : ''}`);
};
const addContainer = (
  record: unknown = { version: 1, Id: id, Name: 'web', Layers: [layer], Config: { Image: 'alpine' }, HostConfig: {} },
): void => {
  mkdirSync(containerDir(store.ctx, id), { recursive: true });
  writeFileSync(containerConfigPath(store.ctx, id), typeof record === 'string' ? record : JSON.stringify(record));
  mkdirSync(namesDir(store.ctx), { recursive: true });
  symlinkSync(id, join(namesDir(store.ctx), 'web'));
};

it('finds a whole store whole, and counts what it looked at', async () => {
  addContainer();
  const { checked, lines } = await check(
    store.ctx,
    { kind: 'check', repair: false, quick: false },
    { signal: new AbortController().signal },
  );
  // Three blobs, a layer, an image, a reference, a container.
  expect({ checked, lines }).toEqual({ checked: 7, lines: [] });
  expect((await check(store.ctx, { kind: 'check', repair: false, quick: true }, { signal: new AbortController().signal })).checked).toBe(3);
});

it('finds a store that is not there whole', async () => {
  rmSync(store.ctx.paths.data, { recursive: true });
  expect(await check(store.ctx, { kind: 'check', repair: true, quick: false }, { signal: new AbortController().signal })).toEqual({
    checked: 0,
    lines: [],
  });
});

it('finds a damaged blob; a repair removes it, and a compressed layer is not missed', async () => {
  appendFileSync(blobPath(store.ctx, layerBlob), 'x');
  const line = `problem: blob ${layerBlob}: its content does not match its digest`;
  expect([await run(), await run({ quick: true })]).toEqual([[line], []]);
  expect(await run({ repair: true })).toEqual([`${line} (removed)`]);
  expect(await run()).toEqual([]);
});

it('says which image lacks its config or manifest, how to get it back, and why it could not', async () => {
  appendFileSync(blobPath(store.ctx, image.id), 'x');
  rmSync(blobPath(store.ctx, image.manifest.digest));
  const [damaged, ...lacking] = await run({ repair: true });
  expect(damaged).toBe(`problem: blob ${image.id}: its content does not match its digest (removed)`);
  const why = '; cannot fetch it again: failed to resolve reference "registry.invalid/alpine@';
  expect(lacking).toEqual([
    expect.stringContaining(`problem: image ${reference}: its config ${image.id} is missing: skiff pull ${reference}${why}`),
    expect.stringContaining(`problem: image ${reference}: its manifest ${image.manifest.digest} is missing: skiff pull ${reference}${why}`),
  ]);
});

it.each([
  ['a changed byte', (fs: string) => writeFileSync(join(fs, 'f'), 'CONTENT')],
  ['a file too many', (fs: string) => writeFileSync(join(fs, 'g'), '')],
  ['a file too few', (fs: string) => rmSync(join(fs, 'f'))],
])('finds %s in a layer; a repair unpacks its blob again', async (_name, damage) => {
  damage(layerFs(store.ctx, layer));
  addContainer();
  const line = `problem: layer ${layer}: its files are not as they were unpacked`;
  expect([await run(), await run({ quick: true })]).toEqual([[line], []]);
  expect(await run({ repair: true })).toEqual([`${line} (restored)`]);
  expect(readdirSync(tmpDir(store.ctx))).toEqual(['claims']);
  expect(await run()).toEqual([]);
});

it('removes a damaged layer that cannot be had again, and says what lacks it', async () => {
  writeFileSync(join(layerFs(store.ctx, layer), 'f'), 'CONTENT');
  rmSync(blobPath(store.ctx, layerBlob));
  addContainer();
  const lines = await run({ repair: true });
  expect(lines).toEqual([
    `problem: layer ${layer}: its files are not as they were unpacked (removed)`,
    expect.stringContaining(`problem: image ${reference}: its layer ${layer} is missing: skiff pull ${reference}; cannot fetch it again: `),
    expect.stringContaining(`problem: container web: its layer ${layer} is missing: skiff pull alpine; cannot fetch it again: `),
  ]);
  expect(existsSync(layerDir(store.ctx, layer))).toBe(false);
  storeImage(store.ctx, reference, ['content']);
  expect(await run()).toEqual([]);
});

it('restores a lost layer from its blob', async () => {
  rmSync(layerDir(store.ctx, layer), { recursive: true });
  expect(await run({ repair: true })).toEqual([`problem: image ${reference}: its layer ${layer} was missing (restored)`]);
  expect(await run()).toEqual([]);
});

it('leaves a damaged layer under a running container', async () => {
  writeFileSync(join(layerFs(store.ctx, layer), 'f'), 'changed');
  addContainer();
  const lock = tryLock(containerLockPath(store.ctx, id));
  expect(await run({ repair: true })).toEqual([
    `problem: layer ${layer}: its files are not as they were unpacked; the running container web uses it`,
  ]);
  lock?.release();
});

it.each([
  ['cannot be read', (path: string) => writeFileSync(path, '{"version":1')],
  ['is gone', (path: string) => rmSync(path)],
  ['is not what its manifest says', (path: string) => writeFileSync(path, JSON.stringify({ ...image, layers: [] }))],
])('makes an image record again that %s, from manifest and config: nothing goes that a reference reaches', async (_name, damage) => {
  damage(imageRecordPath(store.ctx, image.id));
  expect((await run()).filter((line) => line.startsWith('problem'))).toHaveLength(1);
  expect((await run({ repair: true })).map((line) => /\(.*\)$/.exec(line)?.[0])).toEqual(['(made again from its manifest)']);
  expect(await run()).toEqual([]);
  expect(readImageRecord(store.ctx, image.id)).toMatchObject({ ...image, sizeBytes: 'content'.length, storedAt: expect.any(String) });
});

it('drops an unreadable image record whose blobs are gone, and what leads to it, so that a pull makes it anew', async () => {
  writeFileSync(imageRecordPath(store.ctx, image.id), '{"version":1');
  rmSync(blobPath(store.ctx, image.manifest.digest));
  expect((await run({ repair: true })).slice(0, 2)).toEqual([
    `problem: image ${reference}: its record cannot be read (removed: pull it again)`,
    `problem: reference ${reference}: it names the image ${image.id}, which is not there (removed)`,
  ]);
  storeImage(store.ctx, reference, ['content']);
  expect(await run()).toEqual([]);
});

it('finds a record that is not what its manifest says', async () => {
  const other = storeImage(store.ctx, undefined, ['other']);
  writeFileSync(imageRecordPath(store.ctx, image.id), JSON.stringify({ ...image, layers: other.layers }));
  expect((await run())[0]).toBe(`problem: image ${reference}: its record does not match its manifest`);
});

it('drops a reference that cannot be read or leads nowhere', async () => {
  writeFileSync(referencePath(store.ctx, 'localhost/x:y'), 'garbage');
  expect(await run({ repair: true })).toEqual(['problem: reference localhost/x:y: it cannot be read (removed)']);
  deleteImageRecord(store.ctx, image.id);
  rmSync(blobPath(store.ctx, image.id));
  expect((await run({ repair: true }))[0]).toBe(
    `problem: reference ${reference}: it names the image ${image.id}, which is not there (removed)`,
  );
  expect(readReference(store.ctx, reference)).toBeUndefined();
});

it('reports a container and a volume whose record is lost, and touches neither', async () => {
  addContainer('{');
  mkdirSync(join(volumeDir(store.ctx, 'data'), '_data'), { recursive: true });
  const lines = [
    `problem: container ${id.slice(0, 12)}: its record cannot be read; its files are in ${containerDir(store.ctx, id)}`,
    `problem: volume data: its record cannot be read; its files are in ${join(volumeDir(store.ctx, 'data'), '_data')}`,
  ];
  expect(await run({ repair: true })).toEqual(lines);
  expect(await run()).toEqual(lines);
});

it('reserves the name of a container again', async () => {
  addContainer();
  rmSync(join(namesDir(store.ctx), 'web'));
  expect(await run({ repair: true })).toEqual(['problem: container web: its name is not reserved (reserved again)']);
  expect(await run()).toEqual([]);
});

it('names what the dead left, which is no problem, and sweeps it on repair', async () => {
  const gone = 'b'.repeat(64);
  mkdirSync(namesDir(store.ctx), { recursive: true });
  symlinkSync(gone, join(namesDir(store.ctx), 'ghost'));
  mkdirSync(containerRunDir(store.ctx, gone), { recursive: true });
  tryLock(containerLockPath(store.ctx, gone))?.release();
  utimesSync(containerLockPath(store.ctx, gone), 1, 1);
  mkdirSync(join(tmpDir(store.ctx), 'layer-dead'));
  const blob = putBlob(store.ctx, Buffer.from('unreached'));
  const lines = [
    'leftover: name ghost: nothing uses it',
    `leftover: folder ${containerRunDir(store.ctx, gone)}: nothing uses it`,
    `leftover: lock ${containerLockPath(store.ctx, gone)}: nothing uses it`,
    `leftover: blob ${blob}: nothing uses it`,
    'leftover: tmp/layer-dead: nothing uses it',
  ];
  expect(await run()).toEqual(lines);
  expect(await run({ repair: true })).toEqual(lines.map((line, index) => `${line} (${index < 3 ? 'removed' : 'swept'})`));
  expect(await run()).toEqual([]);
});

it('leaves the name, the folder and the lock of a container that is being made', async () => {
  const young = 'c'.repeat(64);
  mkdirSync(namesDir(store.ctx), { recursive: true });
  symlinkSync(young, join(namesDir(store.ctx), 'young'));
  mkdirSync(containerRunDir(store.ctx, young), { recursive: true });
  const lock = tryLock(containerLockPath(store.ctx, young));
  expect(await run({ repair: true })).toEqual([]);
  lock?.release();
});
