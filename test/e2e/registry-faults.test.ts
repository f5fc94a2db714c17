// Pulls from registries that misbehave on the wire: silence, lies about lengths, pages where data is due, circles. Each ends by itself: the
// pull goes on where it was, or says in one sentence why not and leaves nothing.
import { type Image, imageOf, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { type RawAnswer, type RawRequest, type RawServer, startRawServer } from './support/raw-server.ts';
import { openSandbox } from './support/sandbox.ts';

const box = openSandbox({ env: { SKIFF_STALL_TIMEOUT: '1' } });
const layer = layerOf(tarOf([{ path: 'file', content: crypto.getRandomValues(new Uint8Array(300_000)) }]), 'gzip');
const served: Image = imageOf({ layers: [layer] });
const { digest } = layer.descriptor;
const html = { 'content-type': 'text/html; charset=utf-8' };

let server: RawServer;
afterEach(() => server.stop());

function honest({ path, headers }: RawRequest): RawAnswer {
  const name = path.slice(path.lastIndexOf('/') + 1);
  if (path === '/v2/') return {};
  const bytes = served.blobs.get(name === 'latest' ? served.manifest.digest : name);
  if (!bytes) return { status: 404 };
  const kind = path.includes('/manifests/')
    ? { 'content-type': served.manifest.mediaType, 'docker-content-digest': served.manifest.digest }
    : undefined;
  const from = Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
  if (from === 0) return { headers: { ...kind }, body: bytes };
  return { status: 206, headers: { 'content-range': `bytes ${from}-${bytes.length - 1}/${bytes.length}` }, body: bytes.subarray(from) };
}

const isLayer = ({ path }: RawRequest): boolean => path.endsWith(digest);
const isManifest = ({ path, method }: RawRequest): boolean => path.includes('/manifests/') && method === 'GET';

async function serve(fault: (request: RawRequest) => RawAnswer | 'silence' | undefined): Promise<string> {
  server = await startRawServer((request) => {
    const answer = fault(request);
    return answer === 'silence' ? undefined : (answer ?? honest(request));
  });
  return `${server.address}/image`;
}

async function expectPulled(name: string): Promise<void> {
  await box.ok(['pull', '-q', name], { timeoutMs: 120_000 });
  await box.ok(['rmi', name]);
}

async function expectRefused(name: string, why: string | RegExp): Promise<void> {
  const { stdout, stderr, code } = await box.skiff(['pull', '-q', name], { timeoutMs: 120_000 });
  expect(stderr).toMatch(why);
  expect(stderr.trim().split('\n').length).toBeLessThanOrEqual(2);
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  expect(await box.ok(['images', '-q'])).toBe('');
}

const ranges = (): (string | undefined)[] => server.requests.filter(isLayer).map(({ headers }) => headers.range);

test('a layer that stalls half-way is gone on with where it stopped', async () => {
  let count = 0;
  const name = await serve((request) =>
    isLayer(request) && ++count === 1 ? { body: layer.blob.subarray(0, 100_000), length: layer.blob.length, hangs: true } : undefined,
  );
  await expectPulled(name);
  expect(ranges()).toEqual([undefined, 'bytes=100000-']);
}, 120_000);

test('a registry that never answers is given up, after some tries', async () => {
  const name = await serve((request) => (isManifest(request) || request.method === 'HEAD' ? 'silence' : undefined));
  await expectRefused(name, /^skiff: failed to resolve reference "127.*": 127\.0\.0\.1:\d+ sent nothing for 1 seconds\n/);
  expect(server.requests.length).toBeLessThan(10);
}, 120_000);

test('a layer that always stalls is given up, and what came is gone on with by the next pull', async () => {
  let isMended = false;
  const name = await serve((request) => {
    if (!isLayer(request) || isMended) return undefined;
    return request.headers.range ? 'silence' : { body: layer.blob.subarray(0, 50_000), length: layer.blob.length, hangs: true };
  });
  await expectRefused(name, /^skiff: 127\.0\.0\.1:\d+ sent nothing for 1 seconds\n/);
  isMended = true;
  await expectPulled(name);
  expect(ranges().at(-1)).toBe('bytes=50000-');
}, 120_000);

test('a Content-Length that is too large: the rest is asked for, or all of it', async () => {
  let count = 0;
  const name = await serve((request) =>
    isLayer(request) && ++count === 1 ? { body: layer.blob.subarray(0, 70_000), length: layer.blob.length } : undefined,
  );
  await expectPulled(name);
  // Where the end comes together with the bytes, the HTTP client may hand out the end alone.
  expect([
    [undefined, 'bytes=70000-'],
    [undefined, undefined],
  ]).toContainEqual(ranges());
}, 120_000);

test('a Content-Length that is too small: the rest is asked for', async () => {
  let count = 0;
  const name = await serve((request) => (isLayer(request) && ++count === 1 ? { body: layer.blob, length: 60_000 } : undefined));
  await expectPulled(name);
  expect(ranges()).toEqual([undefined, 'bytes=60000-']);
}, 120_000);

test('a manifest whose Content-Length is too large is a lost connection', async () => {
  const name = await serve((request) =>
    isManifest(request) ? { ...honest(request), length: (served.blobs.get(served.manifest.digest)?.length ?? 0) + 1000 } : undefined,
  );
  await expectRefused(name, /^skiff: .*(closed the connection|127\.0\.0\.1:\d+: )/);
}, 120_000);

test('more bytes than the layer has are refused', async () => {
  const name = await serve((request) => (isLayer(request) ? { body: Buffer.concat([layer.blob, Buffer.alloc(1000)]) } : undefined));
  await expectRefused(name, new RegExp(`^skiff: .*${digest}`));
}, 120_000);

test('a page instead of a manifest, whatever its status', async () => {
  for (const status of [200, 404, 502]) {
    server?.stop();
    const name = await serve((request) =>
      request.path.includes('/manifests/')
        ? { status, headers: html, body: Buffer.from('<html>\x1b]0;evil\x07<h1>Welcome</h1>') }
        : undefined,
    );
    await expectRefused(name, /^skiff: .*(web page|not found|status 502)/);
  }
}, 120_000);

test('a page instead of a layer is refused by its digest or size', async () => {
  const name = await serve((request) => (isLayer(request) ? { headers: html, body: Buffer.from('<html>log in here</html>') } : undefined));
  await expectRefused(name, new RegExp(`^skiff: .*${digest}`));
}, 120_000);

test('redirects in a circle are followed ten times', async () => {
  const name = await serve((request) => (isLayer(request) ? { status: 307, headers: { location: request.path } } : undefined));
  await expectRefused(name, /^skiff: stopped after 10 redirects of http:\/\/127\.0\.0\.1:\d+\/v2\/image\/blobs\/sha256:/);
  expect(server.requests.filter(isLayer).length).toBe(11);
}, 120_000);

test('a redirect to a file of this machine is refused', async () => {
  const name = await serve((request) => (isLayer(request) ? { status: 307, headers: { location: 'file:///etc/passwd' } } : undefined));
  await expectRefused(name, /^skiff: Refused a redirect of .* to "file:\/\/"\n/);
});

test('a manifest of 10 MB is refused, and not read to its end', async () => {
  const body = Buffer.alloc(10 << 20, ' ');
  const name = await serve((request) =>
    request.path.includes('/manifests/') ? { headers: { 'content-type': served.manifest.mediaType }, body } : undefined,
  );
  await expectRefused(name, /^skiff: Refused the manifest of "127.*": it is larger than 4 MiB\n/);
}, 120_000);

test('a registry that asks to wait is waited for, but not for an hour', async () => {
  let count = 0;
  const busy = (seconds: string) => ({ status: 429, headers: { 'retry-after': seconds } });
  await expectPulled(await serve((request) => (isLayer(request) && ++count < 3 ? busy('1') : undefined)));
  server.stop();
  const name = await serve((request) => (isLayer(request) ? busy('3600') : undefined));
  await expectRefused(name, /^skiff: toomanyrequests: 127\.0\.0\.1:\d+ asks to wait 60 minutes\n/);
}, 120_000);
