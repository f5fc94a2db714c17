// A cache in a registry, under a reference of its own or in an image. Mirrors are asked as for a pull; what is written goes to the registry itself.
import { putManifest } from '../../../oci/push-manifest.ts';
import { familiarReference, fullReference, parseReference, repositoryName } from '../../../oci/reference.ts';
import { openRegistry } from '../../../oci/registry.ts';
import { registryEndpoints } from '../../../oci/registry-config.ts';
import { uploadBlob } from '../../../oci/upload.ts';
import type { Ctx } from '../../../sys/context.ts';
import { EngineError } from '../../../sys/errors.ts';
import { type CacheSource, type CacheTarget, LARGEST_DOCUMENT } from './place.ts';

export interface RegistryPlaceOptions {
  reference: string;
  tlsVerify?: boolean | undefined;
  signal: AbortSignal;
}

export function registrySource({ env }: Pick<Ctx, 'env'>, { reference, tlsVerify, signal }: RegistryPlaceOptions): CacheSource {
  const parsed = parseReference(reference);
  const registry = openRegistry({ env, reference: parsed, tlsVerify, signal });
  return {
    name: familiarReference(fullReference(parsed)),
    async manifest(digest) {
      const { bytes, contentType } = await registry.manifest(digest);
      return { bytes, mediaType: contentType };
    },
    async document(digest) {
      const { answer } = await registry.blob(digest, 0);
      return checked(digest, await answer.bytes(LARGEST_DOCUMENT));
    },
    blob: (digest, offset) => registry.blob(digest, offset),
  };
}

export async function registryTarget(
  { env }: Pick<Ctx, 'env'>,
  { reference, tlsVerify, signal }: RegistryPlaceOptions,
): Promise<CacheTarget> {
  const parsed = parseReference(reference);
  const repository = (await registryEndpoints(env, parsed, { tlsVerify })).at(-1)?.repository ?? parsed.repository;
  const registry = openRegistry({ env, reference: parsed, tlsVerify, signal, scopes: [`repository:${repository}:pull,push`] });
  const place = { registry, repository, name: repositoryName(parsed) };
  return {
    name: familiarReference(fullReference(parsed)),
    async blob({ digest, size, bytes }) {
      await uploadBlob({ digest, size }, { ...place, mountFrom: [], open: () => bytes, onProgress: () => undefined, signal });
    },
    async manifest({ bytes, mediaType, digest }) {
      await putManifest({ ...place, under: parsed.tag ?? digest, mediaType, bytes });
    },
  };
}

/** `bytes`, where their digest is right. Throws ERR_DIGEST_MISMATCH. */
export function checked(digest: string, bytes: Uint8Array): Uint8Array {
  const actual = `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
  if (actual === digest) return bytes;
  throw new EngineError('ERR_DIGEST_MISMATCH', `Refused the blob "${digest}": its content has the digest "${actual}"`, {
    hint: 'What the cache has is damaged: export it again',
  });
}
