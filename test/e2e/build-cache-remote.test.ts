// --cache-to and --cache-from: one store writes, an empty one reads. Registry, folder and image; in BuildKit's form, so that other tools can carry it.
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { explainedBuild, writeContext } from './support/build-explained.ts';
import { type EmptyRegistry, startEmptyRegistry } from './support/empty-registry.ts';
import { image, openSandbox, type Sandbox } from './support/sandbox.ts';

const writer = openSandbox();
const reader = openSandbox();
const STEPS = ['RUN echo one > /one; head -c 8 /dev/urandom >> /one', 'RUN true', 'COPY file /file', 'COPY --from=one /one /two'];
const ALL_HIT = Object.fromEntries(STEPS.map((step) => [step, 'HIT']));
const CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0';
let registry: EmptyRegistry;
let context: string;
let readerContext: string;

beforeAll(async () => {
  registry = await startEmptyRegistry();
  for (const box of [writer, reader]) {
    await box.ok(['pull', '--quiet', image('busybox')]);
    await box.ok(['tag', image('busybox'), 'busybox']);
  }
  const files = {
    Dockerfile: ['FROM busybox AS one', STEPS[0], STEPS[1], 'FROM busybox', STEPS[2], STEPS[3], ''].join('\n'),
    file: 'contents',
  };
  context = writeContext(writer, 'context', files);
  readerContext = writeContext(reader, 'elsewhere', files);
}, 120_000);
afterAll(() => registry?.stop());
afterEach(async () => {
  await reader.skiff(['rmi', '-f', 'x']);
  for (const box of [writer, reader]) await box.ok(['builder', 'prune', '-af']);
});

const layerCount = (box: Sandbox): number => readdirSync(join(box.root, 'layers')).length;
const build = (box: Sandbox, ...flags: string[]) => box.skiff(['build', '--progress', 'plain', '-t', 'x', ...flags]);
const blobOf = (folder: string, digest: string) => JSON.parse(readFileSync(join(folder, 'blobs/sha256', digest.slice(7)), 'utf8'));
const skopeo = (...args: string[]) => {
  const done = Bun.spawnSync(['skopeo', ...args], { env: writer.peerEnv, stdin: 'ignore' });
  return { stdout: done.stdout.toString(), stderr: done.stderr.toString(), code: done.exitCode };
};

test('a registry: mode=max has every step, layers are fetched only when something wants them, and the image is the same', async () => {
  const ref = `${registry.address}/app:cache`;
  const id = await writer.ok(['build', '-q', '-t', 'x', '--cache-to', `type=registry,ref=${ref},mode=max`, context]);
  const before = layerCount(reader);
  // Nothing of the first stage is read when all is found, and nothing at all when nothing is kept.
  expect(await explainedBuild(reader, ['--output', 'type=cacheonly', '--cache-from', ref, readerContext])).toEqual(ALL_HIT);
  expect(layerCount(reader)).toBe(before);
  expect(await explainedBuild(reader, ['-t', 'x', '--cache-from', `type=registry,ref=${ref}`, readerContext])).toEqual(ALL_HIT);
  expect(layerCount(reader)).toBe(before + 2);
  expect(await reader.ok(['images', '-q', '--no-trunc', 'x'])).toBe(id);
  expect(await reader.ok(['system', 'check'])).toMatch(/ 0 problems$/);
  // What was fetched is remembered here: for it the registry is not needed any more.
  expect(await explainedBuild(reader, ['-t', 'x', readerContext])).toMatchObject({ [STEPS[2] ?? '']: 'HIT' });
});

test('a step that misses on top of steps that were found elsewhere gets their files', async () => {
  const ref = `${registry.address}/app:partial`;
  await writer.ok(['build', '-q', '--output', 'type=cacheonly', '--cache-to', `type=registry,ref=${ref},mode=max`, context]);
  const changed = writeContext(reader, 'changed', {
    Dockerfile: `FROM busybox AS one\n${STEPS[0]}\n${STEPS[1]}\nRUN cp /one /three\nFROM busybox\nCOPY --from=one /three /\nRUN --mount=from=one,target=/from test -s /from/one\n`,
  });
  const explained = await explainedBuild(reader, ['-t', 'x', '--cache-from', ref, changed]);
  expect(explained).toMatchObject({ [STEPS[0] ?? '']: 'HIT', [STEPS[1] ?? '']: 'HIT' });
  expect(explained['RUN cp /one /three']).not.toBe('HIT');
  expect(await reader.ok(['run', '--rm', '--network', 'none', 'x', 'head', '-1', '/three'])).toBe('one');
});

test('mode=min has the steps of the result alone', async () => {
  const ref = `${registry.address}/app:min`;
  await writer.ok(['build', '-q', '-t', 'x', '--cache-to', `type=registry,ref=${ref}`, context]);
  const explained = await explainedBuild(reader, ['-t', 'x', '--cache-from', ref, readerContext]);
  expect(explained[STEPS[2] ?? '']).toBe('HIT');
  expect(explained[STEPS[0] ?? '']).not.toBe('HIT');
});

test('an image that was pushed with its cache inline is a cache', async () => {
  const ref = `${registry.address}/app:inline`;
  await writer.ok(['build', '-q', '-t', ref, '--push', '--cache-to', 'type=inline', context]);
  const config = JSON.parse(skopeo('inspect', '--tls-verify=false', '--config', '--raw', `docker://${ref}`).stdout);
  const records: { digest: string }[] = JSON.parse(Buffer.from(config['moby.buildkit.cache.v0'], 'base64').toString());
  expect(records.length).toBeGreaterThanOrEqual(2);
  expect(records.every(({ digest }) => /^sha256:[0-9a-f]{64}$/.test(digest))).toBe(true);
  const explained = await explainedBuild(reader, ['-t', 'x', '--cache-from', ref, readerContext]);
  expect(explained[STEPS[2] ?? '']).toBe('HIT');
  await writer.ok(['rmi', '-f', ref]);
});

test.each([
  ['an image manifest', 'mode=max', 'application/vnd.oci.image.manifest.v1+json', '+gzip'],
  ['an index', 'mode=max,image-manifest=false', 'application/vnd.oci.image.index.v1+json', '+gzip'],
  ['zstd', 'mode=max,compression=zstd', 'application/vnd.oci.image.manifest.v1+json', '+zstd'],
  ['plain layers', 'mode=max,compression=uncompressed', 'application/vnd.oci.image.manifest.v1+json', ''],
  ['Docker’s media types', 'mode=max,oci-mediatypes=false', 'application/vnd.docker.distribution.manifest.list.v2+json', '.gzip'],
])('a folder with %s is an OCI layout in BuildKit’s form, and can be read', async (_what, attributes, mediaType, suffix) => {
  const dest = join(writer.files, 'local');
  rmSync(dest, { recursive: true, force: true });
  await writer.ok(['build', '-q', '-t', 'x', '--cache-to', `type=local,dest=local,${attributes}`, context]);
  const { manifests } = JSON.parse(readFileSync(join(dest, 'index.json'), 'utf8'));
  expect(manifests).toEqual([
    { mediaType, digest: expect.any(String), size: expect.any(Number), annotations: { 'org.opencontainers.image.ref.name': 'latest' } },
  ]);
  const manifest = blobOf(dest, manifests[0].digest);
  const layers = manifest.layers ?? manifest.manifests.slice(0, -1);
  const config = manifest.config ?? manifest.manifests.at(-1);
  expect(config.mediaType).toBe(CACHE_CONFIG);
  for (const layer of layers) {
    expect(layer.mediaType).toMatch(new RegExp(`tar${suffix.replace(/[+.]/, '\\$&')}$`));
    expect(layer.annotations).toEqual({
      'buildkit/createdat': expect.stringMatching(/^\d{4}-.*Z$/),
      'containerd.io/uncompressed': expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    });
  }
  const cache = blobOf(dest, config.digest);
  expect(cache.layers).toEqual(layers.map(({ digest }: { digest: string }) => ({ blob: digest, parent: -1 })));
  const indexes = cache.records.flatMap(({ layers: results = [] }: { layers?: { layer: number }[] }) => results.map(({ layer }) => layer));
  expect(new Set(indexes)).toEqual(new Set(layers.keys()));
  expect(await explainedBuild(reader, ['-t', 'x', '--cache-from', `type=local,src=${dest}`, readerContext])).toEqual(ALL_HIT);
  expect(await reader.ok(['run', '--rm', '--network', 'none', 'x', 'head', '-1', '/two'])).toBe('one');
  // The same cache gives the same bytes, and a second one of another tag lies beside it.
  await writer.ok(['build', '-q', '-t', 'x', '--cache-to', `type=local,dest=${dest},tag=second,${attributes}`, context]);
  const both = JSON.parse(readFileSync(join(dest, 'index.json'), 'utf8')).manifests;
  expect(both.map((entry: { digest: string }) => entry.digest)).toEqual([manifests[0].digest, manifests[0].digest]);
});

test('skopeo carries a cache from a registry to a folder, where it is one still', async () => {
  const ref = `${registry.address}/app:carried`;
  await writer.ok(['build', '-q', '-t', 'x', '--cache-to', `type=registry,ref=${ref},mode=max`, context]);
  const raw = skopeo('inspect', '--tls-verify=false', '--raw', `docker://${ref}`);
  expect([raw.code, JSON.parse(raw.stdout).config.mediaType]).toEqual([0, CACHE_CONFIG]);
  const folder = join(reader.files, 'carried');
  expect(skopeo('copy', '--src-tls-verify=false', `docker://${ref}`, `oci:${folder}:latest`)).toMatchObject({ code: 0 });
  expect(await explainedBuild(reader, ['-t', 'x', '--cache-from', `type=local,src=${folder}`, readerContext])).toEqual(ALL_HIT);
});

test('a cache as BuildKit wrote it is read without a word, though nothing in it is ours', async () => {
  const folder = join(reader.files, 'buildkit');
  const blob = (text: string): { digest: string; size: number } => {
    const digest = `sha256:${new Bun.CryptoHasher('sha256').update(text).digest('hex')}`;
    writeContext(reader, `buildkit/blobs/sha256`, { [digest.slice(7)]: text });
    return { digest, size: text.length };
  };
  const layer = { mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', ...blob('layer'), annotations: {} };
  const link = { digest: `sha256:${'1'.repeat(64)}` };
  const result = {
    layers: [{ layer: 0, createdAt: '2026-01-01T00:00:00Z' }],
    digest: `sha256:${'2'.repeat(64)}`,
    inputs: [[{ selector: 'sha256:x', link: 0 }]],
  };
  const chained = { chains: [{ layers: [0], createdAt: '2026-01-01T00:00:00Z' }], digest: `sha256:${'3'.repeat(64)}` };
  const config = {
    mediaType: CACHE_CONFIG,
    ...blob(JSON.stringify({ layers: [{ blob: layer.digest, parent: -1 }], records: [link, result, chained] })),
  };
  const index = { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [layer, config] };
  const entry = {
    mediaType: index.mediaType,
    ...blob(JSON.stringify(index)),
    annotations: { 'org.opencontainers.image.ref.name': 'latest' },
  };
  writeContext(reader, 'buildkit', {
    'oci-layout': '{"imageLayoutVersion":"1.0.0"}',
    'index.json': JSON.stringify({ schemaVersion: 2, manifests: [entry] }),
  });
  const { stderr, code } = await build(reader, '--cache-from', `type=local,src=${folder}`, readerContext);
  expect(code).toBe(0);
  expect(stderr).not.toMatch(/warning/i);
});

test('a cache that is not there, is none, or is damaged is a warning, and the build goes on', async () => {
  const ref = `${registry.address}/app:none`;
  const bad = join(reader.files, 'bad');
  writeContext(reader, 'bad', {
    'index.json': '{"manifests":[{"digest":"sha256:00","annotations":{"org.opencontainers.image.ref.name":"latest"}}]}',
  });
  const flags = [ref, 'type=local,src=/nowhere', `type=local,src=${bad}`, image('busybox')].flatMap((from) => ['--cache-from', from]);
  const { stderr, code } = await build(reader, ...flags, readerContext);
  expect(code).toBe(0);
  expect(stderr).toContain(`skiff: warning: Cannot use the cache "${ref}": manifest for ${ref} not found`);
  expect(stderr).toContain('skiff: warning: Cannot use the cache "/nowhere": "/nowhere" has no cache with the tag "latest"');
  expect(stderr).toContain(`skiff: warning: Cannot use the cache "${bad}": Cannot use the digest "sha256:00"`);
  expect(stderr.match(/warning/g)?.length).toBe(3);
});

test('a layer that is damaged where it lies is refused, and nothing of it stays', async () => {
  const dest = join(writer.files, 'damaged');
  await writer.ok(['build', '-q', '-t', 'x', '--cache-to', `type=local,dest=${dest},mode=max`, context]);
  const { manifests } = JSON.parse(readFileSync(join(dest, 'index.json'), 'utf8'));
  for (const { digest, size } of blobOf(dest, manifests[0].digest).layers)
    writeFileSync(join(dest, 'blobs/sha256', digest.slice(7)), 'x'.repeat(size));
  const { stderr, code } = await build(reader, '--cache-from', `type=local,src=${dest}`, readerContext);
  expect([code, stderr]).toEqual([1, expect.stringMatching(/Refused the blob "sha256:[0-9a-f]{64}": its content has the digest/)]);
  expect(await reader.ok(['system', 'check', '--repair'])).toMatch(/ 0 problems/);
  expect((await build(reader, readerContext)).code).toBe(0);
});

test('an export that fails fails the build with what it was, unless ignore-error=true', async () => {
  const failed = await build(writer, '--cache-to', 'type=registry,ref=127.0.0.1:1/x', context);
  expect([failed.code, failed.stderr]).toEqual([
    1,
    expect.stringContaining('skiff: Cannot export the cache to "127.0.0.1:1/x": dial tcp 127.0.0.1:1: connect: connection refused'),
  ]);
  const ignored = await build(writer, '--cache-to', 'type=registry,ref=127.0.0.1:1/x,ignore-error=true', context);
  expect([ignored.code, ignored.stderr]).toEqual([
    0,
    expect.stringContaining('skiff: warning: Cannot export the cache to "127.0.0.1:1/x"'),
  ]);
});
