// `load`: the images of an archive into the store. The work is a worker's, in the user's namespace; what comes back is data.
import { parsePlatform } from '../oci/platform.ts';
import { familiarReference } from '../oci/reference.ts';
import type { LoadedImage } from '../runtime/messages-archive.ts';
import type { PullEvent } from '../runtime/messages-work.ts';
import type { Ctx } from '../sys/context.ts';
import { withArchive } from './archive-input.ts';
import { recordImageEvent } from './image-events.ts';
import { runJob } from './worker-client.ts';

export interface LoadOptions {
  /** A file or a folder; undefined: standard input. */
  input?: string | undefined;
  /** An open stream in place of both, and what messages call it. */
  descriptor?: { fd: number; name: string };
  /** As the user gave it. */
  platform?: string | undefined;
  /** Only the image of this name. */
  wanted?: string | undefined;
  /** Canonical; '' for none: in place of the names that the archive gives it. */
  reference?: string | undefined;
  maxLayerBytes?: number | undefined;
  onProgress?: (event: PullEvent) => void;
  signal?: AbortSignal | undefined;
}

/** In the archive's order, with familiar names. Throws ERR_NO_SUCH_FILE, ERR_ARCHIVE, ERR_ARCHIVE_TRUNCATED, ERR_NO_PLATFORM, and what unpacking throws. */
export async function loadImages(ctx: Ctx, options: LoadOptions): Promise<LoadedImage[]> {
  const { input, descriptor, platform, wanted, reference, maxLayerBytes, onProgress, signal } = options;
  if (platform !== undefined) parsePlatform(platform);
  const job = { kind: 'load', name: descriptor?.name ?? input ?? 'standard input', platform, wanted, reference, maxLayerBytes } as const;
  const run = (fd: number) => runJob(ctx, job, { descriptors: [fd], onEvent: onProgress, signal });
  const { images } = await (descriptor ? run(descriptor.fd) : withArchive(input, run));
  for (const { id, names } of images) {
    for (const name of names.length > 0 ? names : [id]) {
      recordImageEvent(ctx, { action: 'load', subject: id, name: familiarReference(name), imageId: id });
    }
  }
  return images.map((image) => ({
    ...image,
    names: image.names.map(familiarReference),
    moved: image.moved.map(({ name, from }) => ({ name: familiarReference(name), from })),
  }));
}
