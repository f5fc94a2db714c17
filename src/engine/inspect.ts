// What `inspect` knows of a container or an image: its records and the facts around them. Rendering is the caller's.
import { familiarReference } from '../oci/reference.ts';
import { MASKED_PATHS, READONLY_PATHS } from '../runtime/spec/proc-paths.ts';
import { type ContainerView, findContainer } from '../storage/container.ts';
import { runningExecs } from '../storage/container-execs.ts';
import { runId } from '../storage/container-uses.ts';
import { findImage, readImageConfig, referencesOf } from '../storage/image.ts';
import { readReference } from '../storage/image-record.ts';
import { containerDir, containerLogPath, layerFs } from '../storage/layout.ts';
import type { ContainerRecord, ImageConfig, ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { canonicalOf } from './canonical.ts';
import { containerSize } from './list-containers.ts';
import { requireImage } from './local-image.ts';

export type ObjectType = 'container' | 'image';

export interface InspectedContainer extends ContainerView {
  type: 'container';
  facts: {
    folder: string;
    logPath: string;
    layerFolders: string[];
    execIds: string[] | null;
    endpointId: string;
    sandboxId: string;
    maskedPaths: readonly string[] | undefined;
    readonlyPaths: readonly string[] | undefined;
    size?: { sizeRw: number; sizeRootFs: number };
  };
}

export interface InspectedImage {
  type: 'image';
  record: ImageRecord;
  config: ImageConfig;
  facts: { tags: string[]; digests: string[]; layerFolders: string[]; lastTagged: string };
}

export type Inspected = InspectedContainer | InspectedImage;

/** The object called `name`: a container, else an image. Throws ERR_NO_SUCH_OBJECT, _CONTAINER or _IMAGE in Docker's words. */
export function inspectObject(
  ctx: Ctx,
  name: string,
  options: { type?: ObjectType | undefined; size?: boolean; platform?: string | undefined } = {},
): Inspected {
  const { type, size = false, platform } = options;
  if (type !== 'image') {
    const container = containerNamed(ctx, name, type);
    if (container) return inspectContainer(ctx, container, size);
  }
  const image = findImage(ctx, name, canonicalOf(name))?.image;
  if (image && platform !== undefined) return inspectImage(ctx, requireImage(ctx, name, { platform }).image);
  if (image) return inspectImage(ctx, image);
  if (type === 'image') throw new EngineError('ERR_NO_SUCH_IMAGE', `No such image: ${name}`);
  throw new EngineError('ERR_NO_SUCH_OBJECT', `No such object: ${name}`);
}

function containerNamed(ctx: Ctx, name: string, type: ObjectType | undefined): ContainerView | undefined {
  try {
    return findContainer(ctx, name);
  } catch (error) {
    if (type === undefined && error instanceof EngineError && error.code === 'ERR_NO_SUCH_CONTAINER') return undefined;
    throw error;
  }
}

function inspectContainer(ctx: Ctx, view: ContainerView, size: boolean): InspectedContainer {
  const { record } = view;
  const hides = hidesPaths(record);
  return {
    type: 'container',
    ...view,
    facts: {
      folder: containerDir(ctx, record.Id),
      logPath: containerLogPath(ctx, record.Id),
      layerFolders: record.Layers.map((diffId) => layerFs(ctx, diffId)),
      execIds: runningExecs(ctx, record.Id, { isShared: view.state.InitStarted !== undefined }),
      endpointId: runId(view, 'endpoint'),
      sandboxId: runId(view, 'sandbox'),
      maskedPaths: hides ? MASKED_PATHS : undefined,
      readonlyPaths: hides ? READONLY_PATHS : undefined,
      ...(size ? { size: containerSize(ctx, view) } : {}),
    },
  };
}

function hidesPaths({ HostConfig }: ContainerRecord): boolean {
  return !HostConfig.Privileged && !HostConfig.SecurityOpt?.some((option) => /^systempaths[=:]unconfined$/.test(option));
}

function inspectImage(ctx: Ctx, record: ImageRecord): InspectedImage {
  const references = referencesOf(ctx, record.id);
  const times = references.map((reference) => readReference(ctx, reference)?.taggedAt ?? '').sort();
  const names = [...references, ...record.repoDigests].map(familiarReference);
  return {
    type: 'image',
    record,
    config: readImageConfig(ctx, record.id),
    facts: {
      tags: names.filter((name) => !name.includes('@')),
      digests: [...new Set(names.filter((name) => name.includes('@')))],
      layerFolders: record.layers.map(({ diffId }) => layerFs(ctx, diffId)),
      lastTagged: times.at(-1) ?? '',
    },
  };
}
