// The pull policy of `run` and `create` with a lock file. With --locked the tag of the store does not count, only the pinned digest: what the tag
// names here may have been pulled later. With --lock what is used is pinned, whether it was pulled now or was here.
import { parseReference, repositoryName } from '../oci/reference.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { findLocalImage } from './create/image.ts';
import { type EnsureImageOptions, ensureImage, failedRun, isCarriedImage, missingMessage } from './ensure-image.ts';
import { type LockOptions, noteStored, requiredPin } from './lock-pins.ts';

export interface EnsureLockedOptions extends EnsureImageOptions {
  lock: LockOptions;
}

/** Returns the name under which the image to use is in the store. Throws as `ensureImage`, and ERR_LOCK_FILE, ERR_NOT_PINNED, ERR_TAG_MOVED. */
export async function ensureLockedImage(ctx: Ctx, options: EnsureLockedOptions): Promise<string> {
  const { lock, image } = options;
  try {
    if (lock.mode === 'enforce') return await ensurePinned(ctx, options);
    if (!isId(ctx, image)) await requiredPin(lock, image);
    await ensureImage(ctx, options);
    await noteStored(ctx, lock, image);
    return image;
  } catch (error) {
    throw failedRun(error);
  }
}

async function ensurePinned(ctx: Ctx, options: EnsureLockedOptions): Promise<string> {
  const { lock, image, platform, policy } = options;
  const pin = isId(ctx, image) ? undefined : await requiredPin(lock, image);
  if (pin === undefined) {
    await ensureImage(ctx, options);
    return image;
  }
  if (policy !== 'always') {
    const name = storedName(ctx, { image, pin, platform });
    if (name !== undefined) return name;
    if (policy === 'never') {
      throw new EngineError('ERR_NO_SUCH_IMAGE', `No such image: ${image} as it is pinned, "${pin}"`, {
        hint: `Pull it: skiff pull --locked ${image}`,
      });
    }
    options.onMissing(missingMessage(image));
  }
  await options.pull();
  return image;
}

/** The name by which the pinned image can be had from the store: what was typed where that is it, and the digest otherwise. */
function storedName(ctx: Ctx, { image, pin, platform }: { image: string; pin: string; platform: string | undefined }): string | undefined {
  const reference = parseReference(image);
  const pinned = `${repositoryName(reference)}@${pin}`;
  if (findLocalImage(ctx, image, platform)?.image.repoDigests.includes(pinned)) return image;
  if (isCarriedImage(image) && findLocalImage(ctx, image, platform)?.image.target.digest === pin) return image;
  const byDigest = `${image}@${pin}`;
  return findLocalImage(ctx, byDigest, platform) ? byDigest : undefined;
}

/** Found by no name: then it names one content, and needs no pin. */
function isId(ctx: Ctx, image: string): boolean {
  if (/^(sha256:)?[0-9a-f]{64}$/.test(image)) return true;
  const found = /^[0-9a-f]+$/.test(image) ? findLocalImage(ctx, image) : undefined;
  return found?.image.id.startsWith(image, 'sha256:'.length) ?? false;
}
