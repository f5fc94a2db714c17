// `tag`: one more reference to an image that is in the store.
import { familiarReference, parseReference } from '../oci/reference.ts';
import { tagImage as writeTag } from '../storage/image.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { recordImageEvent } from './image-events.ts';
import { requireImage } from './local-image.ts';

/** Points `target` at the image that `source` names. Throws ERR_BAD_REFERENCE, ERR_NO_SUCH_IMAGE. */
export function tagImage(ctx: Ctx, source: string, target: string): void {
  const { digest, registry, repository, tag } = parseReference(target);
  if (digest)
    throw new EngineError('ERR_BAD_REFERENCE', 'refusing to create a tag with a digest reference', {
      hint: 'Leave out what follows the "@"',
    });
  const found = requireImage(ctx, source, { hint: `Pull it first: skiff pull ${source}` });
  const name = `${registry}/${repository}:${tag}`;
  const { id } = found.image;
  writeTag(ctx, name, id);
  recordImageEvent(ctx, { action: 'tag', subject: id, name: familiarReference(name), imageId: id });
}
