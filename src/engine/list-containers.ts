// What `ps` lists: containers newest first, filtered, each with the name its image has now. One pass of synchronous reads; sizes, which
// walk the container's files, only when asked for.
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type ContainerView, listContainers } from '../storage/container.ts';
import { readImageRecord, readImageRecords, readReference } from '../storage/image-record.ts';
import { containerDir } from '../storage/layout.ts';
import type { Ctx } from '../sys/context.ts';
import { canonicalOf } from './canonical.ts';
import { containerFilter } from './container-filter.ts';

export interface ListContainersOptions {
  /** Stopped ones too. */
  all?: boolean;
  /** The newest so many, stopped ones too; 0 or less: no limit. */
  last?: number;
  size?: boolean;
  /** `name=value`. */
  filters?: readonly string[];
}

export interface ListedContainer extends ContainerView {
  /** The image as the user named it, or its id when that name now means another image or none. */
  image: string;
  /** Bytes written by the container, and those plus its image. */
  size?: ContainerSize;
}

export interface ContainerSize {
  sizeRw: number;
  sizeRootFs: number;
}

/** Containers as `ps` shows them. Throws ERR_BAD_FILTER. */
export function listContainerViews(ctx: Ctx, options: ListContainersOptions = {}): ListedContainer[] {
  const { all = false, last = 0, size = false } = options;
  const filter = options.filters?.length ? containerFilter(ctx, options.filters) : undefined;
  const sorted = newestFirst(listContainers(ctx));
  const fitting = filter ? filter.apply(sorted) : sorted;
  const shown = all || last > 0 || filter?.includesStopped ? fitting : fitting.filter(({ state }) => isUp(state.Status));
  const imageName = imageNames(ctx);
  return (last > 0 ? shown.slice(0, last) : shown).map((view) => ({
    ...view,
    image: imageName(view),
    ...(size ? { size: containerSize(ctx, view) } : {}),
  }));
}

/** Sizes of one container. What cannot be read (folders that a process inside made private) is not counted. */
export function containerSize(ctx: Pick<Ctx, 'paths'>, { record }: ContainerView): ContainerSize {
  const sizeRw = folderSize(join(containerDir(ctx, record.Id), 'upper'));
  return { sizeRw, sizeRootFs: sizeRw + (readImageRecord(ctx, record.Image)?.sizeBytes ?? 0) };
}

function isUp(status: string): boolean {
  return status === 'running' || status === 'paused' || status === 'restarting';
}

function newestFirst(views: ContainerView[]): ContainerView[] {
  const times = new Map(views.map((view) => [view, Date.parse(view.record.Created)]));
  return views.sort(
    (left, right) => (times.get(right) ?? 0) - (times.get(left) ?? 0) || (left.record.Created < right.record.Created ? 1 : -1),
  );
}

/** Looks each distinct name up once. */
function imageNames(ctx: Ctx): (view: ContainerView) => string {
  const ids = new Map<string, string | undefined>();
  return ({ record }) => {
    const name = record.Config.Image;
    if (isIdOf(name, record.Image)) return name;
    if (!ids.has(name)) ids.set(name, idNamed(ctx, name));
    return ids.get(name) === record.Image ? name : record.Image;
  };
}

/** Whether the user named the image by its id, or the beginning of it. */
function isIdOf(name: string, id: string): boolean {
  return /^(sha256:)?[0-9a-f]{4,64}$/.test(name) && id.startsWith(name.replace(/^(sha256:)?/, 'sha256:'));
}

function idNamed(ctx: Ctx, name: string): string | undefined {
  const canonical = canonicalOf(name);
  if (canonical === undefined) return undefined;
  const id = readReference(ctx, canonical)?.id;
  // By digest: known by it without a reference of its own.
  return id ?? (canonical.includes('@') ? readImageRecords(ctx).find(({ repoDigests }) => repoDigests.includes(canonical))?.id : undefined);
}

function folderSize(folder: string): number {
  let total = 0;
  for (const entry of entriesOf(folder)) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) total += folderSize(path);
    else if (entry.isFile()) total += lstatSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }
  return total;
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
