// The worker's pull, in this process and against a registry in memory that misbehaves on purpose. What matters each time: the image is
// there whole, or nothing that anyone can see is.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { pull } from '../../../../src/engine/jobs/pull.ts';
import type { PullEvent, PullJob } from '../../../../src/runtime/messages-work.ts';
import { claim } from '../../../../src/storage/claim.ts';
import { findImage } from '../../../../src/storage/image.ts';
import { readReferences } from '../../../../src/storage/image-record.ts';
import { blobPath, blobsDir, imageRecordsDir, layerFs, layersDir, tmpDir } from '../../../../src/storage/layout.ts';
import { type FakeRegistry, type FakeRegistryOptions, startFakeRegistry } from '../../../e2e/support/fake-registry.ts';
import { digestOf, type Image, imageOf, indexOf, type Layer, layerOf, layerOfBlob } from '../../../e2e/support/images/layout.ts';
import { tarOf } from '../../../e2e/support/images/tar.ts';
import { testStore } from '../../storage/tar-fixture.ts';

let store: ReturnType<typeof testStore>;
let registry: FakeRegistry | undefined;
beforeAll(() => {
  // A pull syncs the file system that it writes to; one in memory has nothing to wait for.
  if (existsSync('/dev/shm')) process.env.TMPDIR = '/dev/shm';
});
beforeEach(() => {
  store = testStore();
});
afterEach(() => {
  registry?.stop();
  registry = undefined;
  store.remove();
});

// Bytes that do not compress, so that a layer can break off in the middle.
const noise = (length: number, seed: number): Uint8Array => {
  let state = seed;
  return Uint8Array.from({ length }, () => {
    state = Math.imul(state, 1_664_525) + 1_013_904_223;
    return state >>> 24;
  });
};
const base = layerOf(tarOf([{ path: 'base', content: noise(300_000, 1) }]));
const top = layerOf(tarOf([{ path: 'top', content: 'top\n' }]), 'zstd');
const image = imageOf({ layers: [base, top] });

interface Pulled {
  result: Awaited<ReturnType<typeof pull>>;
  events: PullEvent[];
}

function serve(served: Image = image, answer?: FakeRegistryOptions['answer']): FakeRegistry {
  registry = startFakeRegistry({ image: served }, answer ? { answer } : {});
  return registry;
}

async function pullFrom({ address }: FakeRegistry, job: Partial<PullJob> = {}, signal = new AbortController().signal): Promise<Pulled> {
  const events: PullEvent[] = [];
  const result = await pull(
    store.ctx,
    { kind: 'pull', reference: `${address}/image`, ...job },
    { emit: (event) => void events.push(event), signal },
  );
  return { result, events };
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => 'no failure',
    (error: unknown) => error,
  );
const namesIn = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);
const isBlob = (layer: Layer, path: string): boolean => path.endsWith(`/blobs/${layer.descriptor.digest}`);

function expectWhole(address: string): void {
  const found = findImage(store.ctx, 'image', `${address}/image:latest`);
  expect(found?.image.layers.map(({ diffId }) => diffId)).toEqual([base.diffId, top.diffId]);
  expect(digestOf(readFileSync(join(layerFs(store.ctx, base.diffId), 'base')))).toBe(digestOf(noise(300_000, 1)));
  expect(readFileSync(join(layerFs(store.ctx, top.diffId), 'top'), 'utf8')).toBe('top\n');
  expect(namesIn(tmpDir(store.ctx))).toEqual(['claims']);
  expect(namesIn(join(tmpDir(store.ctx), 'claims'))).toEqual([]);
}

function expectNothing(): void {
  expect(readReferences(store.ctx)).toEqual([]);
  for (const folder of [imageRecordsDir(store.ctx), layersDir(store.ctx), blobsDir(store.ctx)]) expect(namesIn(folder)).toEqual([]);
  expect(namesIn(join(tmpDir(store.ctx), 'claims'))).toEqual([]);
  expect(namesIn(tmpDir(store.ctx))).toEqual(['claims']);
}

it('stores blobs and layers, then the record, then the reference', async () => {
  const served = serve();
  const { address } = served;
  const { result, events } = await pullFrom(served);
  const config = JSON.parse(Buffer.from(image.blobs.get(image.manifest.digest) ?? []).toString()).config.digest;
  expect(result).toEqual({
    id: config,
    digest: image.manifest.digest,
    reference: `${address}/image:latest`,
    status: 'downloaded',
    platform: 'linux/amd64',
  });
  expectWhole(address);
  expect(namesIn(blobsDir(store.ctx))).toEqual([...image.blobs.keys()].map((digest) => digest.slice(7)).sort());
  const record = findImage(store.ctx, 'image', `${address}/image:latest`)?.image;
  expect(record).toMatchObject({
    repoDigests: [`${address}/image@${image.manifest.digest}`],
    created: '2024-01-02T03:04:05Z',
    sizeBytes: 300_004,
    platform: { os: 'linux', architecture: 'amd64' },
  });
  const short = (layer: Layer): string => layer.descriptor.digest.slice(7, 19);
  expect(events[0]).toEqual({ type: 'pulling', name: 'latest', repository: `${address}/image`, layers: [short(base), short(top)] });
  const steps = events.flatMap((event) => (event.type === 'layer' && event.layer === short(base) ? [event.status] : []));
  expect([...new Set(steps)]).toEqual(['waiting', 'downloading', 'verifying', 'extracting', 'complete']);
});

it('a second pull asks what the tag is, and fetches nothing', async () => {
  const served = serve();
  await pullFrom(served);
  served.requests.length = 0;
  const { result, events } = await pullFrom(served);
  expect(result.status).toBe('current');
  expect(served.requests.map(({ method, path }) => `${method} ${path}`)).toEqual(['HEAD /v2/image/manifests/latest']);
  expect(events.flatMap((event) => (event.type === 'layer' ? [event.status] : []))).toEqual(['exists', 'exists']);
});

it('a pull by a digest that is here asks nobody', async () => {
  const served = serve();
  await pullFrom(served);
  served.requests.length = 0;
  const reference = `${served.address}/image@${image.manifest.digest}`;
  expect((await pullFrom(served, { reference })).result).toMatchObject({ reference, status: 'downloaded' });
  expect((await pullFrom(served, { reference })).result).toMatchObject({ reference, status: 'current' });
  expect(served.requests).toEqual([]);
});

describe('a transfer that breaks', () => {
  it('goes on where it stopped', async () => {
    let cuts = 0;
    const served = serve(image, ({ path, headers }, honest) => {
      if (!isBlob(base, path) || cuts === 2) return undefined;
      cuts++;
      const from = Number(/\d+/.exec(headers.get('range') ?? '0')?.[0]);
      const part = base.blob.subarray(from, from + 100_000);
      return honest().status === 206
        ? new Response(Buffer.from(part), {
            status: 206,
            headers: { 'content-range': `bytes ${from}-${base.blob.length - 1}/${base.blob.length}` },
          })
        : new Response(Buffer.from(part));
    });
    await pullFrom(served);
    expectWhole(served.address);
    const ranges = served.requests.filter(({ path }) => isBlob(base, path)).map(({ headers }) => headers.get('range'));
    expect(ranges).toEqual([null, 'bytes=100000-', 'bytes=200000-']);
  });

  it('starts over cleanly at a server that ignores ranges', async () => {
    let cuts = 0;
    const served = serve(image, ({ path }) => {
      if (!isBlob(base, path)) return undefined;
      return new Response(Buffer.from(base.blob.subarray(0, cuts++ === 0 ? 100_000 : undefined)));
    });
    await pullFrom(served);
    expectWhole(served.address);
  });

  it('for ever is given up, and the next pull goes on with what arrived', async () => {
    let isBroken = true;
    const served = serve(image, ({ path, headers }) => {
      if (!isBlob(base, path) || !isBroken) return undefined;
      return headers.has('range')
        ? new Response(null, { status: 206, headers: { 'content-range': 'bytes 100000-/*' } })
        : new Response(Buffer.from(base.blob.subarray(0, 100_000)));
    });
    expect(await failureOf(pullFrom(served))).toMatchObject({
      code: 'ERR_CONNECTION_LOST',
      message: `the blob "${base.descriptor.digest}" broke off after 100000 of ${base.descriptor.size} bytes`,
    });
    expect(readReferences(store.ctx)).toEqual([]);
    isBroken = false;
    served.requests.length = 0;
    await pullFrom(served);
    expectWhole(served.address);
    expect(served.requests.filter(({ path }) => isBlob(base, path)).map(({ headers }) => headers.get('range'))).toEqual(['bytes=100000-']);
  }, 20_000);
});

describe('damage on the way', () => {
  const damaged = Buffer.from(base.blob);
  damaged[150_000] = (damaged[150_000] ?? 0) ^ 1;

  it('is found by the digest, and the blob fetched again', async () => {
    let tries = 0;
    const served = serve(image, ({ path }) => (isBlob(base, path) && tries++ === 0 ? new Response(damaged) : undefined));
    await pullFrom(served);
    expectWhole(served.address);
  });

  it.each([
    ['one bit', damaged, 'ERR_DIGEST_MISMATCH'],
    ['more bytes than promised', Buffer.concat([base.blob, Buffer.alloc(100)]), 'ERR_SIZE_MISMATCH'],
  ])('of %s, each time, is refused and leaves nothing', async (_name, body, code) => {
    const served = serve(image, ({ path }) => (isBlob(base, path) ? new Response(body) : undefined));
    expect(await failureOf(pullFrom(served))).toMatchObject({
      code,
      message: expect.stringContaining(`Refused the blob "${base.descriptor.digest}"`),
    });
    expect(served.fetched(`/blobs/${base.descriptor.digest}`)).toBe(3);
    expectNothing();
  });

  it('a server that never stops sending is cut off', async () => {
    let sent = 0;
    const served = serve(image, ({ path }) =>
      isBlob(base, path)
        ? new Response(
            new ReadableStream({
              pull(controller) {
                sent += 65_536;
                controller.enqueue(new Uint8Array(65_536));
              },
            }),
          )
        : undefined,
    );
    expect(await failureOf(pullFrom(served))).toMatchObject({ code: 'ERR_SIZE_MISMATCH' });
    expect(sent).toBeLessThan(64 << 20);
    expectNothing();
  });
});

describe('an image that is bad in itself is refused at the first try and leaves nothing', () => {
  it.each([
    ['a layer that is not the one of its config', layerOfBlob(base.blob, `sha256:${'0'.repeat(64)}`, 'gzip'), 'ERR_DIGEST_MISMATCH'],
    ['a layer whose archive is damaged', layerOfBlob(Buffer.from(noise(5000, 3)), `sha256:${'0'.repeat(64)}`, 'none'), 'ERR_LAYER_CORRUPT'],
    ['a layer that climbs out', layerOf(tarOf([{ path: '../climbed', content: 'x' }])), 'ERR_LAYER_ESCAPE'],
  ])('%s', async (_name, layer, code) => {
    const served = serve(imageOf({ layers: [top, layer] }));
    expect(await failureOf(pullFrom(served))).toMatchObject({ code });
    expect(served.fetched(`/blobs/${layer.descriptor.digest}`)).toBe(1);
    expectNothing();
  });

  it('not even what arrived of its other layers', async () => {
    const bad = layerOf(tarOf([{ path: '../climbed', content: noise(400_000, 5) }]));
    const served = serve(imageOf({ layers: [bad, base] }), ({ path }) => {
      if (!isBlob(base, path)) return undefined;
      const part = new ReadableStream({ start: (stream) => stream.enqueue(base.blob.subarray(0, 50_000)) });
      return new Response(part, { headers: { 'content-length': String(base.blob.length) } });
    });
    const beside = claim(store.ctx, `fetch-layer-${bad.diffId.slice(7)}`);
    const controller = new AbortController();
    const interrupted = failureOf(pullFrom(served, {}, controller.signal));
    while (!existsSync(join(tmpDir(store.ctx), `blob-${base.descriptor.digest.slice(7)}`))) await Bun.sleep(5);
    await Bun.sleep(100);
    controller.abort(new Error('given up'));
    await interrupted;
    beside?.release();
    expect(namesIn(tmpDir(store.ctx))).toEqual([`blob-${base.descriptor.digest.slice(7)}`, 'claims']);
    expect(await failureOf(pullFrom(served))).toMatchObject({ code: 'ERR_LAYER_ESCAPE' });
    expectNothing();
  });

  it('a decompression bomb', async () => {
    const served = serve(imageOf({ layers: [layerOf(tarOf([{ path: 'zeros', content: new Uint8Array(3 << 20) }]))] }));
    expect(await failureOf(pullFrom(served, { maxLayerBytes: 1 << 20 }))).toMatchObject({ code: 'ERR_LAYER_TOO_LARGE' });
    expectNothing();
    expect((await pullFrom(served, { maxLayerBytes: 4 << 20 })).result.status).toBe('downloaded');
  });
});

describe('platforms', () => {
  const arm = imageOf({ layers: [top], architecture: 'arm64' });
  const attestation = { ...top.descriptor, mediaType: image.manifest.mediaType, platform: { os: 'unknown', architecture: 'unknown' } };
  const multi = indexOf([image, arm, { manifest: attestation, blobs: new Map() }]);

  it('the one that is asked for is taken out of an index', async () => {
    expect((await pullFrom(serve(multi), { platform: 'linux/arm64' })).result).toMatchObject({
      digest: multi.manifest.digest,
      platform: 'linux/arm64',
    });
  });

  it('one that is not there is an error that lists those that are', async () => {
    const served = serve(multi);
    expect(await failureOf(pullFrom(served, { platform: 'linux/s390x' }))).toMatchObject({
      code: 'ERR_NO_PLATFORM',
      message: `no matching manifest for linux/s390x in the manifest list entries of "${served.address}/image:latest"`,
      hint: 'It has linux/amd64, linux/arm64: choose one with --platform',
    });
    expectNothing();
  });

  it('an image without an index is refused only if another platform was asked for', async () => {
    const served = serve(arm);
    expect(await failureOf(pullFrom(served, { platform: 'linux/amd64' }))).toMatchObject({
      code: 'ERR_NO_PLATFORM',
      hint: 'It is made for linux/arm64 alone',
    });
    expectNothing();
    expect((await pullFrom(served)).result.platform).toBe('linux/arm64');
  });
});

describe('side by side', () => {
  it('pulls of one image share the work and fetch nothing twice', async () => {
    const served = serve(image, ({ path }, honest) => (path.includes('/blobs/') ? Bun.sleep(50).then(honest) : undefined));
    const pulls = await Promise.all(Array.from({ length: 8 }, () => pullFrom(served)));
    expect(new Set(pulls.map(({ result }) => result.id)).size).toBe(1);
    for (const digest of image.blobs.keys()) expect([digest, served.fetched(digest)]).toEqual([digest, 1]);
    expectWhole(served.address);
  });

  it('a layer that another process has claimed is waited for, and taken over when that dies', async () => {
    const served = serve();
    const hold = claim(store.ctx, `fetch-layer-${base.diffId.slice(7)}`);
    const pulling = pullFrom(served);
    while (!existsSync(layerFs(store.ctx, top.diffId))) await Bun.sleep(5);
    expect(served.fetched(base.descriptor.digest)).toBe(0);
    hold?.release();
    await pulling;
    expectWhole(served.address);
  });
});

it('a blob that was stored whole is unpacked without being fetched again, a damaged one is fetched', async () => {
  const served = serve();
  for (const [layer, bytes] of [
    [base, base.blob],
    [top, Buffer.alloc(top.blob.length)],
  ] as const) {
    mkdirSync(dirname(blobPath(store.ctx, layer.descriptor.digest)), { recursive: true });
    writeFileSync(blobPath(store.ctx, layer.descriptor.digest), bytes);
  }
  await pullFrom(served);
  expect([served.fetched(base.descriptor.digest), served.fetched(top.descriptor.digest)]).toEqual([0, 1]);
  expectWhole(served.address);
});

it('given up in the middle it leaves nothing visible, and the next pull completes', async () => {
  const controller = new AbortController();
  let isHeld = true;
  const served = serve(image, ({ path }) => {
    if (!isBlob(base, path) || !isHeld) return undefined;
    const body = new ReadableStream({
      start(stream) {
        stream.enqueue(base.blob.subarray(0, 50_000));
        setTimeout(() => controller.abort(new Error('given up')), 20);
      },
    });
    return new Response(body, { headers: { 'content-length': String(base.blob.length) } });
  });
  expect(await failureOf(pullFrom(served, {}, controller.signal))).toMatchObject({ message: 'given up' });
  expect(readReferences(store.ctx)).toEqual([]);
  expect(existsSync(layerFs(store.ctx, base.diffId))).toBe(false);
  isHeld = false;
  await pullFrom(served);
  expectWhole(served.address);
});

it('the image that the executable carries needs no registry', async () => {
  const carried = () =>
    pull(store.ctx, { kind: 'pull', reference: 'localhost/hello' }, { emit: () => {}, signal: new AbortController().signal });
  expect(await carried()).toMatchObject({ reference: 'localhost/hello:latest', status: 'downloaded' });
  expect((await carried()).status).toBe('current');
});
