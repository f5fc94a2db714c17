// From a reference to what must be fetched: target (index or manifest) → manifest for the platform → config. Everything is stored as it
// is found; nothing is reachable before the image record is. The tag is looked up by HEAD first: registries do not count that
// as a pull, and what it names may be here already.
import { type ImageConfigSummary, parseImageConfig } from '../../oci/image-config.ts';
import { assertImage, type Index, type Manifest, parseManifest } from '../../oci/manifest.ts';
import { choosePlatform, fitsPlatform, formatPlatform, listPlatforms } from '../../oci/platform.ts';
import { familiarReference, fullReference, type Reference } from '../../oci/reference.ts';
import type { Registry } from '../../oci/registry.ts';
import type { Approve } from '../../oci/trust/enforce.ts';
import { putBlob } from '../../storage/blob.ts';
import type { Descriptor, ImageLayer, Platform } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { smallBlob } from './small-blob.ts';

export interface ResolveOptions {
  registry: Registry;
  reference: Reference;
  platform: Platform;
  /** The user asked for it: an image for another platform is refused. */
  isPlatformGiven: boolean;
  /** The digest that the tag must name. */
  pin?: string | undefined;
  /** Told of every digest before it is looked for in the store. */
  protect: (digests: string[]) => void;
  /** Asked with what the name stands for and what of it is this platform's, before anything else of the image is fetched. */
  approve?: Approve | undefined;
  signal: AbortSignal;
}

export interface ResolvedImage {
  target: Descriptor;
  manifest: Descriptor;
  /** Image id: digest of the config. */
  id: string;
  config: ImageConfigSummary;
  layers: ImageLayer[];
}

const LARGEST_CONFIG = 8 << 20;
const DEEPEST_INDEX = 3;

/** Throws what the registry client throws, ERR_NO_PLATFORM, ERR_NOT_AN_IMAGE, ERR_MANIFEST_…, ERR_IMAGE_CONFIG, and what `approve` throws. */
export async function resolveImage(ctx: Ctx, options: ResolveOptions): Promise<ResolvedImage> {
  const name = fullReference(options.reference);
  const target = await findTarget(ctx, options);
  const { manifest, descriptor } = await findManifest(ctx, target, options);
  await options.approve?.([target.descriptor.digest, descriptor.digest]);
  assertImage(manifest, name);
  options.protect([manifest.config.digest]);
  const bytes = await fetchConfig(ctx, manifest.config, options);
  const config = parseImageConfig(bytes, name);
  if (options.isPlatformGiven && !fitsPlatform(config, options.platform)) throw otherPlatform(name, config, options.platform);
  return { target: target.descriptor, manifest: descriptor, id: manifest.config.digest, config, layers: layersOf(manifest, config, name) };
}

interface Found {
  document: Index | Manifest;
  descriptor: Descriptor;
}

async function findTarget(ctx: Ctx, options: ResolveOptions): Promise<Found> {
  const digest = options.reference.digest ?? (await options.registry.resolve())?.digest;
  if (digest !== undefined) {
    checkPin(options, digest);
    return readManifest(ctx, { digest }, options);
  }
  const fetched = await options.registry.manifest();
  checkPin(options, fetched.digest);
  const found = parsed(fetched.bytes, fetched.digest, fetched.contentType, options);
  options.protect([fetched.digest]);
  putBlob(ctx, fetched.bytes);
  return found;
}

/** Throws ERR_TAG_MOVED. */
export function checkPin({ reference, pin }: Pick<ResolveOptions, 'reference' | 'pin'>, digest: string): void {
  if (pin === undefined || pin === digest) return;
  const name = familiarReference(fullReference(reference));
  throw new EngineError('ERR_TAG_MOVED', `"${name}" moved since it was pinned: from "${pin}" to "${digest}"`, {
    hint: `Accept what it names now: skiff pull --lock ${name}`,
  });
}

async function findManifest(ctx: Ctx, target: Found, options: ResolveOptions): Promise<{ manifest: Manifest; descriptor: Descriptor }> {
  let found = target;
  for (let depth = 0; found.document.kind === 'index'; depth++) {
    const { manifests } = found.document;
    const nested = manifests.filter((entry) => !entry.platform && entry.mediaType === found.document.mediaType);
    const entry = choosePlatform(manifests, options.platform) ?? nested[0];
    if (!entry || depth === DEEPEST_INDEX) throw noPlatform(fullReference(options.reference), manifests, options.platform);
    found = await readManifest(ctx, entry, options);
  }
  return { manifest: found.document, descriptor: found.descriptor };
}

async function readManifest(ctx: Ctx, wanted: Pick<Descriptor, 'digest'> & Partial<Descriptor>, options: ResolveOptions): Promise<Found> {
  options.protect([wanted.digest]);
  const bytes = await smallBlob(ctx, wanted.digest, {
    signal: options.signal,
    fetchIt: async () => {
      const fetched = await options.registry.manifest(wanted.digest);
      // What is no image must not get into the store.
      parsed(fetched.bytes, wanted.digest, fetched.contentType, options);
      return fetched.bytes;
    },
  });
  if (wanted.size !== undefined && wanted.size !== bytes.length) throw wrongSize('manifest', wanted.digest, wanted.size, bytes.length);
  return parsed(bytes, wanted.digest, wanted.mediaType ?? '', options);
}

function parsed(bytes: Uint8Array, digest: string, headerType: string, options: ResolveOptions): Found {
  const document = parseManifest(bytes, { headerType, name: fullReference(options.reference) });
  return { document, descriptor: { mediaType: document.mediaType, digest, size: bytes.length } };
}

async function fetchConfig(ctx: Ctx, config: Descriptor, { registry, reference, signal }: ResolveOptions): Promise<Uint8Array> {
  if (config.size > LARGEST_CONFIG) {
    throw new EngineError(
      'ERR_IMAGE_CONFIG',
      `Refused the config of "${fullReference(reference)}": it is larger than ${LARGEST_CONFIG >> 20} MiB`,
    );
  }
  return smallBlob(ctx, config.digest, {
    signal,
    fetchIt: async () => {
      const { answer } = await registry.blob(config.digest, 0);
      const bytes = await answer.bytes(config.size);
      if (bytes.length !== config.size) throw wrongSize('config', config.digest, config.size, bytes.length);
      const actual = `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
      if (actual === config.digest) return bytes;
      throw new EngineError('ERR_DIGEST_MISMATCH', `Refused the config "${config.digest}": its content has the digest "${actual}"`, {
        hint: 'Try again; if it stays, the registry or a proxy before it serves damaged data',
      });
    },
  });
}

function layersOf(manifest: Manifest, config: ImageConfigSummary, name: string): ImageLayer[] {
  const diffIds = config.rootfs.diff_ids;
  if (diffIds.length !== manifest.layers.length) {
    throw new EngineError(
      'ERR_IMAGE_CONFIG',
      `Refused "${name}": ${manifest.layers.length} layers, but ${diffIds.length} diff-ids in its config`,
    );
  }
  return manifest.layers.map(({ digest, mediaType, size }, index) => ({ digest, diffId: diffIds[index] ?? '', mediaType, size }));
}

function noPlatform(name: string, entries: Descriptor[], wanted: Platform): EngineError {
  const there = listPlatforms(entries);
  return new EngineError(
    'ERR_NO_PLATFORM',
    `no matching manifest for ${formatPlatform(wanted)} in the manifest list entries of "${name}"`,
    {
      hint: there.length > 0 ? `It has ${there.join(', ')}: choose one with --platform` : 'It names no platform at all',
    },
  );
}

function otherPlatform(name: string, actual: Platform, wanted: Platform): EngineError {
  return new EngineError(
    'ERR_NO_PLATFORM',
    `image with reference ${name} was found but does not provide the specified platform (${formatPlatform(wanted)})`,
    { hint: `It is made for ${formatPlatform(actual)} alone` },
  );
}

function wrongSize(what: string, digest: string, wanted: number, actual: number): EngineError {
  return new EngineError(
    'ERR_SIZE_MISMATCH',
    `Refused the ${what} "${digest}": it has ${actual} bytes where its descriptor promises ${wanted}`,
    {
      hint: 'Try again; if it stays, the registry or a proxy before it serves damaged data',
    },
  );
}
