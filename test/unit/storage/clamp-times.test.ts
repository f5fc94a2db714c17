import { gzipSync } from 'node:zlib';
import { putBlob } from '../../../src/storage/blob.ts';
import { clampTimes } from '../../../src/storage/clamp-times.ts';
import { digestOf } from '../../../src/storage/digest.ts';
import type { TarHeader } from '../../../src/storage/tar-header.ts';
import { createTarReader } from '../../../src/storage/tar-reader.ts';
import { file, folder, tar, testStore } from './tar-fixture.ts';

const store = testStore();
afterAll(store.remove);
const { ctx } = store;

async function clamped(
  archive: Buffer,
  epoch: number,
  isCompressed = false,
): Promise<{ isChanged: boolean; bytes: Buffer; entries: (TarHeader & { body: string })[] }> {
  const chunks: Buffer[] = [];
  const write = (chunk: Buffer): void => void chunks.push(Buffer.from(chunk));
  const isChanged = await clampTimes(ctx, putBlob(ctx, archive), { epoch, write, isCompressed, onPause: async () => undefined });
  const bytes = Buffer.concat(chunks);
  const entries: (TarHeader & { body: string })[] = [];
  const reader = createTarReader({
    entry: (header) => void entries.push({ ...header, body: '' }),
    content: (data, from, to) => {
      const last = entries.at(-1);
      if (last) last.body += data.toString('latin1', from, to);
    },
    entryEnd: () => undefined,
  });
  reader.write(bytes);
  expect(reader.end()).toBe(true);
  return { isChanged, bytes, entries };
}

test('younger files get the time, older ones keep theirs; names, contents, owners and attributes stay', async () => {
  const archive = tar([
    folder('d/', { mtime: 2000, mode: 0o700 }),
    file('d/old', 'o'.repeat(700), { mtime: 999, uid: 7 }),
    file('d/exact', 'e', { mtime: 1000 }),
    file('d/fraction', 'f', { mtime: 1000, pax: { mtime: '1000.5', 'SCHILY.xattr.user.x': 'v' } }),
  ]);
  const { isChanged, entries } = await clamped(archive, 1000);
  expect(isChanged).toBe(true);
  const told = entries.map(({ name, mtimeSeconds, mtimeNanoseconds, uid, mode, body }) => [
    name,
    mtimeSeconds,
    mtimeNanoseconds,
    uid,
    mode,
    body.length,
  ]);
  expect(told).toEqual([
    ['d/', 1000, 0, 0, 0o700, 0],
    ['d/old', 999, 0, 7, 0o644, 700],
    ['d/exact', 1000, 0, 0, 0o644, 1],
    ['d/fraction', 1000, 0, 0, 0o644, 1],
  ]);
  expect(entries[3]?.xattrs?.get('user.x')?.toString()).toBe('v');
});

test('a layer with nothing younger says so', async () => {
  expect((await clamped(tar([file('a', 'x', { mtime: 5 })]), 5)).isChanged).toBe(false);
});

test('layers that differ in their times alone become equal', async () => {
  const at = (mtime: number): Buffer => tar([file('a', 'x', { mtime }), file('b', 'y', { mtime: mtime + 1 })]);
  const digests = await Promise.all([2000, 3000].map(async (mtime) => digestOf((await clamped(at(mtime), 1000)).bytes)));
  expect(new Set(digests).size).toBe(1);
});

test('a compressed layer becomes a plain one', async () => {
  const archive = tar([file('a', 'x'.repeat(3000), { mtime: 9 })]);
  const plain = await clamped(archive, 5);
  const packed = await clamped(gzipSync(archive), 5, true);
  expect([packed.isChanged, packed.bytes.equals(plain.bytes)]).toEqual([true, true]);
});
