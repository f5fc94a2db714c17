import { zstdDecompressSync } from 'node:zlib';
import { createInflater } from '../../../src/storage/inflate.ts';
import { createZstd } from '../../../src/storage/zstd.ts';

async function packed(data: Buffer, options?: { level: number }): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const zstd = createZstd((chunk) => void chunks.push(Buffer.from(chunk)), options);
  for (let at = 0; at < data.length; at += 100_000) {
    zstd.write(data.subarray(at, at + 100_000));
    await zstd.room();
  }
  await zstd.end();
  return Buffer.concat(chunks);
}

const long = Buffer.from(Array.from({ length: 9 << 20 }, (_, at) => (at * 7919) >> 9));

test.each([
  ['nothing', Buffer.alloc(0)],
  ['a little', Buffer.from('hello')],
  ['several frames', long],
])('%s comes back', async (_, data) => {
  const bytes = await packed(data);
  const chunks: Buffer[] = [];
  const inflater = createInflater((chunk) => void chunks.push(Buffer.from(chunk)));
  inflater.write(bytes);
  inflater.end();
  expect(Buffer.concat(chunks).equals(data)).toBe(true);
  expect(zstdDecompressSync(bytes).equals(data)).toBe(true);
});

test('the bytes depend on the input and the level alone', async () => {
  expect((await packed(long)).equals(await packed(long))).toBe(true);
  expect((await packed(long, { level: 19 })).length).toBeLessThan((await packed(long, { level: 1 })).length);
});

test('what the receiver throws is thrown', async () => {
  const zstd = createZstd(() => {
    throw new Error('full');
  });
  zstd.write(Buffer.from('x'));
  await expect(zstd.end()).rejects.toThrow('full');
});
