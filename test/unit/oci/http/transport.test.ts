// Against servers that misbehave on purpose: the real client, real sockets, a false peer.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemCertificates } from '../../../../src/oci/http/certificates.ts';
import { createTransport, type TransportOptions } from '../../../../src/oci/http/transport.ts';

interface Peer {
  url: string;
  /** The headers of each request. */
  seen: Headers[];
}

const open: { stop(closeActiveConnections?: boolean): unknown }[] = [];
afterEach(() => {
  for (const server of open.splice(0)) server.stop(true);
});

/** Answers the requests in turn; the last answer stands for all that follow. */
function peer(...answers: ((request: Request) => Response | Promise<Response>)[]): Peer {
  const seen: Headers[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (request) => {
      seen.push(new Headers(request.headers));
      return (answers[seen.length - 1] ?? answers.at(-1))?.(request) ?? new Response('none', { status: 404 });
    },
  });
  open.push(server);
  return { url: `http://127.0.0.1:${server.port}`, seen };
}

/** Writes `text` to each connection once something is asked, then ends it as told. */
function rawPeer(text: string, ending: 'end' | 'terminate' | 'stay'): Peer {
  const seen: Headers[] = [];
  const server = Bun.listen({
    hostname: '127.0.0.1',
    port: 0,
    socket: {
      data(socket) {
        seen.push(new Headers());
        socket.write(text);
        socket.flush();
        // What arrives together with the end is lost with it: the bytes go first.
        if (ending !== 'stay') setTimeout(() => (ending === 'end' ? socket.end() : socket.terminate()), text === '' ? 0 : 50);
      },
    },
  });
  open.push(server);
  return { url: `http://127.0.0.1:${server.port}`, seen };
}

/** A transport that records its waits instead of waiting. */
function transport(options: TransportOptions = {}) {
  const waits: number[] = [];
  const made = createTransport({
    random: () => 0,
    pause: async (ms) => {
      waits.push(ms);
    },
    ...options,
  });
  return { send: made.send, waits };
}

const text =
  (body: string, status = 200, headers: Record<string, string> = {}) =>
  () =>
    new Response(body, { status, headers });
const redirect = (location: string) => () => new Response(null, { status: 307, headers: { location } });
const textOf = async (answer: { bytes(limit: number): Promise<Uint8Array> }) => Buffer.from(await answer.bytes(1000)).toString();

describe('tries again', () => {
  it('a 500 and a 503 with back-off, then takes the answer', async () => {
    const { url, seen } = peer(text('', 500), text('', 503), text('good'));
    const { send, waits } = transport();
    expect(await textOf(await send({ url }))).toBe('good');
    expect([seen.length, waits]).toEqual([3, [250, 500]]);
  });

  it('a 429 after as many seconds as it asks for, or at the date it names', async () => {
    const date = new Date(Date.now() + 20_000).toUTCString();
    const { url } = peer(text('', 429, { 'retry-after': '7' }), text('', 429, { 'retry-after': date }), text('good'));
    const { send, waits } = transport();
    expect(await textOf(await send({ url }))).toBe('good');
    expect(waits[0]).toBe(7000);
    expect(waits[1]).toBeGreaterThan(10_000);
    expect(waits[1]).toBeLessThanOrEqual(20_000);
  });

  it('a connection that is reset before the answer', async () => {
    const { url, seen } = rawPeer('', 'end');
    const { send, waits } = transport();
    await expect(send({ url })).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' });
    expect([seen.length, waits]).toEqual([5, [250, 500, 1000, 2000]]);
  });

  it('not for longer than five tries', async () => {
    const { url, seen } = peer(text('busy', 503));
    const { send } = transport();
    expect((await send({ url })).status).toBe(503);
    expect(seen.length).toBe(5);
  });

  it('not when it would take more than a minute: that is said', async () => {
    const { url, seen } = peer(text('', 429, { 'retry-after': '3600' }));
    await expect(transport().send({ url })).rejects.toMatchObject({
      code: 'ERR_RATE_LIMITED',
      message: expect.stringContaining('60 minutes'),
    });
    expect(seen.length).toBe(1);
  });

  it('not what is no fault of the moment', async () => {
    const { url, seen } = peer(text('no', 404));
    expect((await transport().send({ url })).status).toBe(404);
    expect(seen.length).toBe(1);
    const refused = transport();
    await expect(refused.send({ url: 'http://127.0.0.1:1/' })).rejects.toMatchObject({
      code: 'ERR_CONNECTION_REFUSED',
      message: 'dial tcp 127.0.0.1:1: connect: connection refused',
    });
    await expect(refused.send({ url: 'http://no-such-host.invalid/' })).rejects.toMatchObject({
      message: expect.stringMatching(/^lookup no-such-host.invalid: (no such host|the name server does not answer)$/),
    });
  });
});

describe('a body', () => {
  it.each([
    ['ends before its length', 'end'],
    ['is reset', 'terminate'],
  ] as const)('that %s is an error, after what arrived was given', async (_name, ending) => {
    const { url } = rawPeer('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc', ending);
    const given: Uint8Array[] = [];
    const answer = await transport().send({ url });
    await expect(answer.read((chunk) => void given.push(chunk))).rejects.toMatchObject({ code: 'ERR_CONNECTION_LOST' });
    expect(Buffer.concat(given).toString()).toBe('abc');
  });

  it('that stalls is given up', async () => {
    const { url } = rawPeer('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nabc', 'stay');
    const answer = await transport({ stallMs: 100 }).send({ url });
    await expect(answer.bytes(1000)).rejects.toMatchObject({ code: 'ERR_STALLED' });
  });

  it('that never begins is asked for once more, and given up', async () => {
    const { url, seen } = rawPeer('', 'stay');
    await expect(transport({ stallMs: 50 }).send({ url })).rejects.toMatchObject({ code: 'ERR_STALLED' });
    expect(seen.length).toBe(2);
  });

  it('that is larger than wanted is cut off', async () => {
    const { url } = peer(() => new Response(Buffer.alloc(100_000)));
    await expect((await transport().send({ url })).bytes(1000)).rejects.toMatchObject({ code: 'ERR_ANSWER_TOO_LARGE' });
  });

  it('ends with what its receiver throws', async () => {
    const { url } = peer(() => new Response(Buffer.alloc(100_000)));
    const answer = await transport().send({ url });
    const refuse = () => {
      throw new Error('enough');
    };
    await expect(answer.read(refuse)).rejects.toThrow('enough');
  });

  it('is given as it was sent, not decompressed', async () => {
    const compressed = Bun.gzipSync('text');
    const { url } = peer(() => new Response(compressed, { headers: { 'content-encoding': 'gzip' } }));
    expect(Buffer.from(await (await transport().send({ url })).bytes(1000))).toEqual(Buffer.from(compressed));
  });
});

it('an abort ends the wait for an answer with its reason', async () => {
  const { url } = rawPeer('', 'stay');
  const controller = new AbortController();
  const sending = transport().send({ url, signal: controller.signal });
  controller.abort(new Error('given up'));
  await expect(sending).rejects.toThrow('given up');
});

describe('a redirect', () => {
  const authorization = 'Bearer secret';

  it('to the same host keeps the authorization, and other headers with it', async () => {
    const { url, seen } = peer(redirect('/blob?x=1'), text('there'));
    const answer = await transport().send({ url, headers: { authorization, range: 'bytes=5-' } });
    expect(await textOf(answer)).toBe('there');
    expect(answer.url).toBe(`${url}/blob?x=1`);
    expect(seen[1]?.get('authorization')).toBe(authorization);
    expect(seen[1]?.get('range')).toBe('bytes=5-');
  });

  it('to another host carries no authorization, nor does one from there back', async () => {
    const back: { url: string } = { url: '' };
    const other = peer(
      (request) => redirect(`${back.url}/home`)().clone() && Response.redirect(`${back.url}/home?${request.url.length}`, 307),
    );
    const first = peer(redirect(`${other.url}/blob`), text('home'));
    back.url = first.url;
    expect(await textOf(await transport().send({ url: first.url, headers: { authorization } }))).toBe('home');
    expect(other.seen.map((headers) => headers.get('authorization'))).toEqual([null]);
    expect(first.seen.map((headers) => headers.get('authorization'))).toEqual([authorization, null]);
  });

  it('that goes round in circles is left', async () => {
    const { url, seen } = peer(redirect('/again?token=secret'));
    const failure = await transport()
      .send({ url })
      .catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'ERR_REDIRECT', message: `stopped after 10 redirects of ${url}/` });
    expect(seen.length).toBe(11);
  });

  it.each(['file:///etc/passwd', 'data:text/plain,x', 'ftp://host/x', 'http://['])('to %s is refused', async (location) => {
    const { url } = peer(redirect(location));
    await expect(transport().send({ url })).rejects.toMatchObject({ code: 'ERR_REDIRECT' });
  });
});

describe('TLS', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tls-'));
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  beforeAll(() => {
    const options = [
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:prime256v1',
      '-nodes',
      '-days',
      '2',
      '-subj',
      '/CN=localhost',
    ];
    const names = ['-addext', 'subjectAltName=DNS:localhost,IP:127.0.0.1'];
    const made = Bun.spawnSync(['openssl', 'req', ...options, ...names, '-keyout', key, '-out', certificate], { stderr: 'pipe' });
    if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  const tlsPeer = (fetch: () => Response): string => {
    const server = Bun.serve({ hostname: '127.0.0.1', port: 0, tls: { key: readFileSync(key), cert: readFileSync(certificate) }, fetch });
    open.push(server);
    return `https://127.0.0.1:${server.port}`;
  };

  it('a certificate of nobody is refused, by SSL_CERT_FILE accepted, and for an insecure registry not looked at', async () => {
    const url = tlsPeer(() => new Response('sealed'));
    const host = new URL(url).host;
    await expect(transport({ tls: { ca: systemCertificates({}) } }).send({ url })).rejects.toMatchObject({
      code: 'ERR_TLS',
      message: `${host}: x509: certificate signed by unknown authority`,
    });
    expect(await textOf(await transport({ tls: { ca: systemCertificates({ SSL_CERT_FILE: certificate }) } }).send({ url }))).toBe('sealed');
    expect(await textOf(await transport({ isInsecure: true }).send({ url }))).toBe('sealed');
  });

  it('SSL_CERT_DIR is looked through, and a file that is named but missing is an error', async () => {
    const url = tlsPeer(() => new Response('sealed'));
    expect(await textOf(await transport({ tls: { ca: systemCertificates({ SSL_CERT_DIR: folder }) } }).send({ url }))).toBe('sealed');
    expect(() => systemCertificates({ SSL_CERT_FILE: join(folder, 'none') })).toThrow('Cannot read the certificates');
  });

  it('is not stepped down from by a redirect', async () => {
    const plain = peer(text('open'));
    const url = tlsPeer(redirect(plain.url));
    await expect(transport({ tls: { ca: systemCertificates({ SSL_CERT_FILE: certificate }) } }).send({ url })).rejects.toMatchObject({
      code: 'ERR_REDIRECT',
    });
    expect(plain.seen).toEqual([]);
  });

  it('spoken to a server that has none is told by its name', async () => {
    const { url } = peer(text('open'));
    await expect(transport().send({ url: url.replace('http:', 'https:') })).rejects.toMatchObject({
      code: 'ERR_TLS',
      message: expect.stringContaining('server gave HTTP response to HTTPS client'),
    });
  });
});
