// FROM of an image, and files read of one: what is stored under the name counts, as with Docker's own builder; --pull asks the registry, and a lock
// file holds the name to its digest. Everything of it is protected by the build's claim before it is looked at again.
// Trap: a pull for another platform would leave the tag on that platform's image, so the tag is put back.
import { ociLayerType } from '../../oci/media-types.ts';
import { fitsPlatform, formatPlatform, hostPlatform } from '../../oci/platform.ts';
import { canonicalReference, familiarReference, fullReference, parseReference, repositoryName } from '../../oci/reference.ts';
import type { PullEvent } from '../../runtime/messages-work.ts';
import { readImageConfig, removeReference, tagImage } from '../../storage/image.ts';
import { readImageRecord, readReference } from '../../storage/image-record.ts';
import { readLayer } from '../../storage/layer.ts';
import type { ImageConfig, ImageRecord, Platform } from '../../storage/records.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { findLocalImage } from '../create/image.ts';
import type { BuildSite, BuiltLayer } from './model.ts';
import { noteSource } from './noted-sources.ts';

export interface BaseImage {
  /** `docker.io/library/debian:12@sha256:…`: what progress shows. */
  fullName: string;
  config: ImageConfig;
  layers: BuiltLayer[];
  /** Nothing had to be fetched. */
  wasHere: boolean;
}

export interface BaseOptions {
  /** As written. */
  reference: string;
  platform: Platform;
  /** The platform was asked for: another one's image does not do. */
  isPlatformGiven: boolean;
  onPull: (event: PullEvent) => void;
}

/** Throws what a pull throws, ERR_NO_SUCH_IMAGE, ERR_NOT_PINNED, ERR_TAG_MOVED. */
export async function findBase(site: BuildSite, options: BaseOptions): Promise<BaseImage> {
  const pin = await pinFor(site, options.reference);
  const local = site.options.pull ? undefined : storedBase(site, options, pin);
  const image = local ?? (await pullBase(site, options, pin));
  await notePinned(site, options.reference);
  noteSource(site, {
    kind: 'image',
    name: familiarReference(canonicalReference(parseReference(options.reference))),
    digest: image.target.digest,
    platform: image.platform,
  });
  return { ...readBase(site, image), fullName: nameOf(options.reference, image), wasHere: local !== undefined };
}

function storedBase(
  { ctx }: BuildSite,
  { reference, platform, isPlatformGiven }: BaseOptions,
  pin: string | undefined,
): ImageRecord | undefined {
  const name = pin === undefined ? reference : `${reference}@${pin}`;
  const wanted = formatPlatform(platform);
  const found = findLocalImage(ctx, name, wanted) ?? (isPlatformGiven ? undefined : findLocalImage(ctx, name));
  if (found) return found.image;
  const tagged = pin === undefined ? undefined : findLocalImage(ctx, reference, isPlatformGiven ? wanted : undefined)?.image;
  return tagged?.target.digest === pin ? tagged : undefined;
}

/** Pulls of one name come one after another: each puts the tag back where it was. */
const pulling = new Map<string, Promise<unknown>>();

async function pullBase(site: BuildSite, options: BaseOptions, pin: string | undefined): Promise<ImageRecord> {
  const canonical = canonicalReference(parseReference(options.reference));
  const before = pulling.get(canonical) ?? Promise.resolve();
  const mine = before.catch(() => undefined).then(() => pullNow(site, { ...options, pin, canonical }));
  pulling.set(canonical, mine);
  return mine;
}

async function pullNow(site: BuildSite, options: BaseOptions & { pin: string | undefined; canonical: string }): Promise<ImageRecord> {
  const { ctx, signal } = site;
  const { reference, platform, isPlatformGiven, canonical, pin, onPull } = options;
  signal.throwIfAborted();
  const tagged = readReference(ctx, canonical)?.id;
  const { pull } = await import('../jobs/pull.ts');
  const job = {
    kind: 'pull',
    reference,
    platform: isPlatformGiven ? formatPlatform(platform) : undefined,
    tlsVerify: site.options.tlsVerify,
    pin,
  } as const;
  const { id } = await pull(ctx, job, { emit: onPull, signal });
  const image = readImageRecord(ctx, id);
  if (!image) throw goneMeanwhile(reference);
  site.hold.protect(partsOf(image));
  if (!fitsPlatform(image.platform, hostPlatform())) {
    if (tagged === undefined) removeReference(ctx, canonical);
    else if (tagged !== id && readImageRecord(ctx, tagged)) tagImage(ctx, canonical, tagged);
  }
  return image;
}

function readBase({ ctx, hold }: BuildSite, image: ImageRecord): Pick<BaseImage, 'config' | 'layers'> {
  hold.protect(partsOf(image));
  // Read before that, it might have been swept in between.
  const record = readImageRecord(ctx, image.id);
  if (!record) throw goneMeanwhile(image.id);
  const layers = record.layers.map((layer) => ({
    ...layer,
    mediaType: ociLayerType(layer.mediaType),
    sizeBytes: readLayer(ctx, layer.diffId)?.sizeBytes ?? 0,
  }));
  return { config: readImageConfig(ctx, image.id), layers };
}

const partsOf = ({ id, layers }: ImageRecord): string[] => [id, ...layers.flatMap(({ digest, diffId }) => [digest, diffId])];

async function pinFor({ options: { lock } }: BuildSite, reference: string): Promise<string | undefined> {
  if (!lock || isId(reference)) return undefined;
  const { requiredPin } = await import('../lock-pins.ts');
  return requiredPin({ mode: lock.mode === 'hold' ? 'enforce' : 'write', path: lock.path }, reference);
}

async function notePinned({ ctx, options: { lock } }: BuildSite, reference: string): Promise<void> {
  if (lock?.mode !== 'write' || isId(reference)) return;
  const { noteStored } = await import('../lock-pins.ts');
  try {
    await noteStored(ctx, { mode: 'write', path: lock.path }, reference);
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'ERR_NOT_PINNED') throw error;
    ctx.warn(messageOf(error));
  }
}

const isId = (reference: string): boolean => /^(?:sha256:)?[0-9a-f]{64}$/.test(reference);

function nameOf(reference: string, { target }: ImageRecord): string {
  if (isId(reference)) return reference;
  const parsed = parseReference(reference);
  return parsed.digest === undefined ? `${fullReference(parsed)}@${target.digest}` : fullReference(parsed);
}

/** `docker.io/library/debian:12`, as `load metadata for` names it; an image id as it is. */
export function fullNameOf(reference: string): string {
  return isId(reference) ? reference : fullReference(parseReference(reference));
}

/** `debian`, with which a registry's answer is spoken of. */
export const repositoryOf = (reference: string): string => familiarReference(repositoryName(parseReference(reference)));

function goneMeanwhile(reference: string): EngineError {
  return new EngineError('ERR_NO_SUCH_IMAGE', `No such image: ${reference}`, {
    hint: 'Another command removed it meanwhile: build again',
  });
}
