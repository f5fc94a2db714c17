import { gunzipSync } from 'node:zlib';
import { createGzip } from '../../../src/storage/gzip.ts';

/** Bytes that compress somewhat, the same every time. */
function sample(size: number): Buffer {
  const data = Buffer.alloc(size);
  let seed = 1;
  for (let at = 0; at < size; at++) {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    data[at] = at % 3 === 0 ? seed & 0xff : 0x20;
  }
  return data;
}

async function gzipped(data: Buffer, chunkBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  const gzip = createGzip((part) => parts.push(Buffer.from(part)));
  const reused = Buffer.alloc(chunkBytes);
  for (let at = 0; at < data.length; at += chunkBytes) {
    const length = data.copy(reused, 0, at, Math.min(at + chunkBytes, data.length));
    gzip.write(reused.subarray(0, length));
    // Whoever writes may use its buffer again at once.
    reused.fill(0xaa);
    await gzip.room();
  }
  await gzip.end();
  return Buffer.concat(parts);
}

test.each([0, 1, 1 << 20, (1 << 20) + 1, 5_000_003])('%i bytes come back, for our reader and for gzip(1)', async (size) => {
  const data = sample(size);
  const archive = await gzipped(data, 100_000);
  expect(gunzipSync(archive).equals(data)).toBe(true);
  const program = Bun.spawnSync(['gzip', '-dc'], { stdin: archive });
  expect([program.exitCode, program.stdout.equals(data)]).toEqual([0, true]);
});

test('the bytes depend on the content alone, not on how it was cut', async () => {
  const data = sample(3_000_000);
  const [one, other] = [await gzipped(data, 7_001), await gzipped(data, 1 << 20)];
  expect(one.equals(other)).toBe(true);
  expect(one.length).toBeLessThan(data.length * 0.6);
});

test('a failure to take the bytes reaches who writes, and nothing is given afterwards', async () => {
  let given = 0;
  const gzip = createGzip(() => {
    given++;
    if (given === 2) throw new Error('disk full');
  });
  for (let part = 0; part < 5; part++) gzip.write(sample(1 << 20));
  await expect(gzip.end()).rejects.toThrow('disk full');
  await expect(gzip.room()).rejects.toThrow('disk full');
  expect(given).toBe(2);
});
