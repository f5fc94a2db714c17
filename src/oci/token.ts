// Bearer tokens by the distribution project's token specification: the registry's 401 names a realm, the realm gives a token for a scope.
// Credentials go to the realm as Basic, or as an OAuth2 refresh token by POST; without any the token is an anonymous one.
// Trap: a realm without TLS must not be given credentials that a registry with TLS asked for.
import * as z from 'zod/mini';
import { EngineError } from '../sys/errors.ts';
import type { Challenge } from './challenge.ts';
import type { Credentials } from './credentials.ts';
import { shownUrl } from './http/failure.ts';
import type { Transport } from './http/transport.ts';

export interface TokenRequest {
  challenge: Challenge;
  /** `repository:library/alpine:pull`; several are separated by spaces. None for a login. */
  scope: string | undefined;
  credentials: Credentials | undefined;
  /** Address of the registry that asked. */
  registryUrl: string;
  signal?: AbortSignal | undefined;
}

const LARGEST_ANSWER = 1 << 20;
const answerSchema = z.looseObject({
  token: z.optional(z.string()),
  access_token: z.optional(z.string()),
  refresh_token: z.optional(z.string()),
});

export interface GrantedLogin {
  /** The value of the Authorization header. */
  authorization: string;
  /** What takes the password's place from now on, if the server gives such. */
  identityToken: string | undefined;
}

/** The value of the Authorization header. Throws ERR_AUTH. */
export async function fetchToken(transport: Transport, request: TokenRequest): Promise<string> {
  return (await grant(transport, request)).authorization;
}

/** The same for a login that is to be kept: an identity token is asked for. Throws ERR_AUTH. */
export function fetchLogin(transport: Transport, request: TokenRequest): Promise<GrantedLogin> {
  return grant(transport, request, { offline_token: 'true', client_id: 'skiff' });
}

async function grant(transport: Transport, request: TokenRequest, more: Record<string, string> = {}): Promise<GrantedLogin> {
  const realm = realmOf(request);
  const answer = request.credentials?.identityToken
    ? await postRefresh(transport, realm, request, request.credentials.identityToken)
    : await getToken(transport, realm, { ...request, more });
  const body = await answer.bytes(LARGEST_ANSWER);
  if (answer.status === 401 || answer.status === 403) throw refused(realm, request.credentials);
  const granted = answer.status === 200 ? grantedIn(body) : undefined;
  if (granted) return granted;
  throw new EngineError('ERR_AUTH', `Cannot get a token from ${shownUrl(realm)}: unexpected answer with status ${answer.status}`, {
    hint: 'Try again later; the token server misbehaves',
  });
}

export const basicAuthorization = ({ username, password }: Credentials): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

function getToken(
  transport: Transport,
  realm: URL,
  { challenge, scope, credentials, signal, more }: TokenRequest & { more: Record<string, string> },
) {
  const url = new URL(realm);
  if (challenge.parameters.service) url.searchParams.set('service', challenge.parameters.service);
  for (const one of scope?.split(' ') ?? []) url.searchParams.append('scope', one);
  for (const [name, value] of Object.entries(more)) url.searchParams.set(name, value);
  if (credentials) url.searchParams.set('account', credentials.username);
  return transport.send({ url: url.href, headers: credentials ? { authorization: basicAuthorization(credentials) } : {}, signal });
}

function postRefresh(transport: Transport, realm: URL, { challenge, scope, signal }: TokenRequest, refreshToken: string) {
  const form = {
    grant_type: 'refresh_token',
    service: challenge.parameters.service ?? '',
    ...(scope === undefined ? {} : { scope }),
    client_id: 'skiff',
    refresh_token: refreshToken,
  };
  return transport.send({
    method: 'POST',
    url: realm.href,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams(form).toString(),
    signal,
  });
}

function realmOf({ challenge, registryUrl, credentials }: TokenRequest): URL {
  const realm = URL.parse(challenge.parameters.realm ?? '');
  const isWeb = realm?.protocol === 'https:' || realm?.protocol === 'http:';
  if (!realm || !isWeb) {
    throw new EngineError('ERR_AUTH', `Cannot log in to ${new URL(registryUrl).host}: it names no token server`);
  }
  if (credentials && realm.protocol === 'http:' && registryUrl.startsWith('https:')) {
    throw new EngineError(
      'ERR_AUTH',
      `Refused to send credentials without TLS to ${shownUrl(realm)}, which ${new URL(registryUrl).host} named`,
    );
  }
  return realm;
}

function grantedIn(body: Uint8Array): GrantedLogin | undefined {
  try {
    const { token, access_token, refresh_token } = z.parse(answerSchema, JSON.parse(Buffer.from(body).toString()));
    const bearer = token || access_token;
    return bearer ? { authorization: `Bearer ${bearer}`, identityToken: refresh_token || undefined } : undefined;
  } catch {
    return undefined;
  }
}

function refused(realm: URL, credentials: Credentials | undefined): EngineError {
  return new EngineError(
    'ERR_AUTH',
    credentials
      ? `unauthorized: incorrect username or password (${realm.host}, user "${credentials.username}")`
      : `unauthorized: authentication required (${realm.host})`,
    {
      hint: credentials ? 'Log in again: skiff login' : 'Check the name of the image; for a private one log in: skiff login',
    },
  );
}
