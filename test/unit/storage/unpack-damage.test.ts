// Layers that break off, lie about their digest, or unpack to far more than anyone has room for.
import { existsSync, readdirSync } from 'node:fs';
import { gzipSync, zstdCompressSync } from 'node:zlib';
import { digestOf } from '../../../src/storage/digest.ts';
import { layersDir, tmpDir } from '../../../src/storage/layout.ts';
import { createLayerLimit, parseLayerSize } from '../../../src/storage/unpack-limit.ts';
import { EngineError } from '../../../src/sys/errors.ts';
import { file, folder, header, tar, testStore, unpack } from './tar-fixture.ts';

let store: ReturnType<typeof testStore>;
beforeEach(() => {
  store = testStore();
});
afterEach(() => {
  expect(existsSync(layersDir(store.ctx))).toBe(false);
  expect(existsSync(tmpDir(store.ctx)) ? readdirSync(tmpDir(store.ctx)) : ['claims']).toEqual(['claims']);
  store.remove();
});

const codeOf = (run: () => unknown): string => {
  try {
    run();
  } catch (error) {
    if (error instanceof EngineError) return error.code;
    throw error;
  }
  return 'none';
};

// Two files; the second begins at 2048: header, body of 1000 bytes, padding, end.
const archive = tar([folder('d'), file('d/a', 'a'.repeat(500)), file('d/b', 'b'.repeat(1000))]);

it.each([
  ['in the first header', 100],
  ['in a file', 1024 + 200],
  ['at the end of a file, before its padding is all there', 1536 + 512 + 800],
  ['in a later header', 1536 + 20],
  ['between two entries', 1536],
])('refuses a tar that breaks off %s', (_name, length) => {
  expect(codeOf(() => unpack(store.ctx, archive, { compressed: archive.subarray(0, length) }))).toBe('ERR_LAYER_TRUNCATED');
});

it.each([
  ['gzip', gzipSync(archive)],
  ['zstd', zstdCompressSync(archive)],
])('refuses %s data that breaks off anywhere', (_name, compressed) => {
  const codes = new Set<string>();
  for (let length = 6; length < compressed.length; length++) {
    codes.add(codeOf(() => unpack(store.ctx, archive, { compressed: compressed.subarray(0, length) })));
  }
  expect([...codes]).toEqual(['ERR_LAYER_TRUNCATED']);
});

it.each([
  ['gzip', gzipSync(archive)],
  ['zstd', zstdCompressSync(archive)],
])('refuses %s data with any byte flipped, or finds its content right', (_name, compressed) => {
  const codes = new Set<string>();
  for (let at = 0; at < compressed.length; at++) {
    const damaged = Buffer.from(compressed);
    damaged[at] = (damaged[at] ?? 0) ^ 0xff;
    const other = testStore();
    codes.add(codeOf(() => unpack(other.ctx, archive, { compressed: damaged })));
    other.remove();
  }
  codes.delete('none'); // gzip's header has a time and a system that no checksum covers
  const allowed = ['ERR_LAYER_CORRUPT', 'ERR_LAYER_TRUNCATED', 'ERR_DIGEST_MISMATCH', 'ERR_LAYER_UNSUPPORTED'];
  expect([...codes].filter((code) => !allowed.includes(code))).toEqual([]);
  expect(codes.has('ERR_LAYER_CORRUPT')).toBe(true);
});

it('refuses an empty stream, and bytes that are no tar', () => {
  expect(codeOf(() => unpack(store.ctx, archive, { compressed: Buffer.alloc(0) }))).toBe('ERR_LAYER_TRUNCATED');
  expect(codeOf(() => unpack(store.ctx, archive, { compressed: Buffer.from('<html>'.repeat(200)) }))).toBe('ERR_LAYER_CORRUPT');
});

it('refuses an entry behind the end mark of one block', () => {
  const odd = Buffer.concat([Buffer.alloc(512), header(file('x'), 0), Buffer.alloc(1024)]);
  expect(codeOf(() => unpack(store.ctx, odd))).toBe('ERR_LAYER_CORRUPT');
});

it('refuses content that is not what the image promises', () => {
  expect(codeOf(() => unpack(store.ctx, archive, { diffId: digestOf('something else') }))).toBe('ERR_DIGEST_MISMATCH');
});

it('refuses encrypted layers and foreign compressions by name', () => {
  const options = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip+encrypted' };
  expect(codeOf(() => unpack(store.ctx, archive, options))).toBe('ERR_LAYER_UNSUPPORTED');
  expect(() => unpack(store.ctx, archive, { compressed: Buffer.from('BZh91AY&SY') })).toThrow('it is compressed with bzip2');
  expect(() => unpack(store.ctx, archive, { compressed: Buffer.from('\xfd7zXZ\0\0\0', 'latin1') })).toThrow('it is compressed with xz');
});

it.each([
  ['gzip', gzipSync],
  ['zstd', zstdCompressSync],
])('refuses a %s bomb past a limit given by option or environment, without writing more', (_name, compress) => {
  const bomb = tar([file('zeros', Buffer.alloc(8 << 20))]);
  const compressed = compress(bomb);
  expect(compressed.length).toBeLessThan(10_000);
  expect(codeOf(() => unpack(store.ctx, bomb, { compressed, maxBytes: 1 << 20 }))).toBe('ERR_LAYER_TOO_LARGE');
  const limited = { ...store.ctx, env: { SKIFF_MAX_LAYER_SIZE: '4m' } };
  expect(codeOf(() => unpack(limited, bomb, { compressed }))).toBe('ERR_LAYER_TOO_LARGE');
});

it('allows 1 GiB, or a hundred times the compressed size, by default', () => {
  const limitFor = (compressed: number, uncompressed: number) =>
    codeOf(() => {
      const limit = createLayerLimit({}, undefined);
      limit.compressed(compressed);
      limit.uncompressed(uncompressed);
    });
  expect([limitFor(1, 2 ** 30), limitFor(1, 2 ** 30 + 1)]).toEqual(['none', 'ERR_LAYER_TOO_LARGE']);
  expect([limitFor(2 ** 30, 100 * 2 ** 30), limitFor(2 ** 30, 100 * 2 ** 30 + 1)]).toEqual(['none', 'ERR_LAYER_TOO_LARGE']);
});

it.each([
  ['1', 1],
  ['512m', 512 << 20],
  ['1.5g', 1.5 * 2 ** 30],
  ['20GiB', 20 * 2 ** 30],
  ['7 kb', 7168],
])('reads the layer size %s', (text, bytes) => {
  expect(parseLayerSize(text)).toBe(bytes);
});

it('refuses a layer size that is none', () => {
  expect(() => parseLayerSize('many')).toThrow('Expected a layer size such as "20g" or "512m", got "many"');
});
