// The image that a user's word means, for verbs that need one in the store: a reference, an id or its start; with a platform, the one of the same
// index that is for it.
import { formatPlatform, parsePlatform } from '../oci/platform.ts';
import { familiarReference } from '../oci/reference.ts';
import { type FoundImage, findImage } from '../storage/image.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { canonicalOf } from './canonical.ts';
import { imageForPlatform } from './platform-sibling.ts';

/** Throws ERR_NO_SUCH_IMAGE, ERR_AMBIGUOUS_ID, ERR_BAD_PLATFORM, and ERR_NO_PLATFORM for an image that is another platform's. */
export function requireImage(
  ctx: Pick<Ctx, 'paths'>,
  name: string,
  { platform, hint }: { platform?: string | undefined; hint?: string } = {},
): FoundImage {
  const wanted = platform === undefined ? undefined : parsePlatform(platform);
  const canonical = canonicalOf(name);
  const found = findImage(ctx, name, canonical);
  if (!found) {
    throw new EngineError('ERR_NO_SUCH_IMAGE', `No such image: ${canonical === undefined ? name : familiarReference(canonical)}`, {
      hint: hint ?? 'List what there is: skiff images -a',
    });
  }
  const image = wanted ? imageForPlatform(ctx, found.image, wanted) : found.image;
  if (!image) {
    throw new EngineError(
      'ERR_NO_PLATFORM',
      `image with reference ${name} was found but does not provide the specified platform (${formatPlatform(wanted ?? found.image.platform)})`,
      { hint: `What is stored is for ${formatPlatform(found.image.platform)}; another platform takes its place by: skiff pull --platform` },
    );
  }
  return { ...found, image };
}
