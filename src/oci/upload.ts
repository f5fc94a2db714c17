// One blob to a registry (distribution-spec, pushing blobs). In this order: HEAD, for what is there is not sent; POST, which also asks for a mount
// from another repository; PUT of everything. After a broken connection the upload is asked how far it came, and goes on from there by
// PATCH; a registry that does not say, or has forgotten it, gets it afresh. Trap: `Range: 0-0` may mean one byte or none.
import type { Descriptor } from '../storage/records.ts';
import { EngineError } from '../sys/errors.ts';
import type { Answer } from './http/answer.ts';
import { backOffMs, isRetryableError, isRetryableStatus, LONGEST_WAIT_MS, pause, retryAfterMs } from './http/retry.ts';
import { pushRefusal } from './push-error.ts';
import type { Registry } from './registry.ts';

export type Uploaded = { how: 'exists' | 'pushed' } | { how: 'mounted'; from: string };

type Bytes = (offset: number) => AsyncIterable<Uint8Array>;

export interface UploadOptions {
  registry: Pick<Registry, 'request' | 'refusal'>;
  /** `library/alpine`: the path of the repository at its registry. */
  repository: string;
  /** For messages: `docker.io/library/alpine`. */
  name: string;
  /** Repositories of the same registry that are believed to have it. */
  mountFrom: readonly string[];
  /** Called once, and only if the bytes must be sent; throws if they are not there. What it returns gives them from any offset on. */
  open: () => Bytes;
  onProgress: (step: 'pushing' | 'retrying', sent: number) => void;
  signal?: AbortSignal | undefined;
  /** Replaced in tests. */
  wait?: typeof pause;
}

/** Tries in a row that bring nothing. */
const MOST_BROKEN = 5;
const LARGEST_ANSWER = 64 << 10;
const OCTETS = 'application/octet-stream';

/** Makes sure that the repository has the blob. Throws ERR_PUSH_DENIED, ERR_DIGEST_MISMATCH, ERR_CONNECTION_LOST, ERR_REGISTRY … */
export async function uploadBlob(blob: Pick<Descriptor, 'digest' | 'size'>, options: UploadOptions): Promise<Uploaded> {
  if (await hasBlob(blob.digest, options)) return { how: 'exists' };
  const tried = await mount(blob.digest, options);
  if (tried.from !== undefined) return { how: 'mounted', from: tried.from };
  const bytes = options.open();
  let location = tried.location ?? (await begin(blob.digest, options));
  let offset = 0;
  for (let broken = 0; ; ) {
    const sent = await send(blob, { ...options, bytes, location, offset });
    if (sent === 'done') return { how: 'pushed' };
    options.onProgress('retrying', offset);
    const waitMs = Math.max(sent.waitMs ?? 0, backOffMs(broken + 1, Math.random));
    await (options.wait ?? pause)(waitMs, options.signal);
    options.signal?.throwIfAborted();
    const came = await progressOf(location, options);
    broken = came && came.offset > offset ? 1 : broken + 1;
    if (broken >= MOST_BROKEN) throw sent.error;
    location = came && came.offset <= blob.size ? came.location : await begin(blob.digest, options);
    offset = came && came.offset <= blob.size ? came.offset : 0;
  }
}

async function hasBlob(digest: string, { registry, repository, name }: UploadOptions): Promise<boolean> {
  const answer = await registry.request({ method: 'HEAD', url: `/v2/${repository}/blobs/${digest}` });
  const { status } = answer;
  if (status !== 401 && status !== 403) await answer.bytes(LARGEST_ANSWER);
  else throw pushRefusal(await registry.refusal(answer), { what: pushing(digest), repository: name });
  return status === 200;
}

/** Asks for a mount from each source. What the registry begins instead of the last is an upload that can be used. */
async function mount(
  digest: string,
  { registry, repository, mountFrom }: UploadOptions,
): Promise<{ from?: string; location?: string | undefined }> {
  let location: string | undefined;
  for (const from of mountFrom) {
    const query = new URLSearchParams({ mount: digest, from });
    const answer = await registry.request({ method: 'POST', url: `/v2/${repository}/blobs/uploads/?${query}` });
    // A source that we may not read must not keep us from sending the bytes ourselves: no refusal counts here.
    await answer.bytes(LARGEST_ANSWER).catch(() => undefined);
    if (answer.status === 201) return { from };
    if (answer.status === 202) location = locationOf(answer);
  }
  return { location };
}

/** Starts an upload and returns its address. */
async function begin(digest: string, { registry, repository, name }: UploadOptions): Promise<string> {
  const answer = await registry.request({ method: 'POST', url: `/v2/${repository}/blobs/uploads/` });
  const location = answer.status === 202 ? locationOf(answer) : undefined;
  if (location === undefined) throw pushRefusal(await registry.refusal(answer), { what: pushing(digest), repository: name });
  await answer.bytes(LARGEST_ANSWER);
  return location;
}

interface Broken {
  error: unknown;
  /** What the registry asks to wait. */
  waitMs?: number | undefined;
}

/** Sends what is missing. Returns what broke if that may pass, throws what does not. */
async function send(
  blob: Pick<Descriptor, 'digest' | 'size'>,
  options: UploadOptions & { bytes: Bytes; location: string; offset: number },
): Promise<'done' | Broken> {
  const { registry, location, offset, name, signal } = options;
  const what = pushing(blob.digest);
  try {
    let end = location;
    if (offset > 0 && offset < blob.size) {
      const range = { 'content-range': `${offset}-${blob.size - 1}` };
      const answer = await registry.request({ method: 'PATCH', url: location, tries: 1, ...body(blob, options, range) });
      if (answer.status !== 202) return await broken(answer);
      end = locationOf(answer) ?? location;
      await answer.bytes(LARGEST_ANSWER);
    }
    const content = offset === 0 ? body(blob, options) : { headers: { 'content-length': '0' } };
    const answer = await registry.request({ method: 'PUT', url: withDigest(end, blob.digest), tries: 1, ...content });
    if (answer.status !== 201 && answer.status !== 204) return await broken(answer);
    const stored = answer.headers.get('docker-content-digest');
    await answer.bytes(LARGEST_ANSWER);
    if (stored !== null && stored !== blob.digest) throw otherDigest(what, blob.digest, stored);
    return 'done';
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof EngineError && isRetryableError(error.code)) return { error };
    throw error;
  }

  async function broken(answer: Answer): Promise<Broken> {
    const { status } = answer;
    const waitMs = retryAfterMs(answer.headers.get('retry-after'), Date.now());
    const error = pushRefusal(await registry.refusal(answer), { what, repository: name });
    // 404 and 416: the upload is not what we think it is; its status will tell.
    const mayPass = isRetryableStatus(status) || status === 404 || status === 416;
    if (!mayPass || (waitMs ?? 0) > LONGEST_WAIT_MS) throw error;
    return { error, waitMs };
  }
}

function body(
  { size }: Pick<Descriptor, 'size'>,
  { bytes, offset, onProgress }: Pick<UploadOptions, 'onProgress'> & { bytes: Bytes; offset: number },
  headers: Record<string, string> = {},
): { headers: Record<string, string>; body: () => AsyncIterable<Uint8Array> } {
  return {
    headers: { 'content-type': OCTETS, 'content-length': String(size - offset), ...headers },
    body: async function* () {
      let sent = offset;
      for await (const chunk of bytes(offset)) {
        onProgress('pushing', sent);
        yield chunk;
        sent += chunk.length;
      }
      onProgress('pushing', sent);
    },
  };
}

/** How far an upload came, and where it goes on; undefined when the registry does not know it any more, or has none of it. */
async function progressOf(url: string, { registry, signal }: UploadOptions): Promise<{ offset: number; location: string } | undefined> {
  try {
    const answer = await registry.request({ url });
    await answer.bytes(LARGEST_ANSWER);
    const last = Number(/^(?:bytes=)?0-(\d+)$/.exec(answer.headers.get('range') ?? '')?.[1] ?? 0);
    if ((answer.status !== 204 && answer.status !== 200) || last === 0) return undefined;
    return { offset: last + 1, location: locationOf(answer) ?? url };
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

// Relative ones are the registry's; the address itself is checked where it is used.
function locationOf(answer: Answer): string | undefined {
  const location = answer.headers.get('location');
  return location === null ? undefined : (URL.parse(location, answer.url)?.href ?? undefined);
}

function withDigest(location: string, digest: string): string {
  const url = new URL(location);
  url.searchParams.set('digest', digest);
  return url.href;
}

const pushing = (digest: string): string => `Cannot push the blob "${digest}"`;

function otherDigest(what: string, wanted: string, stored: string): EngineError {
  return new EngineError('ERR_DIGEST_MISMATCH', `${what}: the registry stored it as "${stored}" and not as "${wanted}"`, {
    hint: 'Try again; if it stays, the registry or a proxy before it damages data',
  });
}
