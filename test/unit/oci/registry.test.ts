// The registry client against a registry in memory that answers what the test says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseReference } from '../../../src/oci/reference.ts';
import { openRegistry, type RegistryOptions } from '../../../src/oci/registry.ts';
import { type FakeRegistry, type FakeRegistryOptions, failure, startFakeRegistry } from '../../e2e/support/fake-registry.ts';
import { digestOf, imageOf, layerOf } from '../../e2e/support/images/layout.ts';
import { tarOf } from '../../e2e/support/images/tar.ts';

const layer = layerOf(tarOf([{ path: 'file', content: 'x'.repeat(5000) }]), 'none');
const image = imageOf({ layers: [layer] });
const open: FakeRegistry[] = [];
const home = mkdtempSync(join(tmpdir(), 'registry-'));
afterEach(() => {
  for (const registry of open.splice(0)) registry.stop();
});
afterAll(() => rmSync(home, { recursive: true }));

function serve(answer?: FakeRegistryOptions['answer']): FakeRegistry {
  const registry = startFakeRegistry({ 'team/image': image }, answer ? { answer } : {});
  open.push(registry);
  return registry;
}

function client({ address }: FakeRegistry, options: Partial<RegistryOptions> & { name?: string } = {}) {
  const { name = 'team/image', ...rest } = options;
  const reference = parseReference(`${address}/${name}`);
  return openRegistry({ env: { HOME: home }, reference, transport: { pause: async () => {}, random: () => 0 }, ...rest });
}

/** Credentials for `registry`, in a file as Docker keeps them. */
function logIn(registry: FakeRegistry, auth: string, more: Record<string, string> = {}): Record<string, string> {
  const path = join(home, `${registry.address}.json`);
  writeFileSync(path, JSON.stringify({ auths: { [registry.address]: { auth: Buffer.from(auth).toString('base64'), ...more } } }));
  return { HOME: home, REGISTRY_AUTH_FILE: path };
}

const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const paths = (registry: FakeRegistry): string[] => registry.requests.map(({ method, path }) => `${method} ${path}`);

it('resolves a tag by HEAD and fetches what it names by digest', async () => {
  const registry = serve();
  const opened = client(registry);
  expect(await opened.resolve()).toEqual({ digest: image.manifest.digest, size: image.manifest.size });
  const { bytes, digest, contentType } = await opened.manifest(image.manifest.digest);
  expect({ digest, contentType }).toEqual({ digest: image.manifest.digest, contentType: image.manifest.mediaType });
  expect(digestOf(bytes)).toBe(image.manifest.digest);
  expect(paths(registry)).toEqual(['HEAD /v2/team/image/manifests/latest', `GET /v2/team/image/manifests/${image.manifest.digest}`]);
});

it('says nothing about a tag when HEAD is not answered with a digest', async () => {
  const registry = serve(({ method }) => (method === 'HEAD' ? new Response(null, { status: 405 }) : undefined));
  expect(await client(registry).resolve()).toBeUndefined();
  expect((await client(registry).manifest()).digest).toBe(image.manifest.digest);
});

describe('a blob', () => {
  const { digest } = layer.descriptor;

  it('is read from an offset on by Range', async () => {
    const { answer, offset } = await client(serve()).blob(digest, 1000);
    expect(offset).toBe(1000);
    expect(Buffer.from(await answer.bytes(1 << 20))).toEqual(Buffer.from(layer.blob.subarray(1000)));
  });

  it.each([
    ['ignores ranges', 200, {}],
    ['serves another range than was asked for', 206, { 'content-range': 'bytes 7-5000/5001' }],
    ['refuses the range', 416, {}],
  ])('starts at its beginning when the server %s', async (_name, status, headers) => {
    const registry = serve(({ headers: asked, path }, honest) =>
      path.includes('/blobs/') && asked.has('range')
        ? honest()
            .arrayBuffer()
            .then(() => new Response(Buffer.from(layer.blob), { status, headers }))
        : undefined,
    );
    const { answer, offset } = await client(registry).blob(digest, 1000);
    expect(offset).toBe(0);
    expect(digestOf(await answer.bytes(1 << 20))).toBe(digest);
  });

  it('that is not there says so', async () => {
    expect(await failureOf(client(serve()).blob(digestOf(Buffer.from('none')), 0))).toMatchObject({ code: 'ERR_BLOB_UNKNOWN' });
  });
});

describe('a refusal', () => {
  it.each([
    [
      'of a tag that is not there',
      () => failure(404, 'MANIFEST_UNKNOWN'),
      'ERR_MANIFEST_UNKNOWN',
      'manifest for ADDRESS/team/image:latest not found: manifest unknown: manifest unknown',
    ],
    [
      'without a body',
      () => new Response(null, { status: 404 }),
      'ERR_MANIFEST_UNKNOWN',
      'manifest for ADDRESS/team/image:latest not found: manifest unknown: manifest unknown',
    ],
    [
      'of someone who may not',
      () => failure(403, 'DENIED'),
      'ERR_PULL_DENIED',
      'pull access denied for ADDRESS/team/image, repository does not exist or may require authorization: denied: denied',
    ],
    [
      'of too many requests',
      () => failure(429, 'TOOMANYREQUESTS'),
      'ERR_RATE_LIMITED',
      'Cannot resolve "ADDRESS/team/image:latest": toomanyrequests: toomanyrequests',
    ],
    [
      'by a server in trouble',
      () => failure(503, 'UNAVAILABLE'),
      'ERR_REGISTRY',
      'Cannot resolve "ADDRESS/team/image:latest": ADDRESS answered with status 503: unavailable: unavailable',
    ],
    [
      'by a page',
      () => new Response('<html>', { status: 400, headers: { 'content-type': 'text/html' } }),
      'ERR_NO_REGISTRY',
      'ADDRESS answered with a web page where a manifest was expected',
    ],
  ])('%s', async (_name, answer, code, message) => {
    const registry = serve(({ path }) => (path === '/v2/' ? undefined : answer()));
    expect(await failureOf(client(registry).manifest())).toMatchObject({ code, message: message.replaceAll('ADDRESS', registry.address) });
  });

  it('is quoted without what would steer a terminal, and cut short', async () => {
    const body = { errors: [{ code: 'DENIED', message: `\x1b]0;title\x07\u202e${'x'.repeat(5000)}` }] };
    const registry = serve(({ path }) => (path === '/v2/' ? undefined : Response.json(body, { status: 403 })));
    const error = await failureOf(client(registry).manifest());
    const message = error instanceof Error ? error.message : '';
    expect(message).toContain('denied: ]0;title x');
    expect(message).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    expect(message.length).toBeLessThan(400);
  });
});

describe('a manifest is refused', () => {
  const instead = (answer: () => Response): FakeRegistry => serve(({ path }) => (path.includes('/manifests/') ? answer() : undefined));

  it('when it is a web page', async () => {
    const registry = instead(() => new Response('<html>', { headers: { 'content-type': 'text/html; charset=utf-8' } }));
    expect(await failureOf(client(registry).manifest())).toMatchObject({ code: 'ERR_NO_REGISTRY' });
  });

  it('when it is larger than 4 MiB', async () => {
    const registry = instead(() => new Response(Buffer.alloc((4 << 20) + 1, ' ')));
    expect(await failureOf(client(registry).manifest())).toMatchObject({
      code: 'ERR_MANIFEST_TOO_LARGE',
      message: `Refused the manifest of "${registry.address}/team/image:latest": it is larger than 4 MiB`,
    });
  });

  it('when it is not the one of its digest', async () => {
    const registry = instead(() => Response.json({}));
    expect(await failureOf(client(registry).manifest(image.manifest.digest))).toMatchObject({ code: 'ERR_DIGEST_MISMATCH' });
  });
});

describe('authorization', () => {
  /** A registry that wants `token`, which its own token server gives for what `grant` accepts. */
  function closed(token: string, grant: (request: { headers: Headers; path: string; method: string }) => Response): FakeRegistry {
    const registry: FakeRegistry = serve((request, honest) => {
      if (request.path === '/token') return grant(request);
      if (request.headers.get('authorization') === `Bearer ${token}`) return honest();
      const challenge = `Bearer realm="http://${registry.address}/token",service="the registry",scope="repository:team/image:pull"`;
      return failure(401, 'UNAUTHORIZED', { 'www-authenticate': challenge });
    });
    return registry;
  }

  it('takes an anonymous token for the scope that is asked for, once for all requests', async () => {
    const registry = closed('t1', () => Response.json({ token: 't1' }));
    const opened = client(registry);
    await Promise.all([
      opened.manifest(image.manifest.digest),
      opened.blob(layer.descriptor.digest, 0),
      opened.blob(layer.descriptor.digest, 5),
    ]);
    await opened.resolve();
    expect(paths(registry).filter((path) => path === 'GET /token')).toEqual(['GET /token']);
    expect(registry.requests.find(({ path }) => path === '/token')?.headers.get('authorization')).toBeNull();
  });

  it('asks for a new token when the old one has run out', async () => {
    let valid = 't1';
    const registry: FakeRegistry = serve((request, honest) => {
      if (request.path === '/token') return Response.json({ access_token: valid });
      if (request.headers.get('authorization') === `Bearer ${valid}`) return honest();
      return failure(401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="http://${registry.address}/token"` });
    });
    const opened = client(registry);
    await opened.manifest();
    valid = 't2';
    expect((await opened.manifest()).digest).toBe(image.manifest.digest);
    expect((await opened.session()).authorization).toBe('Bearer t2');
  });

  it('gives credentials to the token server alone, as Basic', async () => {
    const registry = closed('t1', () => Response.json({ token: 't1' }));
    await client(registry, { env: logIn(registry, 'me:secret') }).manifest();
    const sent = registry.requests.map(({ path, headers }) => [path, headers.get('authorization')]);
    expect(sent).toContainEqual(['/token', `Basic ${btoa('me:secret')}`]);
    expect(sent.filter(([path, value]) => path !== '/token' && value?.startsWith('Basic'))).toEqual([]);
  });

  it('exchanges an identity token by POST', async () => {
    const registry = closed('t1', ({ method }) =>
      method === 'POST' ? Response.json({ access_token: 't1' }) : failure(405, 'UNSUPPORTED'),
    );
    const env = logIn(registry, '<token>:', { identitytoken: 'refresh' });
    expect((await client(registry, { env }).manifest()).digest).toBe(image.manifest.digest);
  });

  it('gives credentials as Basic to a registry that asks for that', async () => {
    const registry: FakeRegistry = serve((request, honest) =>
      request.headers.get('authorization') === `Basic ${btoa('me:secret')}`
        ? honest()
        : failure(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="closed"' }),
    );
    expect((await client(registry, { env: logIn(registry, 'me:secret') }).manifest()).digest).toBe(image.manifest.digest);
    expect(await failureOf(client(registry, { env: logIn(registry, 'me:wrong') }).manifest())).toMatchObject({ code: 'ERR_PULL_DENIED' });
    expect(await failureOf(client(registry).manifest())).toMatchObject({ code: 'ERR_PULL_DENIED' });
  });

  it('never shows a password, not even when it is refused', async () => {
    const registry = closed('t1', () => failure(401, 'UNAUTHORIZED'));
    const error = await failureOf(client(registry, { env: logIn(registry, 'me:very-secret') }).manifest());
    expect(error).toMatchObject({
      code: 'ERR_AUTH',
      message: `failed to resolve reference "${registry.address}/team/image:latest": unauthorized: incorrect username or password (${registry.address}, user "me")`,
    });
    expect(Bun.inspect(error)).not.toContain('very-secret');
  });

  it('a token that does not help is not asked for for ever', async () => {
    const registry = closed('never given', () => Response.json({ token: 'useless' }));
    expect(await failureOf(client(registry).manifest())).toMatchObject({ code: 'ERR_PULL_DENIED' });
    expect(registry.requests.length).toBeLessThan(6);
  });

  it.each(['', 'not a url', 'file:///etc/passwd'])('a realm of %j is refused', async (realm) => {
    const registry: FakeRegistry = serve(() => failure(401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="${realm}"` }));
    expect(await failureOf(client(registry).manifest())).toMatchObject({
      code: 'ERR_AUTH',
      message: expect.stringContaining('names no token server'),
    });
  });
});

it('what keeps a reference from being resolved is said with the reference', async () => {
  const reference = parseReference('no-such-host.invalid/team/image:1');
  const opened = openRegistry({ env: { HOME: home }, reference, transport: { pause: async () => {} } });
  expect(await failureOf(opened.resolve())).toMatchObject({
    message: expect.stringMatching(/^failed to resolve reference "no-such-host.invalid\/team\/image:1": lookup no-such-host.invalid: /),
  });
});

it('lists tags page by page', async () => {
  const registry = serve(({ path }) =>
    path === '/v2/team/image/tags/list'
      ? Response.json({ tags: ['a', 'b'] }, { headers: { link: '</v2/team/image/tags/more?last=b>; rel="next"' } })
      : path === '/v2/team/image/tags/more'
        ? Response.json({ tags: ['c'] })
        : undefined,
  );
  expect(await client(registry).tags()).toEqual(['a', 'b', 'c']);
});
