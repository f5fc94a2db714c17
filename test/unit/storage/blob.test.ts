import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { hasBlob, openBlobWriter, putBlob, readBlob, removeBlob, streamBlob } from '../../../src/storage/blob.ts';
import { claim } from '../../../src/storage/claim.ts';
import { digestOf } from '../../../src/storage/digest.ts';
import { blobPath, blobsDir, tmpDir } from '../../../src/storage/layout.ts';
import { testStore } from './tar-fixture.ts';

let store: ReturnType<typeof testStore>;
beforeEach(() => {
  store = testStore();
});
afterEach(() => store.remove());

const content = Buffer.from('the content of a blob');
const digest = digestOf(content);
const size = content.length;
const inTmp = (): string[] => readdirSync(tmpDir(store.ctx)).filter((name) => name !== 'claims');
const claims = (): string[] => readdirSync(join(tmpDir(store.ctx), 'claims'));

it('stores what is written in pieces, once it is whole and right', () => {
  const writer = openBlobWriter(store.ctx, { digest, size });
  expect(writer.offset).toBe(0);
  writer.write(content.subarray(0, 5));
  writer.write(content.subarray(5));
  expect(hasBlob(store.ctx, digest)).toBe(false);
  writer.commit();
  expect([hasBlob(store.ctx, digest), hasBlob(store.ctx, digest, size), hasBlob(store.ctx, digest, size + 1)]).toEqual([true, true, false]);
  expect(readBlob(store.ctx, digest)).toEqual(content);
  expect([inTmp(), claims(), statSync(blobPath(store.ctx, digest)).mode & 0o777]).toEqual([[], [], 0o600]);
});

it('goes on behind what a broken try left, and gives the kept bytes back', () => {
  const broken = openBlobWriter(store.ctx, { digest, size });
  broken.write(content.subarray(0, 8));
  broken.abort(true);
  const replayed: Buffer[] = [];
  const writer = openBlobWriter(store.ctx, { digest, size, onReplay: (chunk) => replayed.push(Buffer.from(chunk)) });
  expect([writer.offset, Buffer.concat(replayed)]).toEqual([8, content.subarray(0, 8)]);
  writer.write(content.subarray(writer.offset));
  writer.commit();
  expect(readBlob(store.ctx, digest)).toEqual(content);
});

it('drops a partial file that is longer than the blob', () => {
  const other = openBlobWriter(store.ctx, { digest, size: 1000 });
  other.write(Buffer.alloc(100));
  other.abort(true);
  const writer = openBlobWriter(store.ctx, { digest, size });
  expect(writer.offset).toBe(0);
  writer.write(content);
  writer.commit();
  expect(readBlob(store.ctx, digest)).toEqual(content);
});

it('begins afresh after a resumed download turned out wrong', () => {
  const broken = openBlobWriter(store.ctx, { digest, size });
  broken.write(Buffer.alloc(8));
  broken.abort(true);
  const writer = openBlobWriter(store.ctx, { digest, size });
  writer.write(content.subarray(8));
  expect(() => writer.commit()).toThrow('Refused the blob');
  expect(openBlobWriter(store.ctx, { digest, size }).offset).toBe(0);
});

it.each([
  ['too short', content.subarray(1), 'ERR_SIZE_MISMATCH'],
  ['too long', Buffer.concat([content, content]), 'ERR_SIZE_MISMATCH'],
  ['of other content', Buffer.alloc(size), 'ERR_DIGEST_MISMATCH'],
])('refuses a blob that is %s, and nothing remains', (_name, data, code) => {
  const writer = openBlobWriter(store.ctx, { digest, size });
  const write = () => {
    writer.write(data);
    writer.commit();
  };
  expect(write).toThrow(expect.objectContaining({ code }));
  writer.abort();
  expect([inTmp(), claims(), hasBlob(store.ctx, digest)]).toEqual([[], [], false]);
});

it('lets two writers of one blob work side by side; both end well', () => {
  const first = openBlobWriter(store.ctx, { digest, size });
  const second = openBlobWriter(store.ctx, { digest, size });
  first.write(content.subarray(0, 3));
  second.write(content);
  second.commit();
  first.write(content.subarray(3));
  first.commit();
  expect(readBlob(store.ctx, digest)).toEqual(content);
  expect(inTmp()).toEqual([]);
});

it('leaves the partial file of a living writer alone', () => {
  const writer = openBlobWriter(store.ctx, { digest, size });
  writer.write(content.subarray(0, 8));
  expect(claim(store.ctx, `blob-${digest.slice(7)}`)).toBeUndefined();
  expect(openBlobWriter(store.ctx, { digest, size }).offset).toBe(0);
});

it('finds damage when a blob is read or streamed, and names what is missing', () => {
  putBlob(store.ctx, content);
  const chunks: Buffer[] = [];
  streamBlob(store.ctx, digest, (chunk) => chunks.push(Buffer.from(chunk)));
  expect(Buffer.concat(chunks)).toEqual(content);
  writeFileSync(blobPath(store.ctx, digest), 'changed');
  expect(() => readBlob(store.ctx, digest)).toThrow(expect.objectContaining({ code: 'ERR_BLOB_DAMAGED' }));
  expect(() => streamBlob(store.ctx, digest, () => {})).toThrow(expect.objectContaining({ code: 'ERR_BLOB_DAMAGED' }));
  removeBlob(store.ctx, digest);
  expect(() => readBlob(store.ctx, digest)).toThrow(expect.objectContaining({ code: 'ERR_BLOB_MISSING' }));
  expect(readdirSync(blobsDir(store.ctx))).toEqual([]);
});

it.each(['sha512:00', 'sha256:../../etc/passwd', `sha256:${'A'.repeat(64)}`, ''])('makes no path of the digest "%s"', (bad) => {
  expect(() => hasBlob(store.ctx, bad)).toThrow(expect.objectContaining({ code: 'ERR_DIGEST_UNSUPPORTED' }));
  expect(() => openBlobWriter(store.ctx, { digest: bad, size: 1 })).toThrow(expect.objectContaining({ code: 'ERR_DIGEST_UNSUPPORTED' }));
  expect(existsSync(store.ctx.paths.data)).toBe(false);
});
