// The pull policy of `run` and `create`: a container's image is looked for, and fetched if it is missing or always. What is stored is
// found without touching anything else, for that is the path of nearly every run.

import { canonicalReference, parseReference } from '../oci/reference.ts';
import { EMBEDDED_REFERENCE } from '../storage/embedded-reference.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { findLocalImage, requireLocalImage } from './create/image.ts';

export type PullPolicy = 'always' | 'missing' | 'never';

export interface EnsureImageOptions {
  image: string;
  platform?: string | undefined;
  policy: PullPolicy;
  /** Fetches the image, saying so to the user; called only when that is needed. */
  pull: () => Promise<void>;
  /** Told before a pull that the image is missing, in Docker's words. */
  onMissing: (message: string) => void;
}

/** Makes sure that the image is there. Throws ERR_NO_SUCH_IMAGE when it is missing and may not be pulled. */
export async function ensureImage(ctx: Ctx, options: EnsureImageOptions): Promise<void> {
  const { image, platform, policy } = options;
  if (policy === 'never') {
    requireLocalImage(ctx, image, platform);
    return;
  }
  if (policy === 'missing') {
    if (findLocalImage(ctx, image, platform)) return;
    options.onMissing(missingMessage(image));
  }
  try {
    await options.pull();
  } catch (error) {
    throw failedRun(error);
  }
}

/** What ends a `pull` with 1 ends a `run` with 125. */
export function failedRun(error: unknown): unknown {
  if (!(error instanceof EngineError)) return error;
  const { code, message, hint, cause } = error;
  return new EngineError(code, message, { cause, exitCode: 125, ...(hint === undefined ? {} : { hint }) });
}

/** Docker's, before a pull. */
export const missingMessage = (image: string): string => `Unable to find image '${familiarName(image)}' locally`;

/** Whether `image` is the one that the executable carries: then nothing is downloaded. */
export function isCarriedImage(image: string): boolean {
  return canonicalReference(parseReference(image)) === EMBEDDED_REFERENCE;
}

/** With the tag that Docker adds: `alpine` → `alpine:latest`. */
function familiarName(image: string): string {
  const last = image.slice(image.lastIndexOf('/') + 1);
  return last.includes(':') || image.includes('@') ? image : `${image}:latest`;
}
