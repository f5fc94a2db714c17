// The image that a container is made from: found in the store by what the user typed, fit for the platform asked for.
import { fitsPlatform, formatPlatform, hostPlatform, parsePlatform } from '../../oci/platform.ts';
import { canonicalReference, familiarReference, parseReference } from '../../oci/reference.ts';
import { type FoundImage, findImage, readImageConfig } from '../../storage/image.ts';
import type { ImageConfig, ImageRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { imageForPlatform } from '../platform-sibling.ts';

export interface LocalImage {
  image: ImageRecord;
  config: ImageConfig;
}

/** The stored image for `name` (a reference, an id or an id prefix); undefined when there is none, or none for `platform`. */
export function findLocalImage(ctx: Ctx, name: string, platform?: string): LocalImage | undefined {
  const found = findImage(ctx, name, canonicalOf(name));
  const image = found && fitting(ctx, found, platform);
  return image && { image, config: readImageConfig(ctx, image.id) };
}

/** A tag names one image, whatever it is for. Of a digest, which may be an index's, this machine's is meant. */
function fitting(ctx: Ctx, { image, reference }: FoundImage, platform: string | undefined): ImageRecord | undefined {
  if (platform !== undefined) return imageForPlatform(ctx, image, parsePlatform(platform));
  return reference?.includes('@') ? (imageForPlatform(ctx, image, hostPlatform()) ?? image) : image;
}

/** As `findLocalImage`. Throws ERR_NO_SUCH_IMAGE in Docker's words. */
export function requireLocalImage(ctx: Ctx, name: string, platform?: string): LocalImage {
  const found = findLocalImage(ctx, name, platform);
  if (found) return found;
  const canonical = canonicalOf(name);
  throw new EngineError('ERR_NO_SUCH_IMAGE', `No such image: ${canonical === undefined ? name : familiarReference(canonical)}`, {
    hint: `Pull it first: skiff pull ${name}`,
    exitCode: 125,
  });
}

/** Docker's warning when the image is for another platform than this machine's and the user asked for none. */
export function platformWarning(image: ImageRecord, platform: string | undefined): string | undefined {
  const host = hostPlatform();
  if (platform !== undefined || fitsPlatform(image.platform, host)) return undefined;
  return (
    `The requested image's platform (${formatPlatform(image.platform)}) does not match the detected host platform ` +
    `(${formatPlatform(host)}) and no specific platform was requested`
  );
}

function canonicalOf(name: string): string | undefined {
  try {
    return canonicalReference(parseReference(name));
  } catch (error) {
    // An image id is no reference, yet names an image.
    if (/^(sha256:)?[0-9a-f]+$/.test(name)) return undefined;
    if (error instanceof EngineError) throw new EngineError(error.code, error.message, { hint: error.hint ?? '', exitCode: 125 });
    throw error;
  }
}
