// An index names an image for several platforms; its tag here names the one that was pulled last, but those that were pulled before it are still there.
import { fitsPlatform } from '../oci/platform.ts';
import { readImageRecords } from '../storage/image-record.ts';
import type { ImageRecord, Platform } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';

/** The image itself where it fits `wanted`, else another one of the same index that does; undefined when there is none. */
export function imageForPlatform(ctx: Pick<Ctx, 'paths'>, image: ImageRecord, wanted: Platform): ImageRecord | undefined {
  if (fitsPlatform(image.platform, wanted)) return image;
  if (image.target.digest === image.manifest.digest) return undefined;
  return readImageRecords(ctx).find(({ target, platform }) => target.digest === image.target.digest && fitsPlatform(platform, wanted));
}
