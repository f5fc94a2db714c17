// A blob's way to a registry, against one in memory that breaks off, forgets and refuses.
import { parseReference } from '../../../src/oci/reference.ts';
import { openRegistry } from '../../../src/oci/registry.ts';
import { type UploadOptions, uploadBlob } from '../../../src/oci/upload.ts';
import { digestOf } from '../../e2e/support/images/layout.ts';
import { type Fault, startUploadRegistry, type UploadRegistry, type UploadRequest } from '../../e2e/support/upload-registry.ts';

const content = Buffer.from(crypto.getRandomValues(new Uint8Array(60_000)));
const blob = { digest: digestOf(content), size: content.length };
let registry: UploadRegistry | undefined;
afterEach(() => registry?.stop());

interface Tried {
  sent: number[];
  waits: number[];
}

async function serve(fault?: (request: UploadRequest) => Fault | undefined): Promise<UploadRegistry> {
  registry = await startUploadRegistry(fault);
  return registry;
}

/** Uploads `content` in pieces of 10,000 bytes to the repository `app`. */
function upload({ address }: UploadRegistry, options: Partial<UploadOptions> = {}, tried: Tried = { sent: [], waits: [] }) {
  const reference = parseReference(`${address}/app`);
  const opened = openRegistry({
    env: { HOME: '/nonexistent' },
    reference,
    transport: { pause: async () => {}, random: () => 0, stallMs: 2000 },
  });
  async function* bytes(offset: number): AsyncGenerator<Uint8Array, void> {
    tried.sent.push(offset);
    for (let at = offset; at < content.length; at += 10_000) yield content.subarray(at, at + 10_000);
  }
  const wait = async (ms: number): Promise<void> => void tried.waits.push(ms);
  const common = { registry: opened, repository: 'app', name: `${address}/app`, mountFrom: [], onProgress: () => {}, wait };
  return uploadBlob(blob, { ...common, open: () => bytes, ...options });
}

const once = (isIt: (request: UploadRequest) => boolean, fault: Fault) => {
  let isDone = false;
  return (request: UploadRequest): Fault | undefined => {
    if (isDone || !isIt(request)) return undefined;
    isDone = true;
    return fault;
  };
};
const isPut = ({ method, path }: UploadRequest): boolean => method === 'PUT' && path.includes('/uploads/');

it('sends what the registry does not have, once, with its length', async () => {
  const server = await serve();
  expect(await upload(server)).toEqual({ how: 'pushed' });
  expect(server.content.get(`app@${blob.digest}`)).toEqual(content);
  expect(server.steps()).toEqual(['HEAD blob', 'POST upload', 'PUT upload']);
  expect(server.requests.at(-1)?.headers['content-length']).toBe('60000');
  expect(server.requests.at(-1)?.query.get('state')).toBe('a/b');
});

it('sends nothing that is there', async () => {
  const server = await serve();
  await upload(server);
  const open = () => {
    throw new Error('was opened');
  };
  expect(await upload(server, { open })).toEqual({ how: 'exists' });
});

it('has a blob mounted from where it is, and uses the upload that is begun instead', async () => {
  const server = await serve();
  server.content.set(`base@${blob.digest}`, content);
  expect(await upload(server, { mountFrom: ['nowhere', 'base'] })).toEqual({ how: 'mounted', from: 'base' });
  server.content.delete(`app@${blob.digest}`);
  const before = server.steps().length;
  expect(await upload(server, { mountFrom: ['nowhere'] })).toEqual({ how: 'pushed' });
  expect(server.steps().slice(before)).toEqual(['HEAD blob', 'POST upload', 'PUT upload']);
});

it('sends the bytes where the source of a mount may not be read', async () => {
  const server = await serve(once(({ query }) => query.has('from'), { status: 403 }));
  expect(await upload(server, { mountFrom: ['secret'] })).toEqual({ how: 'pushed' });
});

it('goes on where a broken connection left off', async () => {
  const server = await serve(once(isPut, { cutAfter: 25_000 }));
  const tried: Tried = { sent: [], waits: [] };
  expect(await upload(server, {}, tried)).toEqual({ how: 'pushed' });
  expect(server.content.get(`app@${blob.digest}`)).toEqual(content);
  expect(tried.sent).toEqual([0, 25_000]);
  expect(server.steps().slice(-4)).toEqual(['PUT upload', 'GET upload', 'PATCH upload', 'PUT upload']);
  expect(server.requests.at(-2)?.headers['content-range']).toBe('25000-59999');
  expect(server.requests.at(-2)?.headers['content-length']).toBe('35000');
});

it('only closes an upload that came whole', async () => {
  const server = await serve(once(isPut, { cutAfter: 60_000 }));
  const tried: Tried = { sent: [], waits: [] };
  expect(await upload(server, {}, tried)).toEqual({ how: 'pushed' });
  expect(tried.sent).toEqual([0]);
  expect(server.steps().slice(-3)).toEqual(['PUT upload', 'GET upload', 'PUT upload']);
});

it('goes on as often as it gets anywhere', async () => {
  let cuts = 0;
  const isBody = ({ method, path }: UploadRequest) => path.includes('/uploads/') && method !== 'GET' && method !== 'POST';
  const server = await serve((request) => (isBody(request) && ++cuts <= 7 ? { cutAfter: 8000 } : undefined));
  expect(await upload(server)).toEqual({ how: 'pushed' });
  expect(server.content.get(`app@${blob.digest}`)).toEqual(content);
  expect(cuts).toBe(9);
});

it('goes on when the registry stalled in the middle', async () => {
  const server = await serve(once(isPut, { hangAfter: 25_000 }));
  const tried: Tried = { sent: [], waits: [] };
  expect(await upload(server, {}, tried)).toEqual({ how: 'pushed' });
  expect(tried.sent).toEqual([0, 25_000]);
  expect(server.content.get(`app@${blob.digest}`)).toEqual(content);
});

it('gets a new token when its own runs out in the middle', async () => {
  let granted = 0;
  const server = await serve(({ method, path, headers }) => {
    if (path === '/token') return { status: 200, body: JSON.stringify({ token: `token-${++granted}` }) };
    // The first token is good for reading and for the beginning of an upload.
    const isGood = headers.authorization === 'Bearer token-2' || (headers.authorization === 'Bearer token-1' && method !== 'PUT');
    const challenge = `Bearer realm="http://${headers.host}/token",service="here"`;
    return isGood ? undefined : { status: 401, headers: { 'www-authenticate': challenge } };
  });
  expect(await upload(server)).toEqual({ how: 'pushed' });
  expect(server.content.get(`app@${blob.digest}`)).toEqual(content);
  expect(granted).toBe(2);
});

it('starts afresh when the upload was forgotten', async () => {
  const cut = once(isPut, { cutAfter: 25_000 });
  const server = await serve((request) =>
    request.method === 'GET' && request.path.includes('/uploads/') ? { status: 404 } : cut(request),
  );
  const tried: Tried = { sent: [], waits: [] };
  expect(await upload(server, {}, tried)).toEqual({ how: 'pushed' });
  expect(tried.sent).toEqual([0, 0]);
  expect(server.content.get(`app@${blob.digest}`)).toEqual(content);
});

it('waits as long as a 429 asks, and gives up on one that asks for an hour', async () => {
  const server = await serve(once(isPut, { status: 429, headers: { 'retry-after': '7' } }));
  const tried: Tried = { sent: [], waits: [] };
  expect(await upload(server, {}, tried)).toEqual({ how: 'pushed' });
  expect(tried.waits).toEqual([7000]);
  server.stop();
  const strict = await serve((request) => (isPut(request) ? { status: 429, headers: { 'retry-after': '3600' } } : undefined));
  await expect(upload(strict)).rejects.toMatchObject({ code: 'ERR_RATE_LIMITED' });
  expect(strict.steps().filter((step) => step === 'PUT upload')).toHaveLength(1);
});

it('gives up after five tries that bring nothing, waiting longer each time', async () => {
  const server = await serve((request) => (isPut(request) ? { status: 503 } : undefined));
  const tried: Tried = { sent: [], waits: [] };
  await expect(upload(server, {}, tried)).rejects.toMatchObject({ code: 'ERR_REGISTRY' });
  expect(tried.sent).toHaveLength(5);
  expect(tried.waits.at(-1)).toBeGreaterThan(tried.waits[0] ?? Number.NaN);
});

it('says that writing is refused, after one try', async () => {
  const denied = JSON.stringify({ errors: [{ code: 'DENIED', message: 'requested access to the resource is denied' }] });
  const server = await serve(({ method, path }) =>
    method === 'POST' && path.includes('/uploads/') ? { status: 403, body: denied } : undefined,
  );
  await expect(upload(server)).rejects.toMatchObject({
    code: 'ERR_PUSH_DENIED',
    message: `push access denied for ${server.address}/app, repository does not exist or may require authorization: denied: requested access to the resource is denied`,
  });
  expect(server.steps()).toEqual(['HEAD blob', 'POST upload']);
});

it('does not believe a registry that stored something else', async () => {
  const server = await serve(once(isPut, { status: 201, headers: { 'docker-content-digest': `sha256:${'0'.repeat(64)}` } }));
  await expect(upload(server)).rejects.toMatchObject({ code: 'ERR_DIGEST_MISMATCH' });
});

it('passes on what the registry dislikes, after one try', async () => {
  const body = JSON.stringify({ errors: [{ code: 'DIGEST_INVALID', message: 'provided digest did not match uploaded content' }] });
  const server = await serve((request) => (isPut(request) ? { status: 400, body } : undefined));
  await expect(upload(server)).rejects.toMatchObject({
    message: expect.stringContaining('digest invalid: provided digest did not match uploaded content'),
  });
  expect(server.steps().filter((step) => step === 'PUT upload')).toHaveLength(1);
});

it('sends nothing to an address that is not on the web', async () => {
  const server = await serve(once(({ method }) => method === 'POST', { status: 202, headers: { location: 'file:///etc/passwd' } }));
  await expect(upload(server)).rejects.toMatchObject({ code: 'ERR_REDIRECT' });
});

it('ends at once, and quietly, when the user gives up', async () => {
  const controller = new AbortController();
  const server = await serve(once(isPut, { status: 503 }));
  const reason = new Error('given up');
  const wait = async (): Promise<void> => controller.abort(reason);
  await expect(upload(server, { signal: controller.signal, wait })).rejects.toBe(reason);
});
