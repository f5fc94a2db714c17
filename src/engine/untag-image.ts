// `untag`: takes names from an image and leaves the image, which may end without any. Either all the names go or none.
import { canonicalReference, familiarReference, parseReference } from '../oci/reference.ts';
import { withStoreLock } from '../storage/claim.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { dropName, namesOfImage } from './image-names.ts';
import { requireImage } from './local-image.ts';

/** Takes `names` (all there are when empty) from the image. Throws ERR_NO_SUCH_IMAGE, ERR_BAD_REFERENCE, ERR_NO_SUCH_TAG. */
export function untagImage(ctx: Ctx, image: string, names: readonly string[]): void {
  const wanted = names.map((name) => canonicalReference(parseReference(name)));
  withStoreLock(ctx, () => {
    const { id } = requireImage(ctx, image).image;
    const there = namesOfImage(ctx, id);
    const strange = wanted.find((name) => !there.includes(name));
    if (strange !== undefined) {
      throw new EngineError('ERR_NO_SUCH_TAG', `${familiarReference(strange)}: tag not known`, {
        hint: there.length > 0 ? `The image is known as ${there.map(familiarReference).join(', ')}` : 'The image has no name',
      });
    }
    // The digests of a repository go with its last tag.
    for (const name of wanted.length > 0 ? wanted : there) if (namesOfImage(ctx, id).includes(name)) dropName(ctx, id, name);
  });
}
