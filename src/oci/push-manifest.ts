// A manifest or an index to a registry, byte for byte: its digest is over these bytes. Everything that it names must be there before.
import { EngineError } from '../sys/errors.ts';
import { bareType } from './media-types.ts';
import { pushRefusal } from './push-error.ts';
import type { Registry } from './registry.ts';

export interface PutManifestOptions {
  registry: Pick<Registry, 'request' | 'refusal'>;
  /** The path of the repository at its registry. */
  repository: string;
  /** For messages: the repository, normalised. */
  name: string;
  /** A tag, or the digest of `bytes`. */
  under: string;
  mediaType: string;
  bytes: Uint8Array;
}

const LARGEST_ANSWER = 64 << 10;

/**
 * Whether exactly this is what the registry serves there already; a registry may refuse to say, which counts as no. Asked before all else, it also
 * gets the token, once: throws ERR_PUSH_DENIED and ERR_AUTH before several uploads have tried the same password.
 */
export async function isServed({ registry, repository, name, under, mediaType, bytes }: PutManifestOptions): Promise<boolean> {
  const url = `/v2/${repository}/manifests/${under}`;
  const answer = await registry.request({ method: 'HEAD', url, headers: { accept: mediaType } });
  if (answer.status === 401) throw pushRefusal(await registry.refusal(answer), { what: `Cannot push to "${name}"`, repository: name });
  await answer.bytes(LARGEST_ANSWER);
  const digest = `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
  const isSame = answer.headers.get('docker-content-digest') === digest && bareType(answer.headers.get('content-type')) === mediaType;
  return answer.status === 200 && isSame;
}

/** Returns the digest. Throws ERR_PUSH_DENIED, ERR_REGISTRY with what the registry dislikes, ERR_DIGEST_MISMATCH. */
export async function putManifest({ registry, repository, name, under, mediaType, bytes }: PutManifestOptions): Promise<string> {
  const what = `Cannot push the manifest of "${name}${under.includes(':') ? '@' : ':'}${under}"`;
  const digest = `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
  const answer = await registry.request({
    method: 'PUT',
    url: `/v2/${repository}/manifests/${under}`,
    headers: { 'content-type': mediaType },
    body: bytes,
  });
  if (answer.status !== 201 && answer.status !== 200 && answer.status !== 202) {
    throw pushRefusal(await registry.refusal(answer), { what, repository: name });
  }
  await answer.bytes(LARGEST_ANSWER);
  const stored = answer.headers.get('docker-content-digest');
  if (stored === null || stored === digest) return digest;
  throw new EngineError('ERR_DIGEST_MISMATCH', `${what}: the registry stored it as "${stored}" and not as "${digest}"`, {
    hint: 'The registry converts manifests: what is pulled from it will have another digest',
  });
}
