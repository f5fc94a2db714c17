// One repository of one registry, read only (OCI distribution-spec, pull). Answers the 401 challenge once for each token, finds out which
// scheme an insecure registry speaks, checks what can be checked here: status, type, size and digest of manifests. Blobs are handed
// on as they come; whoever stores them checks them.
import type { Descriptor } from '../storage/records.ts';
import { EngineError } from '../sys/errors.ts';
import { parseChallenges } from './challenge.ts';
import { type Credentials, findCredentials } from './credentials.ts';
import type { Answer } from './http/answer.ts';
import { systemCertificates } from './http/certificates.ts';
import { createTransport, type HttpRequest, type Transport, type TransportOptions } from './http/transport.ts';
import { ACCEPTED_MANIFESTS, bareType } from './media-types.ts';
import { fullReference, type Reference, repositoryName } from './reference.ts';
import { type RegistryAccess, registryAccess } from './registry-config.ts';
import { blobRefusal, manifestRefusal, type Refusal, webPage } from './registry-error.ts';
import { basicAuthorization, fetchToken } from './token.ts';

export interface RegistryOptions {
  env: Readonly<Record<string, string | undefined>>;
  reference: Reference;
  /** false: accept what TLS cannot check, and no TLS. */
  tlsVerify?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** What another process found out already. */
  session?: RegistrySession | undefined;
  /** For tests: waits, dice, deadlines. */
  transport?: Pick<TransportOptions, 'pause' | 'random' | 'stallMs'>;
}

/** What is found out once about a registry. Never logged: it holds a token. */
export interface RegistrySession {
  origin: string;
  authorization: string | undefined;
}

export interface FetchedManifest {
  bytes: Uint8Array;
  digest: string;
  /** Content-Type without parameters. */
  contentType: string;
}

export interface Registry {
  /** What the reference's tag points at, by HEAD; undefined where the registry does not say. */
  resolve(): Promise<Pick<Descriptor, 'digest' | 'size'> | undefined>;
  /** A manifest by digest, or the one of the reference's tag. Throws ERR_MANIFEST_UNKNOWN, ERR_PULL_DENIED, ERR_MANIFEST_TOO_LARGE, … */
  manifest(digest?: string): Promise<FetchedManifest>;
  /** Opens a blob from byte `offset` on. `offset` of the answer is where its bytes really begin: 0 when ranges are not served. */
  blob(digest: string, offset: number): Promise<{ answer: Answer; offset: number }>;
  /** All tags, page by page. */
  tags(): Promise<string[]>;
  /** For another process that works on the same pull. */
  session(): Promise<RegistrySession>;
}

export const LARGEST_MANIFEST = 4 << 20;
const LARGEST_ERROR = 64 << 10;
const MOST_TAG_PAGES = 1000;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

export function openRegistry(options: RegistryOptions): Registry {
  const { env, reference, signal } = options;
  const access = registryAccess(env, reference.registry, { tlsVerify: options.tlsVerify });
  const certificates = access.isInsecure ? undefined : systemCertificates(env);
  const transport = createTransport({ certificates, isInsecure: access.isInsecure, ...options.transport });
  const authorizer = createAuthorizer(
    transport,
    reference,
    findCredentials(env, reference.registry, reference.repository),
    options.session?.authorization,
  );
  let base: Promise<string> | undefined = options.session && Promise.resolve(options.session.origin);

  return { resolve, manifest, blob, tags, session };

  async function session(): Promise<RegistrySession> {
    base ??= findBase(transport, access, signal);
    return { origin: await base, authorization: authorizer.current() };
  }

  async function resolve(): Promise<Pick<Descriptor, 'digest' | 'size'> | undefined> {
    const answer = await ask({ method: 'HEAD', url: manifestPath(), headers: { accept: ACCEPTED_MANIFESTS } }).catch(unresolved);
    await answer.bytes(LARGEST_ERROR);
    // A refusal is told by GET, which has a body that says why.
    if (answer.status !== 200) return undefined;
    const digest = answer.headers.get('docker-content-digest') ?? '';
    return DIGEST.test(digest) ? { digest, size: Number(answer.headers.get('content-length') ?? 0) } : undefined;
  }

  async function manifest(digest = reference.digest): Promise<FetchedManifest> {
    const answer = await ask({ url: manifestPath(digest), headers: { accept: ACCEPTED_MANIFESTS } }).catch(unresolved);
    const contentType = bareType(answer.headers.get('content-type'));
    if (answer.status !== 200) {
      throw manifestRefusal(await refusalOf(answer), { name: fullReference(reference), repository: repositoryName(reference) });
    }
    if (contentType === 'text/html') {
      answer.cancel();
      throw webPage(access.host);
    }
    const bytes = await answer.bytes(LARGEST_MANIFEST).catch((error: unknown) => {
      throw error instanceof EngineError && error.code === 'ERR_ANSWER_TOO_LARGE' ? manifestTooLarge(fullReference(reference)) : error;
    });
    const actual = `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
    if (digest !== undefined && actual !== digest) throw wrongManifest(digest, actual, access.host);
    return { bytes, digest: actual, contentType };
  }

  async function blob(digest: string, offset: number): Promise<{ answer: Answer; offset: number }> {
    const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const answer = await ask({ url: `/v2/${reference.repository}/blobs/${digest}`, headers });
    if (answer.status === 206 && rangeStart(answer) === offset) return { answer, offset };
    if (answer.status === 200) return { answer, offset: 0 };
    // A server that cannot serve this range (416, or a range that was not asked for) is asked for the whole.
    if (offset > 0 && (answer.status === 416 || answer.status === 206)) {
      answer.cancel();
      return blob(digest, 0);
    }
    throw blobRefusal(await refusalOf(answer), digest);
  }

  async function tags(): Promise<string[]> {
    const found: string[] = [];
    let path: string | undefined = `/v2/${reference.repository}/tags/list`;
    for (let page = 0; path !== undefined && page < MOST_TAG_PAGES; page++) {
      const answer: Answer = await ask({ url: path });
      if (answer.status !== 200) {
        throw manifestRefusal(await refusalOf(answer), { name: repositoryName(reference), repository: repositoryName(reference) });
      }
      found.push(...tagsIn(await answer.bytes(LARGEST_MANIFEST), access.host));
      path = nextPage(answer);
    }
    return found;
  }

  async function ask(request: HttpRequest): Promise<Answer> {
    base ??= findBase(transport, access, signal);
    const origin = await base;
    const send = (authorization: string | undefined): Promise<Answer> =>
      transport.send({
        ...request,
        url: `${origin}${request.url}`,
        headers: { ...request.headers, 'accept-encoding': 'identity', 'user-agent': 'skiff', ...(authorization ? { authorization } : {}) },
        signal,
      });
    const used = authorizer.current();
    const answer = await send(used);
    if (answer.status !== 401) return answer;
    const renewed = await authorizer.renew(answer, { used, registryUrl: origin, signal });
    if (renewed === undefined) return answer;
    await answer.bytes(LARGEST_ERROR).catch(() => undefined);
    return send(renewed);
  }

  function unresolved(error: unknown): never {
    if (!(error instanceof EngineError) || signal?.aborted) throw error;
    const { code, message, hint, exitCode, cause } = error;
    throw new EngineError(code, `failed to resolve reference "${fullReference(reference)}": ${message}`, {
      ...(hint ? { hint } : {}),
      exitCode,
      cause,
    });
  }

  function manifestPath(digest = reference.digest): string {
    return `/v2/${reference.repository}/manifests/${digest ?? reference.tag}`;
  }

  async function refusalOf(answer: Answer): Promise<Refusal> {
    const body = await answer.bytes(LARGEST_ERROR).catch(() => new Uint8Array(0));
    return { status: answer.status, body, contentType: bareType(answer.headers.get('content-type')), host: access.host };
  }
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
function createAuthorizer(
  transport: Transport,
  reference: Reference,
  credentials: Credentials | undefined,
  known: string | undefined,
): Authorizer {
  let authorization = known;
  let renewing: Promise<string | undefined> | undefined;

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
    const bearer = challenges.find((challenge) => challenge.scheme === 'bearer');
    if (bearer) {
      const scope = bearer.parameters.scope || `repository:${reference.repository}:pull`;
      authorization = await fetchToken(transport, { challenge: bearer, scope, credentials, registryUrl, signal });
      return authorization;
    }
    if (!credentials || !challenges.some((challenge) => challenge.scheme === 'basic')) return undefined;
    const basic = basicAuthorization(credentials);
    if (basic === used) return undefined;
    authorization = basic;
    return authorization;
  }
}

/** `http://host` or `https://host`: for a registry that may lack TLS, the first scheme that is answered. */
async function findBase(transport: Transport, access: RegistryAccess, signal: AbortSignal | undefined): Promise<string> {
  const [first = 'https', ...others] = access.schemes;
  if (others.length === 0) return `${first}://${access.host}`;
  for (const scheme of access.schemes) {
    try {
      const answer = await transport.send({ url: `${scheme}://${access.host}/v2/`, tries: 1, signal });
      answer.cancel();
      // Go's servers answer plain HTTP on a TLS port with 400.
      if (answer.status !== 400) return `${scheme}://${access.host}`;
    } catch {
      signal?.throwIfAborted();
    }
  }
  // Neither: the request itself will say what is wrong.
  return `${first}://${access.host}`;
}

function rangeStart(answer: Answer): number | undefined {
  const start = /^bytes (\d+)-/.exec(answer.headers.get('content-range') ?? '')?.[1];
  return start === undefined ? undefined : Number(start);
}

function tagsIn(bytes: Uint8Array, host: string): string[] {
  try {
    const value: unknown = JSON.parse(Buffer.from(bytes).toString());
    const tags = typeof value === 'object' && value !== null && 'tags' in value ? value.tags : undefined;
    if (tags === null) return [];
    if (Array.isArray(tags) && tags.every((tag) => typeof tag === 'string')) return tags;
  } catch {
    // Said below.
  }
  throw webPage(host);
}

// Link: </v2/x/tags/list?last=b&n=100>; rel="next"
function nextPage(answer: Answer): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(answer.headers.get('link') ?? '')?.[1];
  if (target === undefined) return undefined;
  const next = new URL(target, answer.url);
  return `${next.pathname}${next.search}`;
}

function manifestTooLarge(name: string): EngineError {
  return new EngineError('ERR_MANIFEST_TOO_LARGE', `Refused the manifest of "${name}": it is larger than ${LARGEST_MANIFEST >> 20} MiB`);
}

function wrongManifest(wanted: string, actual: string, host: string): EngineError {
  return new EngineError('ERR_DIGEST_MISMATCH', `Refused the manifest "${wanted}": ${host} sent one with the digest "${actual}"`, {
    hint: 'Try again; if it stays, the registry or a proxy before it serves damaged data',
  });
}
