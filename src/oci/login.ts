// Whether a registry takes a login: GET /v2/ with it (distribution-spec, determining support), by a token server or Basic, as the registry
// asks. One try: a wrong password must not count several times with who locks accounts.
import { EngineError } from '../sys/errors.ts';
import { parseChallenges } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import type { Transport, TransportOptions } from './http/transport.ts';
import { bareType } from './media-types.ts';
import { endpointTransport, findBase } from './registry-client.ts';
import { type Endpoint, registryEndpoints } from './registry-config.ts';
import { webPage } from './registry-error.ts';
import { basicAuthorization, fetchLogin } from './token.ts';

export interface LoginOptions {
  env: Readonly<Record<string, string | undefined>>;
  /** `docker.io`, `localhost:5000`. */
  registry: string;
  credentials: Credentials;
  tlsVerify?: boolean | undefined;
  signal?: AbortSignal | undefined;
  transport?: Pick<TransportOptions, 'pause' | 'random' | 'stallMs'>;
}

const LARGEST_ANSWER = 64 << 10;

/** An identity token to keep in place of the password, if the registry's token server gave one. Throws ERR_AUTH, ERR_NO_REGISTRY, … */
export async function verifyLogin(options: LoginOptions): Promise<string | undefined> {
  const { env, registry, credentials, signal } = options;
  const named = { registry, repository: '', digest: undefined };
  const [endpoint] = await registryEndpoints(env, named, { tlsVerify: options.tlsVerify, asNamed: true });
  if (!endpoint) throw new Error('no server');
  const transport = endpointTransport(env, endpoint, options.transport);
  const origin = await findBase(transport, endpoint, signal);
  const url = `${origin}/v2/`;
  const first = await get(transport, url, { signal });
  const challenges = parseChallenges(first.headers.get('www-authenticate'));
  if (first.status !== 401) return accepted(first, endpoint, url);

  const bearer = challenges.find((challenge) => challenge.scheme === 'bearer');
  if (bearer) {
    const login = await fetchLogin(transport, { challenge: bearer, scope: undefined, credentials, registryUrl: origin, signal });
    const answer = await get(transport, url, { signal, authorization: login.authorization });
    if (answer.status === 401) throw wrong(url);
    accepted(answer, endpoint, url);
    return login.identityToken;
  }
  if (!challenges.some((challenge) => challenge.scheme === 'basic')) {
    throw new EngineError('ERR_AUTH', `Get "${url}": the registry refuses without saying how to log in`);
  }
  const answer = await get(transport, url, { signal, authorization: basicAuthorization(credentials) });
  if (answer.status === 401) throw wrong(url);
  return accepted(answer, endpoint, url);
}

interface Got {
  status: number;
  headers: Headers;
}

async function get(
  transport: Transport,
  url: string,
  { signal, authorization }: { signal: AbortSignal | undefined; authorization?: string },
): Promise<Got> {
  const headers: Record<string, string> = { 'user-agent': 'skiff', ...(authorization ? { authorization } : {}) };
  const answer = await transport.send({ url, headers, signal });
  await answer.bytes(LARGEST_ANSWER).catch(() => undefined);
  return answer;
}

/** A registry that asks for no login takes any. */
function accepted({ status, headers }: Got, { host }: Endpoint, url: string): undefined {
  const isRegistry = headers.get('docker-distribution-api-version') !== null;
  if (!isRegistry && bareType(headers.get('content-type')) === 'text/html') throw webPage(host);
  if (status >= 200 && status < 300) return;
  throw new EngineError('ERR_REGISTRY', `Get "${url}": unexpected status ${status}`, {
    hint: status >= 500 ? 'The registry has a problem: try again later' : `Check that ${host} is a container registry`,
  });
}

function wrong(url: string): EngineError {
  return new EngineError('ERR_AUTH', `Get "${url}": unauthorized: incorrect username or password`, {
    hint: 'Many registries want an access token in place of the password',
  });
}
