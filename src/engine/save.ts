// `save`: images of the store as an archive. The worker needs no namespace for it, for blobs are the user's own files; it is a process of
// its own because a pipe that nobody reads would keep us from hearing Ctrl-C.
import { formatPlatform, parsePlatform } from '../oci/platform.ts';
import { familiarReference, parseReference, repositoryName } from '../oci/reference.ts';
import type { ArchiveFormat, SavedImage } from '../runtime/messages-archive.ts';
import { findImage } from '../storage/image.ts';
import { readReferences } from '../storage/image-record.ts';
import type { ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { canonicalOf } from './canonical.ts';
import { recordImageEvent } from './image-events.ts';
import { imageForPlatform } from './platform-sibling.ts';
import { runJob } from './worker-client.ts';

const PIPE_GRACE_MS = 500;

export interface SaveOptions {
  format: ArchiveFormat;
  /** As the user gave it. */
  platform?: string | undefined;
}

/** Where the images go: an open file, or an absolute path for the formats that are folders. */
export type SaveTarget = { output: number } | { folder: string };

/** What `names` mean. A repository without a tag means all its tags, as Docker has it. Throws ERR_NO_SUCH_IMAGE, ERR_NO_PLATFORM, … */
export function findImagesToSave(ctx: Ctx, names: readonly string[], { format, platform }: SaveOptions): SavedImage[] {
  const wanted = platform === undefined ? undefined : parsePlatform(platform);
  const found = new Map<string, Set<string>>();
  for (const name of names) {
    for (const { image, reference } of meant(ctx, name)) {
      const fitting = wanted ? imageForPlatform(ctx, image, wanted) : image;
      if (!fitting) throw otherPlatform(name, image, platform ?? '');
      const references = found.get(fitting.id) ?? new Set();
      if (reference !== undefined && !reference.includes('@')) references.add(reference);
      found.set(fitting.id, references);
    }
  }
  if (format === 'dir' && found.size > 1) throw new EngineError('ERR_USAGE', 'The format dir holds one image');
  return [...found].map(([id, references]) => ({ id, names: [...references].sort() }));
}

/** Writes them. Throws ERR_BLOB_MISSING, ERR_BLOB_DAMAGED, and the errno of a failed write. */
export async function saveImages(
  ctx: Ctx,
  images: SavedImage[],
  { format, target, single, signal }: { format: ArchiveFormat; target: SaveTarget; single?: boolean; signal?: AbortSignal | undefined },
): Promise<void> {
  const folder = 'folder' in target ? target.folder : undefined;
  const output = 'output' in target ? target.output : undefined;
  // A worker that writes to a pipe which nobody reads has nothing to clean up, and does not hear us.
  const graceMs = folder === undefined ? PIPE_GRACE_MS : undefined;
  await runJob(ctx, { kind: 'save', images, format, single, folder }, { output, signal, graceMs, enter: [] });
  for (const { id } of images) recordImageEvent(ctx, { action: 'save', subject: id, name: id, imageId: id });
}

interface Meant {
  image: ImageRecord;
  reference: string | undefined;
}

function meant(ctx: Ctx, name: string): Meant[] {
  const canonical = canonicalOf(name);
  const tags = isBareRepository(name) && canonical !== undefined ? tagsOf(ctx, canonical) : [];
  if (tags.length > 0) return tags;
  const found = findImage(ctx, name, canonical);
  if (found) return [found];
  // What cannot be a reference at all is told so.
  if (canonical === undefined) parseReference(name);
  throw new EngineError('ERR_NO_SUCH_IMAGE', `No such image: ${canonical === undefined ? name : familiarReference(canonical)}`, {
    hint: 'List what there is: skiff images',
  });
}

const isBareRepository = (name: string): boolean => !name.includes('@') && !name.slice(name.lastIndexOf('/') + 1).includes(':');

function tagsOf(ctx: Ctx, canonical: string): Meant[] {
  const repository = repositoryName(parseReference(canonical));
  const names = readReferences(ctx)
    .map(({ reference }) => reference)
    .filter((reference) => !reference.includes('@') && repositoryName(parseReference(reference)) === repository)
    .sort();
  return names.flatMap((reference) => {
    const found = findImage(ctx, reference, reference);
    return found ? [found] : [];
  });
}

function otherPlatform(name: string, image: ImageRecord, wanted: string): EngineError {
  return new EngineError(
    'ERR_NO_PLATFORM',
    `image with reference ${name} was found but does not provide the specified platform (${formatPlatform(parsePlatform(wanted))})`,
    { hint: `It is made for ${formatPlatform(image.platform)}; another one has to be pulled first` },
  );
}
