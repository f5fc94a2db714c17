// One repository, read from whichever server has it: mirrors in their order, then the registry itself (OCI distribution-spec, pull; pushing
// stands on `request`, which goes to the registry itself). Checks what can be checked here: status, type, size and digest of manifests.
// Blobs are handed on as they come; whoever stores them checks them.
import type { Descriptor } from '../storage/records.ts';
import { EngineError } from '../sys/errors.ts';
import type { Answer } from './http/answer.ts';
import type { HttpRequest, TransportOptions } from './http/transport.ts';
import { ACCEPTED_MANIFESTS, bareType } from './media-types.ts';
import { fullReference, type Reference, repositoryName } from './reference.ts';
import { LARGEST_MANIFEST, manifestTooLarge, nextPage, rangeStart, tagsIn, wrongManifest } from './registry-answer.ts';
import { type ClientSession, createClient, type RegistryClient } from './registry-client.ts';
import { type Endpoint, registryEndpoints } from './registry-config.ts';
import { blobRefusal, manifestRefusal, type Refusal, webPage } from './registry-error.ts';

export interface RegistryOptions {
  env: Readonly<Record<string, string | undefined>>;
  reference: Reference;
  /** false: accept what TLS cannot check, and no TLS. */
  tlsVerify?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** The reference's servers (`registryEndpoints`), where the caller has looked already. */
  endpoints?: Endpoint[] | undefined;
  /** What another process found out already. */
  session?: RegistrySession | undefined;
  /** What a token is asked for, such as `repository:app:pull,push`; what the registry's challenge names when left out. With it no mirror is asked. */
  scopes?: string[] | undefined;
  /** For tests: waits, dice, deadlines. */
  transport?: Pick<TransportOptions, 'pause' | 'random' | 'stallMs'>;
}

/** What is found out once about the server that has it. Never logged: it holds a token. */
export interface RegistrySession extends ClientSession {
  /** Which of the servers it is. */
  endpoint: number;
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
  /** What refers to a manifest, from the first server that has any of it. */
  referrers(digest: string): Promise<Descriptor[]>;
  /** Any request to the registry itself, with the authorization that it needs: `url` is a path, or an address that the registry gave. */
  request(request: HttpRequest): Promise<Answer>;
  /** What an answer that is not the wanted one says; its body is read. */
  refusal(answer: Answer): Promise<Refusal>;
  /** For another process that works on the same pull. */
  session(): Promise<RegistrySession>;
}

const LARGEST_ERROR = 64 << 10;
const MOST_TAG_PAGES = 1000;
const TRIES_OF_A_MIRROR = 2;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Throws nothing itself; its functions throw ERR_REGISTRY_BLOCKED and what settings and network bring. */
export function openRegistry(options: RegistryOptions): Registry {
  const { reference, signal } = options;
  let opened: Promise<RegistryClient[]> | undefined;
  /** The first server that has not failed us. */
  let current = options.session?.endpoint ?? 0;
  const opens = new Map<string, number>();

  return { resolve, manifest, blob, tags, referrers, request, refusal, session };

  async function session(): Promise<RegistrySession> {
    const client = await clientAt(current);
    return { ...(await client.session()), endpoint: current };
  }

  async function resolve(): Promise<Pick<Descriptor, 'digest' | 'size'> | undefined> {
    const accept = { accept: ACCEPTED_MANIFESTS };
    return await fromFirst(async (client, isLast) => {
      const answer = await client.ask({ method: 'HEAD', url: manifestPath(client), headers: accept });
      await answer.bytes(LARGEST_ERROR);
      // A refusal is told by GET, which has a body that says why.
      if (answer.status !== 200 && isLast) return undefined;
      if (answer.status !== 200) throw await manifestFailure(answer);
      const digest = answer.headers.get('docker-content-digest') ?? '';
      return DIGEST.test(digest) ? { digest, size: Number(answer.headers.get('content-length') ?? 0) } : undefined;
    }).catch(unresolved);
  }

  async function manifest(digest = reference.digest): Promise<FetchedManifest> {
    return fromFirst((client) => manifestOf(client, digest));
  }

  async function manifestOf(client: RegistryClient, digest: string | undefined): Promise<FetchedManifest> {
    const { host } = client.endpoint;
    const answer = await client.ask({ url: manifestPath(client, digest), headers: { accept: ACCEPTED_MANIFESTS } }).catch(unresolved);
    const contentType = bareType(answer.headers.get('content-type'));
    if (answer.status !== 200) throw await manifestFailure(answer);
    if (contentType === 'text/html') {
      answer.cancel();
      throw webPage(host);
    }
    const bytes = await answer.bytes(LARGEST_MANIFEST).catch((error: unknown) => {
      throw error instanceof EngineError && error.code === 'ERR_ANSWER_TOO_LARGE' ? manifestTooLarge(fullReference(reference)) : error;
    });
    const actual = `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
    if (digest !== undefined && actual !== digest) throw wrongManifest(digest, actual, host);
    return { bytes, digest: actual, contentType };
  }

  async function blob(digest: string, offset: number): Promise<{ answer: Answer; offset: number }> {
    // A mirror that was opened twice for it in vain (it stalls, or what it has is damaged) is passed over; one that lacks it, for this blob alone.
    const count = opens.get(digest) ?? 0;
    opens.set(digest, count + 1);
    const last = (await clients()).length - 1;
    for (let at = Math.min(last, current + Math.floor(count / TRIES_OF_A_MIRROR)); ; at++) {
      try {
        return await blobOf(await clientAt(at), digest, offset);
      } catch (error) {
        signal?.throwIfAborted();
        if (at >= last) throw error;
      }
    }
  }

  async function blobOf(client: RegistryClient, digest: string, offset: number): Promise<{ answer: Answer; offset: number }> {
    const headers: Record<string, string> = offset > 0 ? { range: `bytes=${offset}-` } : {};
    const answer = await client.ask({ url: `/v2/${client.endpoint.repository}/blobs/${digest}`, headers });
    if (answer.status === 206 && rangeStart(answer) === offset) return { answer, offset };
    if (answer.status === 200) return { answer, offset: 0 };
    // A server that cannot serve this range (416, or a range that was not asked for) is asked for the whole.
    if (offset > 0 && (answer.status === 416 || answer.status === 206)) {
      answer.cancel();
      return blobOf(client, digest, 0);
    }
    throw blobRefusal(await refusal(answer), digest);
  }

  async function tags(): Promise<string[]> {
    return fromFirst(async (client) => {
      const found: string[] = [];
      let path: string | undefined = `/v2/${client.endpoint.repository}/tags/list`;
      for (let page = 0; path !== undefined && page < MOST_TAG_PAGES; page++) {
        const answer: Answer = await client.ask({ url: path });
        if (answer.status !== 200) {
          throw manifestRefusal(await refusal(answer), { name: repositoryName(reference), repository: repositoryName(reference) });
        }
        found.push(...tagsIn(await answer.bytes(LARGEST_MANIFEST), client.endpoint.host));
        path = nextPage(answer);
      }
      return found;
    });
  }

  async function referrers(digest: string): Promise<Descriptor[]> {
    const { listReferrers } = await import('./referrers.ts');
    return fromFirst(async (client, isLast) => {
      const there = { ...reference, repository: client.endpoint.repository };
      const found = await listReferrers({ request: (wanted) => client.ask(wanted), refusal }, there, digest);
      // A mirror may have the image without what belongs to it.
      if (found.length === 0 && !isLast) throw new EngineError('ERR_MANIFEST_UNKNOWN', `nothing refers to "${digest}" there`);
      return found;
    });
  }

  async function request(wanted: HttpRequest): Promise<Answer> {
    const origin = (await clients()).at(-1);
    if (!origin) throw new Error('no server');
    return origin.ask(wanted);
  }

  /** What the first server gives that gives it; the registry itself is the last, and its failure is the one that is told. */
  async function fromFirst<T>(work: (client: RegistryClient, isLast: boolean) => Promise<T>): Promise<T> {
    for (;;) {
      const at = current;
      const isLast = at >= (await clients()).length - 1;
      try {
        return await work(await clientAt(at), isLast);
      } catch (error) {
        signal?.throwIfAborted();
        if (isLast) throw error;
        current = Math.max(current, at + 1);
      }
    }
  }

  async function clients(): Promise<RegistryClient[]> {
    opened ??= openClients(options);
    return opened;
  }

  async function clientAt(index: number): Promise<RegistryClient> {
    const client = (await clients())[index];
    if (client) return client;
    throw new EngineError('ERR_REGISTRY', 'The settings of the registries changed meanwhile', { hint: 'Try again' });
  }

  function unresolved(error: unknown): never {
    if (!(error instanceof EngineError) || signal?.aborted) throw error;
    const { code, message, hint, exitCode, cause } = error;
    const isTold = message.startsWith('failed to resolve') || code === 'ERR_REGISTRY_BLOCKED';
    if (isTold) throw error;
    throw new EngineError(code, `failed to resolve reference "${fullReference(reference)}": ${message}`, {
      ...(hint ? { hint } : {}),
      exitCode,
      cause,
    });
  }

  function manifestPath({ endpoint }: RegistryClient, digest = reference.digest): string {
    return `/v2/${endpoint.repository}/manifests/${digest ?? reference.tag}`;
  }

  async function manifestFailure(answer: Answer): Promise<EngineError> {
    return manifestRefusal(await refusal(answer), { name: fullReference(reference), repository: repositoryName(reference) });
  }

  async function refusal(answer: Answer): Promise<Refusal> {
    const body = await answer.bytes(LARGEST_ERROR).catch(() => new Uint8Array(0));
    return { status: answer.status, body, contentType: bareType(answer.headers.get('content-type')), host: new URL(answer.url).host };
  }
}

async function openClients({ env, reference, signal, session, scopes, ...options }: RegistryOptions): Promise<RegistryClient[]> {
  const all = options.endpoints ?? (await registryEndpoints(env, reference, { tlsVerify: options.tlsVerify }));
  const endpoints = scopes ? all.slice(-1) : all;
  return endpoints.map((endpoint, index) =>
    createClient({
      env,
      endpoint,
      signal,
      scopes,
      session: session?.endpoint === index ? session : undefined,
      // There is another to ask: no patience with a mirror.
      transport: { ...(index < endpoints.length - 1 ? { tries: TRIES_OF_A_MIRROR } : {}), ...options.transport },
    }),
  );
}
