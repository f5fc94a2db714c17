// What `images` lists: images newest first with familiar names (`nginx:latest`), filtered. Config blobs are read only for a label filter.
import { familiarReference } from '../oci/reference.ts';
import { type ListedImage, listImageHeads, listImages, readImageConfig } from '../storage/image.ts';
import type { ImageHead, ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { booleanFilter, type Filters, labelsMatch, parseFilters } from './filter.ts';
import { requireImage } from './local-image.ts';
import { referenceMatches } from './reference-pattern.ts';
import { parseTimestamp } from './timestamp.ts';

const KNOWN = ['dangling', 'label', 'before', 'since', 'reference', 'until'];

export interface ListImagesOptions {
  /** `name=value`. */
  filters?: readonly string[];
  /** `REPOSITORY[:TAG]`, with shell patterns. */
  reference?: string | undefined;
}

export interface ListedImageView<Image extends ImageHead = ImageRecord> {
  image: Image;
  /** Familiar `name:tag`s. */
  tags: string[];
  /** Familiar `name@digest`s. */
  digests: string[];
}

/** Images as `images` shows them. Throws ERR_BAD_FILTER, ERR_NO_SUCH_IMAGE (before, since), ERR_BAD_TIME (until). */
export function listImageViews(ctx: Ctx, options: ListImagesOptions = {}): ListedImageView[] {
  return viewsOf(ctx, listImages(ctx), options);
}

/** The same without the images' layers, for half the time. */
export function listImageHeadViews(ctx: Ctx, options: ListImagesOptions = {}): ListedImageView<ImageHead>[] {
  return viewsOf(ctx, listImageHeads(ctx), options);
}

function viewsOf<Image extends ImageHead>(ctx: Ctx, images: ListedImage<Image>[], options: ListImagesOptions): ListedImageView<Image>[] {
  const filters = parseFilters(options.filters ?? [], KNOWN);
  const patterns = [...(filters.get('reference') ?? []), ...(options.reference === undefined ? [] : [options.reference])];
  const dangling = booleanFilter(filters, 'dangling');
  const isInTime = timeTest(ctx, filters);
  const listed: (ListedImageView<Image> & { created: number })[] = [];
  for (const { image, references } of images) {
    const tags: string[] = [];
    const digests: string[] = [];
    for (const canonical of [...references, ...image.repoDigests]) {
      const name = familiarReference(canonical);
      if (patterns.length > 0 && !matchesAny(name, patterns)) continue;
      if (!name.includes('@')) tags.push(name);
      else if (!digests.includes(name)) digests.push(name);
    }
    const created = createdMs(image);
    if (patterns.length > 0 && tags.length + digests.length === 0) continue;
    if (dangling === true && tags.length > 0) continue;
    if (dangling === false && tags.length + digests.length === 0) continue;
    if (isInTime(created) && hasLabels(ctx, filters, image)) listed.push({ image, tags, digests, created });
  }
  return listed.sort((left, right) => right.created - left.created || (left.image.id < right.image.id ? -1 : 1));
}

function matchesAny(name: string, patterns: readonly string[]): boolean {
  return patterns.some((pattern) => referenceMatches(pattern, name));
}

function timeTest(ctx: Ctx, filters: Filters): (created: number) => boolean {
  const before = (filters.get('before') ?? []).map((name) => createdMs(imageNamed(ctx, name)));
  const since = (filters.get('since') ?? []).map((name) => createdMs(imageNamed(ctx, name)));
  const until = (filters.get('until') ?? []).map((text) => Number(parseTimestamp(text, { now: ctx.now(), flag: 'until' }) / 1_000_000n));
  return (created) => [...before, ...until].every((limit) => created < limit) && since.every((limit) => created > limit);
}

const imageNamed = (ctx: Ctx, name: string): ImageRecord => requireImage(ctx, name).image;

function hasLabels(ctx: Ctx, filters: Filters, image: ImageHead): boolean {
  if (!filters.has('label')) return true;
  try {
    return labelsMatch(filters, readImageConfig(ctx, image.id).config?.Labels);
  } catch (error) {
    // An image whose config is damaged has no labels to match; `system check` reports it.
    if (error instanceof EngineError) return false;
    throw error;
  }
}

/** Creation time in milliseconds; an image that does not tell is from 1970, as in Docker. */
function createdMs(image: ImageHead): number {
  return Date.parse(image.created) || 0;
}
