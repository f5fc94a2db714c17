import { rmSync, writeFileSync } from 'node:fs';
import { removeBlob } from '../../../src/storage/blob.ts';
import { findImage, listImages, putImage, readImageConfig, referencesOf, removeReference, tagImage } from '../../../src/storage/image.ts';
import { deleteImageRecord, readImageRecord, referencePath } from '../../../src/storage/image-record.ts';
import { hasLayer } from '../../../src/storage/layer.ts';
import { imageRecordPath, layerDir } from '../../../src/storage/layout.ts';
import { storeImage } from './image-fixture.ts';
import { testStore } from './tar-fixture.ts';

let store: ReturnType<typeof testStore>;
beforeEach(() => {
  store = testStore();
});
afterEach(() => store.remove());

const alpine = 'docker.io/library/alpine:latest';

it('finds an image by reference, id, and prefix, with or without the algorithm', () => {
  const image = storeImage(store.ctx, alpine, ['1']);
  const hex = image.id.slice(7);
  expect(findImage(store.ctx, 'alpine', alpine)).toEqual({ image, reference: alpine });
  for (const name of [image.id, hex, hex.slice(0, 12), hex.slice(0, 1), `sha256:${hex.slice(0, 5)}`]) {
    expect(findImage(store.ctx, name)).toEqual({ image, reference: undefined });
  }
  expect(findImage(store.ctx, 'nothing', 'docker.io/library/nothing:latest')).toBeUndefined();
  expect(findImage(store.ctx, 'not hex')).toBeUndefined();
});

it('prefers a reference that looks like an id, and says when a prefix fits several', () => {
  const images = Array.from({ length: 20 }, (_, index) => storeImage(store.ctx, undefined, [String(index)]));
  const shared = images.map((image) => image.id.slice(7, 8)).find((digit, index, all) => all.indexOf(digit) !== index) ?? '';
  expect(() => findImage(store.ctx, shared)).toThrow(`Multiple IDs found with provided prefix: ${shared}`);
  const reference = `docker.io/library/${shared}:latest`;
  tagImage(store.ctx, reference, images[3]?.id ?? '');
  expect(findImage(store.ctx, shared, reference)?.image).toEqual(images[3]);
});

it('finds an image by a digest that it was pulled by', () => {
  const digest = `docker.io/library/alpine@sha256:${'a'.repeat(64)}`;
  const image = storeImage(store.ctx, alpine, ['1'], digest);
  expect(findImage(store.ctx, 'alpine@…', digest)).toEqual({ image, reference: digest });
});

it('lists images with their references, dangling ones too', () => {
  const one = storeImage(store.ctx, alpine, ['1']);
  const two = storeImage(store.ctx, undefined, ['2']);
  expect(tagImage(store.ctx, 'localhost/x:y', one.id)).toBeUndefined();
  const listed = listImages(store.ctx).sort((a, b) => b.references.length - a.references.length);
  expect(listed).toEqual([
    { image: one, references: [alpine, 'localhost/x:y'] },
    { image: two, references: [] },
  ]);
  expect(tagImage(store.ctx, alpine, two.id)).toBe(one.id);
  expect([referencesOf(store.ctx, one.id), referencesOf(store.ctx, two.id)]).toEqual([['localhost/x:y'], [alpine]]);
});

it('keeps references that make too long a file name', () => {
  const long = `registry.example.com/${'a/'.repeat(100)}b:${'t'.repeat(120)}`;
  const image = storeImage(store.ctx, long, ['1']);
  expect(findImage(store.ctx, long, long)?.image).toEqual(image);
  removeReference(store.ctx, long);
  expect(findImage(store.ctx, long, long)).toBeUndefined();
});

it('takes an unreadable record or reference for absent', () => {
  const image = storeImage(store.ctx, alpine, ['1']);
  writeFileSync(referencePath(store.ctx, alpine), '{"version":1');
  expect(findImage(store.ctx, 'alpine', alpine)).toBeUndefined();
  expect(listImages(store.ctx)).toEqual([{ image, references: [] }]);
  writeFileSync(imageRecordPath(store.ctx, image.id), JSON.stringify({ ...image, layers: [{ digest: 'sha256:../../x' }] }));
  expect([listImages(store.ctx), readImageRecord(store.ctx, image.id)]).toEqual([[], undefined]);
});

it('refuses to record an image whose parts are not there', () => {
  const image = storeImage(store.ctx, alpine, ['1', '2']);
  deleteImageRecord(store.ctx, image.id);
  expect(() => tagImage(store.ctx, alpine, image.id)).toThrow(`No such image: ${image.id}`);
  const [, second] = image.layers;
  rmSync(layerDir(store.ctx, second?.diffId ?? ''), { recursive: true });
  expect(() => putImage(store.ctx, image)).toThrow(`The image "${image.id}" is incomplete: "${second?.diffId}" is not in the store`);
  removeBlob(store.ctx, image.manifest.digest);
  expect(() => putImage(store.ctx, image)).toThrow(`"${image.manifest.digest}" is not in the store`);
  expect(readImageRecord(store.ctx, image.id)).toBeUndefined();
});

it('gathers the digests of the repositories that an image came from', () => {
  const [first, second] = ['a', 'b'].map((letter) => `localhost/${letter}@sha256:${letter.repeat(64)}`);
  storeImage(store.ctx, undefined, ['1'], first);
  const { id } = storeImage(store.ctx, undefined, ['1'], second);
  expect(readImageRecord(store.ctx, id)?.repoDigests).toEqual([first, second]);
});

it('reads the config of an image, checked', () => {
  const image = storeImage(store.ctx, alpine, ['1']);
  expect(readImageConfig(store.ctx, image.id).rootfs.diff_ids).toEqual(image.layers.map((layer) => layer.diffId));
});

it('trusts a layer that no image reaches only until the machine restarts', () => {
  const image = storeImage(store.ctx, undefined, ['1']);
  const diffId = image.layers[0]?.diffId ?? '';
  const later = { ...store.ctx, env: { SKIFF_BOOT_ID: 'another' } };
  expect([hasLayer(store.ctx, diffId), hasLayer(later, diffId)]).toEqual([true, true]);
  deleteImageRecord(store.ctx, image.id);
  expect([hasLayer(store.ctx, diffId), hasLayer(later, diffId)]).toEqual([true, false]);
});
