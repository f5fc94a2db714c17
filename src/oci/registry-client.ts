// Requests to one repository on one server, with what every request needs: the scheme that is found out once, and an authorization that is
// renewed at each 401 that it has not been renewed for (a token that runs out in the middle of a pull), but never twice for one request:
// a wrong password must not become a storm of tries that locks the account.
import { EngineError } from '../sys/errors.ts';
import { parseChallenges } from './challenge.ts';
import type { FoundCredentials } from './credentials.ts';
import type { Answer } from './http/answer.ts';
import { systemCertificates } from './http/certificates.ts';
import { isRetryableStatus } from './http/retry.ts';
import { createTransport, type HttpRequest, stallTimeoutMs, type Transport, type TransportOptions } from './http/transport.ts';
import type { Endpoint } from './registry-config.ts';

export interface ClientOptions {
  env: Readonly<Record<string, string | undefined>>;
  endpoint: Endpoint;
  signal?: AbortSignal | undefined;
  /** `https://host` and an Authorization value, where another process found them out. */
  session?: ClientSession | undefined;
  transport?: Pick<TransportOptions, 'pause' | 'random' | 'stallMs' | 'tries'>;
  /** What a token is asked for, such as `repository:app:pull,push`; what the registry's challenge names when left out. */
  scopes?: string[] | undefined;
  /** In place of those that are stored. */
  credentials?: FoundCredentials;
}

/** What is found out once about a server. Never logged: it holds a token. */
export interface ClientSession {
  origin: string;
  authorization: string | undefined;
}

export interface RegistryClient {
  readonly endpoint: Endpoint;
  /** Sends a request whose `url` is a path on the server, or a whole address on it; any status is an answer. */
  ask(request: HttpRequest): Promise<Answer>;
  session(): Promise<ClientSession>;
}

const LARGEST_ERROR = 64 << 10;
/** Go's servers answer plain HTTP on a TLS port so. */
const NO_TLS_HERE = 400;

export function createClient(options: ClientOptions): RegistryClient {
  const { env, endpoint, signal } = options;
  const transport = endpointTransport(env, endpoint, options.transport);
  const authorizer = createAuthorizer(transport, options);
  let base: Promise<string> | undefined = options.session && Promise.resolve(options.session.origin);

  return {
    endpoint,
    ask,
    session: async () => ({ origin: await findOrigin(), authorization: authorizer.current() }),
  };

  function findOrigin(): Promise<string> {
    base ??= findBase(transport, endpoint, signal);
    return base;
  }

  // Where the scheme is not known yet, the first request finds it out itself: the first scheme mostly is the right one. It shows no login.
  async function tryScheme(request: HttpRequest): Promise<{ origin: string; answer?: Answer }> {
    const origin = `${endpoint.schemes[0]}://${endpoint.host}`;
    try {
      const headers = { ...request.headers, 'accept-encoding': 'identity', 'user-agent': 'skiff' };
      const answer = await transport.send({ ...request, url: origin + request.url, headers, tries: 1, signal });
      if (answer.status !== NO_TLS_HERE && !isRetryableStatus(answer.status)) return { origin, answer };
      answer.cancel();
      if (answer.status !== NO_TLS_HERE) return { origin };
    } catch {
      signal?.throwIfAborted();
    }
    return { origin: await findBase(transport, endpoint, signal) };
  }

  async function ask(request: HttpRequest): Promise<Answer> {
    const trial = base === undefined && isHarmless(request) && endpoint.schemes.length > 1 ? tryScheme(request) : undefined;
    base ??= trial?.then((found) => found.origin);
    const origin = await findOrigin();
    const url = addressOf(request.url, origin);
    // What is ours to show is for the registry alone, wherever an answer of it points.
    const isOurs = new URL(url).origin === origin;
    const send = (authorization: string | undefined): Promise<Answer> => {
      const headers: Record<string, string> = { ...request.headers, 'accept-encoding': 'identity', 'user-agent': 'skiff' };
      if (authorization && isOurs) headers.authorization = authorization;
      return transport.send({ ...request, url, headers, signal });
    };
    const used = trial ? undefined : authorizer.current();
    const answer = (await trial)?.answer ?? (await send(used));
    if (answer.status !== 401 || !isOurs) return answer;
    const renewed = await authorizer.renew(answer, { used, registryUrl: origin, signal });
    if (renewed === undefined) return answer;
    await answer.bytes(LARGEST_ERROR).catch(() => undefined);
    return send(renewed);
  }
}

const isHarmless = ({ method = 'GET', url, body }: HttpRequest): boolean =>
  (method === 'GET' || method === 'HEAD') && body === undefined && url.startsWith('/');

/** Requests to the server alone, without any login. */
export function endpointTransport(
  env: ClientOptions['env'],
  { isInsecure, tls }: Pick<Endpoint, 'isInsecure' | 'tls'>,
  options: ClientOptions['transport'] = {},
): Transport {
  const authorities = isInsecure ? undefined : systemCertificates(env);
  const ca = [authorities, tls.ca].filter((text) => text !== undefined).join('\n') || undefined;
  return createTransport({ tls: { ...tls, ca }, isInsecure, stallMs: stallTimeoutMs(env), ...options });
}

interface Renewal {
  /** What the refused request carried. */
  used: string | undefined;
  registryUrl: string;
  signal: AbortSignal | undefined;
}

interface Authorizer {
  current(): string | undefined;
  /** A new Authorization value after a 401, or undefined when there is nothing better than what was used. */
  renew(answer: Answer, renewal: Renewal): Promise<string | undefined>;
}

/** Keeps one authorization for all requests; layers that meet the same 401 at once share one new token. */
function createAuthorizer(transport: Transport, { env, endpoint, session, scopes, ...options }: ClientOptions): Authorizer {
  let authorization = session?.authorization;
  let renewing: Promise<string | undefined> | undefined;
  let found: Promise<FoundCredentials> | undefined;

  return {
    current: () => authorization,
    async renew(answer, renewal) {
      if (authorization !== renewal.used) return authorization;
      renewing ??= obtain(answer, renewal).finally(() => {
        renewing = undefined;
      });
      return renewing;
    },
  };

  async function obtain(answer: Answer, { used, registryUrl, signal }: Renewal): Promise<string | undefined> {
    const challenges = parseChallenges(answer.headers.get('www-authenticate'));
    // Most registries ask for nothing of what these modules do.
    const [{ findCredentials }, { basicAuthorization, fetchToken }] = await Promise.all([import('./credentials.ts'), import('./token.ts')]);
    found ??= options.credentials ? Promise.resolve(options.credentials) : findCredentials(env, endpoint.registry, endpoint.repository);
    const { credentials, problem } = await found;
    const bearer = challenges.find((challenge) => challenge.scheme === 'bearer');
    if (bearer) {
      const scope = scopes?.join(' ') || bearer.parameters.scope || `repository:${endpoint.repository}:pull`;
      const token = fetchToken(transport, { challenge: bearer, scope, credentials, registryUrl, signal });
      // Without credentials that could not be got, a public image can be had still; a private one cannot, and this is why.
      authorization = await token.catch((error: unknown) => {
        throw problem && error instanceof EngineError && error.code === 'ERR_AUTH' ? problem : error;
      });
      if (problem && used !== undefined) throw problem;
      return authorization;
    }
    if (!challenges.some((challenge) => challenge.scheme === 'basic')) return undefined;
    if (problem) throw problem;
    const basic = credentials && basicAuthorization(credentials);
    if (basic === used) return undefined;
    authorization = basic;
    return authorization;
  }
}

/** `http://host` or `https://host`: for a registry that may lack TLS, the first scheme that is answered. */
export async function findBase(transport: Transport, { schemes, host }: Endpoint, signal: AbortSignal | undefined): Promise<string> {
  const [first = 'https', ...others] = schemes;
  if (others.length === 0) return `${first}://${host}`;
  for (const scheme of schemes) {
    try {
      const answer = await transport.send({ url: `${scheme}://${host}/v2/`, tries: 1, signal });
      answer.cancel();
      if (answer.status !== NO_TLS_HERE) return `${scheme}://${host}`;
    } catch {
      signal?.throwIfAborted();
    }
  }
  // Neither: the request itself will say what is wrong.
  return `${first}://${host}`;
}

/** A path of the registry, or the address that it gave. One that forgets TLS, as registries behind a proxy do, is asked with TLS. */
function addressOf(url: string, origin: string): string {
  const address = URL.parse(url, origin);
  const own = new URL(origin);
  if (address?.protocol === 'http:' && own.protocol === 'https:' && address.host === own.host) address.protocol = 'https:';
  const isWeb = address?.protocol === 'https:' || (address?.protocol === 'http:' && own.protocol === 'http:');
  if (address && isWeb) return address.href;
  const shown = address ? `${address.protocol}//${address.host}` : 'no address';
  throw new EngineError('ERR_REDIRECT', `Refused to go on where ${own.host} points to: "${shown}"`, {
    hint: 'The registry or a proxy before it misbehaves',
  });
}
