// What files take of the disk, as du(1) counts: blocks, folders among them, a file with several names once. What vanishes while we look
// takes nothing. To be run as root of the user's namespace, who may look into every folder.
import { lstatSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import {
  blobPath,
  blobsDir,
  buildCacheDir,
  cacheMountDir,
  cacheMountsDir,
  containerDir,
  containersDir,
  imageRecordsDir,
  layerDir,
  layersDir,
  refsDir,
  tmpDir,
  trashDir,
  volumeDir,
  volumesDir,
} from './layout.ts';

/** Bytes on the disk. Folders between the parts of a whole are counted in the whole alone; where there are no parts it is 0. */
export interface StoreUsage {
  /** Everything that is kept for images: blobs, records, unpacked layers, leftovers. */
  images: number;
  /** Of it, what is being fetched or deleted, or was when a command died. */
  leftovers: number;
  containers: number;
  volumes: number;
  trash: number;
  /** Of the build cache what lies below its folder: records and cache mounts. */
  cache: number;
  /** By digest, diff-id, container id, volume name, removal, name of a cache mount's folder. */
  parts: Record<'blobs' | 'layers' | 'containers' | 'volumes' | 'trash' | 'mounts', Record<string, number>>;
}

const BLOCK = 512;

export function storeUsage(ctx: Pick<Ctx, 'paths'>): StoreUsage {
  const each = (folder: string, pathOf: (name: string) => string, keyOf = (name: string) => name): Record<string, number> =>
    Object.fromEntries(namesIn(folder).map((name) => [keyOf(name), diskUsage([pathOf(name)])]));
  const digest = (hex: string): string => `sha256:${hex}`;
  const parts = {
    blobs: each(blobsDir(ctx), (hex) => blobPath(ctx, digest(hex)), digest),
    layers: each(layersDir(ctx), (hex) => layerDir(ctx, digest(hex)), digest),
    containers: each(containersDir(ctx), (id) => containerDir(ctx, id)),
    volumes: each(volumesDir(ctx), (name) => volumeDir(ctx, name)),
    trash: each(trashDir(ctx), (id) => join(trashDir(ctx), id)),
    mounts: each(cacheMountsDir(ctx), (name) => cacheMountDir(ctx, name)),
  };
  const leftovers = diskUsage(namesIn(tmpDir(ctx)).flatMap((name) => (name === 'claims' ? [] : [join(tmpDir(ctx), name)])));
  const whole = (sizes: readonly Record<string, number>[], folders: readonly string[], more = 0): number => {
    const bytes = sizes.flatMap((each) => Object.values(each)).reduce((sum, size) => sum + size, more);
    return bytes === 0 ? 0 : folders.reduce((sum, folder) => sum + blocksOf(folder), bytes);
  };
  const { blobs, layers, containers, volumes, trash } = parts;
  const names = diskUsage([imageRecordsDir(ctx), refsDir(ctx)]);
  const folders = [blobsDir(ctx), dirname(blobsDir(ctx)), dirname(refsDir(ctx)), layersDir(ctx)];
  return {
    images: whole([blobs, layers], folders, leftovers + (isEmpty(blobs) ? 0 : names)),
    leftovers,
    containers: whole([containers], [containersDir(ctx)]),
    volumes: whole([volumes], [volumesDir(ctx)]),
    trash: whole([trash], [trashDir(ctx)]),
    cache: diskUsage([buildCacheDir(ctx)]),
    parts,
  };
}

/** Bytes on the disk of all that lies at and below `paths`; of what was seen before `isEnough`. */
export function diskUsage(paths: readonly string[], isEnough: () => boolean = () => false): number {
  const seen = new Set<string>();
  const device = deviceOf(paths[0]);
  const walk = (path: Buffer | string): number => {
    const stat = orNothing(() => lstatSync(path));
    if (stat === undefined || (device !== undefined && stat.dev !== device)) return 0;
    if (stat.nlink > 1 && !stat.isDirectory()) {
      const key = `${stat.dev}:${stat.ino}`;
      if (seen.has(key)) return 0;
      seen.add(key);
    }
    const own = stat.blocks * BLOCK;
    if (!stat.isDirectory()) return own;
    const folder = Buffer.concat([Buffer.from(path), Buffer.from('/')]);
    const names = isEnough() ? [] : (orNothing(() => readdirSync(path, { encoding: 'buffer' })) ?? []);
    return names.reduce((total, name) => total + walk(Buffer.concat([folder, name])), own);
  };
  return paths.reduce((total, path) => total + walk(path), 0);
}

const isEmpty = (sizes: object): boolean => Object.keys(sizes).length === 0;
const blocksOf = (path: string): number => (orNothing(() => lstatSync(path))?.blocks ?? 0) * BLOCK;
const deviceOf = (path: string | undefined): number | undefined => (path === undefined ? undefined : orNothing(() => lstatSync(path))?.dev);
const namesIn = (folder: string): string[] => orNothing(() => readdirSync(folder)) ?? [];

function orNothing<T>(look: () => T): T | undefined {
  try {
    return look();
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EACCES'].includes(errnoOf(error) ?? '')) return undefined;
    throw error;
  }
}
