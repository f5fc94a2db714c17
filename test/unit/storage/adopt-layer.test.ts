import {
  chmodSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { adoptLayer } from '../../../src/storage/adopt-layer.ts';
import { claim } from '../../../src/storage/claim.ts';
import { readLayer } from '../../../src/storage/layer.ts';
import { blobPath, layerFs, tmpDir } from '../../../src/storage/layout.ts';
import { sumTree } from '../../../src/storage/tree-sum.ts';
import { createUnpacker } from '../../../src/storage/unpack.ts';
import { getXattr, listXattrs, setXattr } from '../../../src/sys/xattr.ts';
import { file, folder, tar, testStore, unpack } from './tar-fixture.ts';

let store: ReturnType<typeof testStore>;
let upper: string;
beforeEach(() => {
  store = testStore();
  upper = join(store.ctx.paths.data, 'upper');
  mkdirSync(upper, { recursive: true, mode: 0o755 });
});
afterEach(() => store.remove());

const at = (path: string): string => join(upper, path);
const make = (path: string, content = ''): void => {
  mkdirSync(join(at(path), '..'), { recursive: true, mode: 0o755 });
  writeFileSync(at(path), content, { mode: 0o644 });
};
const own = (path: string, name: string, value = 'y'): void => setXattr(at(path), `user.overlay.${name}`, Buffer.from(value));
const whiteout = (path: string): void => {
  expect(Bun.spawnSync(['mknod', at(path), 'c', '0', '0']).exitCode).toBe(0);
};

/** Adopts the folder; what it has become must be what its own tar unpacks to, elsewhere. */
async function adopt(layers: string[] = []) {
  const { ctx } = store;
  const hold = claim(ctx, `test-${Math.random()}`);
  if (!hold) throw new Error('Not claimed');
  const skipped: string[] = [];
  const made = await adoptLayer(ctx, upper, { layers, hold, onPause: async () => undefined, onSkip: (path) => skipped.push(path) });
  hold.release();
  if (!made) return { made, skipped };
  const record = readLayer(ctx, made.diffId);
  expect(record?.tree).toBe(sumTree(layerFs(ctx, made.diffId)));
  const bytes = readFileSync(blobPath(ctx, made.digest));
  const other = testStore();
  const unpacker = createUnpacker(other.ctx, { mediaType: made.mediaType, diffId: made.diffId, isPlain: true });
  unpacker.write(bytes);
  const { bootId: _, ...unpacked } = unpacker.end();
  const { bootId: __, ...adopted } = record ?? {};
  expect(adopted).toEqual(unpacked);
  expect(made).toMatchObject({ digest: made.diffId, size: bytes.length, sizeBytes: unpacked.sizeBytes });
  other.remove();
  expect(existsSync(upper)).toBe(false);
  expect(readdirSync(tmpDir(ctx)).filter((name) => name !== 'claims')).toEqual([]);
  return { made, skipped, fs: layerFs(ctx, made.diffId) };
}

test('a folder with files of all kinds becomes the layer that its tar unpacks to', async () => {
  make('a/file', 'content');
  make('a/empty');
  linkSync(at('a/file'), at('a/linked'));
  symlinkSync('../nowhere', at('a/link'));
  Bun.spawnSync(['mkfifo', '-m', '640', at('a/pipe')]);
  mkdirSync(at('b/c'), { recursive: true });
  for (const [path, mode] of [
    ['b', 0o1777],
    ['b/c', 0o2750],
    ['a/file', 0o4755],
  ] as const) {
    chmodSync(at(path), mode);
  }
  setXattr(at('a/file'), 'user.note', Buffer.from('kept'));
  make('name with \u00e9 and\nline', 'x');
  make(`deep/${'long-'.repeat(30)}/${'name-'.repeat(20)}`, 'pax');
  make('large', 'x'.repeat(3 << 20));
  utimesSync(at('a/empty'), 981173106, 981173106.25);
  const { fs = '' } = await adopt();
  expect(lstatSync(join(fs, 'a/file')).nlink).toBe(2);
  expect(getXattr(join(fs, 'a/file'), 'user.note')?.toString()).toBe('kept');
  expect(lstatSync(join(fs, 'a/empty')).mtimeMs).toBe(981173106250);
});

test('what it deletes and replaces of the layers below is told by whiteouts, and what overlayfs noted for itself goes', async () => {
  const below = unpack(
    store.ctx,
    tar([folder('old/'), file('old/f', '1'), folder('replaced/'), file('replaced/g', '2'), file('gone', '3')]),
  );
  make('old/new', 'n');
  own('old', 'impure');
  make('replaced/h', 'h');
  own('replaced', 'opaque');
  own('replaced', 'origin');
  make('fresh/i', 'i');
  own('fresh', 'opaque');
  own('fresh/i', 'origin');
  whiteout('gone');
  const { fs = '' } = await adopt([below.diffId]);
  expect(listXattrs(join(fs, 'old'))).toEqual([]);
  expect(listXattrs(join(fs, 'replaced'))).toEqual(['user.overlay.opaque']);
  expect(listXattrs(join(fs, 'fresh'))).toEqual([]);
  expect(listXattrs(join(fs, 'fresh/i'))).toEqual([]);
  expect(lstatSync(join(fs, 'gone')).isCharacterDevice()).toBe(true);
});

test('folders that were copied up and are as they were are left out, and one that has another mode is not', async () => {
  const below = unpack(store.ctx, tar([folder('same/'), folder('same/inner/'), folder('other/'), file('same/f', '1')]));
  mkdirSync(at('same/inner'), { recursive: true, mode: 0o755 });
  mkdirSync(at('other'), { mode: 0o700 });
  const { fs = '' } = await adopt([below.diffId]);
  expect(readdirSync(fs)).toEqual(['other']);
});

test('a folder that only became younger is no change at all', async () => {
  const below = unpack(store.ctx, tar([folder('same/'), folder('same/inner/')]));
  mkdirSync(at('same/inner'), { recursive: true, mode: 0o755 });
  expect((await adopt([below.diffId])).made).toBeUndefined();
  expect(readdirSync(tmpDir(store.ctx)).filter((name) => name !== 'claims')).toEqual([]);
});

test('names that no layer can hold, and sockets, are removed, and the folder keeps its time', async () => {
  make('d/kept', 'k');
  mkdirSync(at('d/.wh.folder/sub'), { recursive: true });
  make('d/.wh.file', 'x');
  const server = Bun.listen({ unix: at('d/socket'), socket: { data: () => undefined } });
  expect(existsSync(at('d/socket'))).toBe(true);
  utimesSync(at('d'), 981173106, 981173106);
  const { fs = '', skipped } = await adopt();
  server.stop(true);
  expect(readdirSync(join(fs, 'd'))).toEqual(['kept']);
  expect(lstatSync(join(fs, 'd')).mtimeMs).toBe(981173106000);
  expect(skipped).toEqual(['d/.wh.file', 'd/.wh.folder']);
});

test('a root that has another mode than before is a change by itself, one that is as unusual as before is none', async () => {
  const below = unpack(store.ctx, tar([folder('./', { mode: 0o700 }), file('f', 'x')]));
  chmodSync(upper, 0o700);
  expect((await adopt([below.diffId])).made).toBeUndefined();
  chmodSync(upper, 0o755);
  const { made, fs = '' } = await adopt([below.diffId]);
  expect(readFileSync(blobPath(store.ctx, made?.digest ?? '')).includes('./\0')).toBe(true);
  expect(lstatSync(fs).mode & 0o7777).toBe(0o755);
});

test('an unusual root is in the tar, a usual one is not', async () => {
  make('f', 'x');
  chmodSync(upper, 0o700);
  const { fs = '' } = await adopt();
  expect(lstatSync(fs).mode & 0o7777).toBe(0o700);
});
