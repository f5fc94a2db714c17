// What a registry serves under a name, without storing any of it: for `manifest`, and for `image inspect --remote`.
import { type Index, type Manifest, parseManifest } from '../oci/manifest.ts';
import { familiarReference, fullReference, parseReference, type Reference } from '../oci/reference.ts';
import { openRegistry, type Registry } from '../oci/registry.ts';
import type { Descriptor, Platform } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { keepLoopbackDirect } from './loopback-direct.ts';

export interface RemoteOptions {
  /** false: accept what TLS cannot check, and no TLS. */
  tlsVerify?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface RemoteManifest {
  reference: Reference;
  registry: Registry;
  bytes: Uint8Array;
  descriptor: Descriptor;
  document: Index | Manifest;
}

const LARGEST_CONFIG = 8 << 20;

/** Throws ERR_BAD_REFERENCE, ERR_MANIFEST_UNKNOWN in the words of `docker manifest`, and what the registry refuses. */
export async function fetchRemote(ctx: Ctx, name: string, { tlsVerify, signal }: RemoteOptions): Promise<RemoteManifest> {
  const reference = parseReference(name);
  keepLoopbackDirect(process.env);
  const registry = openRegistry({ env: ctx.env, reference, tlsVerify, signal });
  const { bytes, digest, contentType } = await registry.manifest().catch((error: unknown) => {
    throw error instanceof EngineError && error.code === 'ERR_MANIFEST_UNKNOWN' ? noSuchManifest(reference) : error;
  });
  const document = parseManifest(bytes, { headerType: contentType, name: fullReference(reference) });
  return { reference, registry, bytes, document, descriptor: { mediaType: document.mediaType, digest, size: bytes.length } };
}

/** A manifest that an index names. */
export async function fetchChild(
  { reference, registry }: Pick<RemoteManifest, 'reference' | 'registry'>,
  entry: Descriptor,
): Promise<RemoteManifest> {
  const { bytes, contentType } = await registry.manifest(entry.digest);
  const document = parseManifest(bytes, { headerType: contentType || entry.mediaType, name: fullReference(reference) });
  return { reference: { ...reference, digest: entry.digest }, registry, bytes, document, descriptor: { ...entry, size: bytes.length } };
}

/** The config's bytes, checked. Throws ERR_IMAGE_CONFIG, ERR_DIGEST_MISMATCH. */
export async function fetchConfig(registry: Registry, config: Descriptor): Promise<Uint8Array> {
  if (config.size > LARGEST_CONFIG) {
    throw new EngineError('ERR_IMAGE_CONFIG', `Refused the config "${config.digest}": it is larger than ${LARGEST_CONFIG >> 20} MiB`);
  }
  const { answer } = await registry.blob(config.digest, 0);
  const bytes = await answer.bytes(config.size);
  const actual = `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
  if (actual === config.digest) return bytes;
  throw new EngineError('ERR_DIGEST_MISMATCH', `Refused the config "${config.digest}": its content has the digest "${actual}"`, {
    hint: 'Try again; if it stays, the registry or a proxy before it serves damaged data',
  });
}

/** The platform that a config names; undefined when it is no image's. */
export function platformOf(config: Uint8Array): Platform | undefined {
  try {
    const value: Record<string, unknown> = JSON.parse(Buffer.from(config).toString());
    const text = (key: string): string | undefined => (typeof value[key] === 'string' && value[key] !== '' ? value[key] : undefined);
    const [os, architecture] = [text('os'), text('architecture')];
    if (os === undefined || architecture === undefined) return undefined;
    const features = Array.isArray(value['os.features']) ? value['os.features'].map(String) : undefined;
    return {
      architecture,
      os,
      ...(text('os.version') ? { 'os.version': text('os.version') } : {}),
      ...(features?.length ? { 'os.features': features } : {}),
      ...(text('variant') ? { variant: text('variant') } : {}),
    };
  } catch {
    return undefined;
  }
}

export function noSuchManifest(reference: Reference): EngineError {
  return new EngineError('ERR_MANIFEST_UNKNOWN', `no such manifest: ${familiarReference(fullReference(reference))}`, {
    hint: 'Check the name and the tag for typing errors, and that the image was pushed there',
  });
}
