// Which images of the store a push is about: the one of a tag, or all tags of a repository.
import { formatPlatform, parsePlatform } from '../oci/platform.ts';
import { canonicalReference, familiarReference, parseReference, type Reference, repositoryName } from '../oci/reference.ts';
import { readImageRecord, readReference, readReferences } from '../storage/image-record.ts';
import type { ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { imageForPlatform } from './platform-sibling.ts';

export interface TaggedImage {
  tag: string;
  image: ImageRecord;
}

/** Throws ERR_BAD_REFERENCE for a digest, ERR_NO_SUCH_IMAGE, ERR_NO_PLATFORM. */
export function imagesToPush(
  ctx: Pick<Ctx, 'paths'>,
  target: Reference,
  { allTags = false, platform, image }: { allTags?: boolean | undefined; platform?: string | undefined; image?: string | undefined },
): TaggedImage[] {
  if (target.digest !== undefined) {
    throw new EngineError('ERR_BAD_REFERENCE', 'cannot push a digest reference', { hint: 'Give it a tag first: skiff tag' });
  }
  const given = image === undefined ? undefined : readImageRecord(ctx, image);
  const found = given
    ? [{ tag: target.tag ?? '', image: given }]
    : allTags
      ? tagsOf(ctx, target)
      : [target.tag ?? ''].flatMap((tag) => tagged(ctx, { ...target, tag }));
  if (found.length === 0) {
    const name = familiarReference(repositoryName(target));
    throw new EngineError('ERR_NO_SUCH_IMAGE', `An image does not exist locally with the tag: ${name}`, {
      hint: 'List what there is: skiff images; name an image for its registry: skiff tag',
    });
  }
  return platform === undefined ? found : found.map((one) => forPlatform(ctx, one, { target, platform }));
}

function tagsOf(ctx: Pick<Ctx, 'paths'>, target: Reference): TaggedImage[] {
  return readReferences(ctx)
    .map(({ reference }) => parseReference(reference))
    .filter((one) => repositoryName(one) === repositoryName(target) && one.digest === undefined)
    .flatMap((one) => tagged(ctx, one))
    .sort((a, b) => (a.tag < b.tag ? -1 : 1));
}

function tagged(ctx: Pick<Ctx, 'paths'>, reference: Reference): TaggedImage[] {
  const id = readReference(ctx, canonicalReference(reference))?.id;
  const image = id === undefined ? undefined : readImageRecord(ctx, id);
  return image && reference.tag !== undefined ? [{ tag: reference.tag, image }] : [];
}

function forPlatform(
  ctx: Pick<Ctx, 'paths'>,
  { image, tag }: TaggedImage,
  { target, platform }: { target: Reference; platform: string },
): TaggedImage {
  const wanted = parsePlatform(platform);
  const fitting = imageForPlatform(ctx, image, wanted);
  if (fitting) return { tag, image: fitting };
  const name = familiarReference(canonicalReference({ ...target, tag }));
  throw new EngineError(
    'ERR_NO_PLATFORM',
    `image with reference ${name} was found but does not provide the specified platform (${formatPlatform(wanted)})`,
    { hint: `It is made for ${formatPlatform(image.platform)} alone` },
  );
}
