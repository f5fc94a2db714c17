// Where everything lies below the data and run folders. Every object has a file or folder of its own; there is no shared index.
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';

type HasPaths = Pick<Ctx, 'paths'>;

const hexOf = (digest: string): string => digest.slice(digest.indexOf(':') + 1);

// images
export const blobsDir = (ctx: HasPaths): string => join(ctx.paths.data, 'images/blobs/sha256');
export const blobPath = (ctx: HasPaths, digest: string): string => join(blobsDir(ctx), hexOf(digest));
/** One file per reference (`ImageReferenceRecord`), named by `encodeURIComponent` of the canonical reference. */
export const refsDir = (ctx: HasPaths): string => join(ctx.paths.data, 'images/refs');
/** One file per image (`ImageRecord`), named by the hex of its id; the root that garbage collection starts from. */
export const imageRecordsDir = (ctx: HasPaths): string => join(ctx.paths.data, 'images/records');
export const imageRecordPath = (ctx: HasPaths, id: string): string => `${ctx.paths.data}/images/records/${hexOf(id)}.json`;

/** One file per manifest list that is being put together. */
export const manifestListsDir = (ctx: HasPaths): string => join(ctx.paths.data, 'images/manifest-lists');

// layers
export const layersDir = (ctx: HasPaths): string => join(ctx.paths.data, 'layers');
/** `layers/<hex of diff-id>`: `fs/` and `layer.json`; exists only whole, by rename. `synced` is added once it is on the disk. */
export const layerDir = (ctx: HasPaths, diffId: string): string => join(layersDir(ctx), hexOf(diffId));
export const layerFs = (ctx: HasPaths, diffId: string): string => join(layerDir(ctx, diffId), 'fs');

// build cache
export const buildCacheDir = (ctx: HasPaths): string => join(ctx.paths.data, 'build-cache');
/** One file per step that was built: `<hex of its key>.json`. */
export const cacheRecordsDir = (ctx: HasPaths): string => join(buildCacheDir(ctx), 'records');
export const cacheRecordPath = (ctx: HasPaths, key: string): string => join(cacheRecordsDir(ctx), `${hexOf(key)}.json`);
/** What each place in each Dockerfile was last built from, for --explain. */
export const cacheSlotsDir = (ctx: HasPaths): string => join(buildCacheDir(ctx), 'slots');
/** What ADD downloaded: a file under its digest, a note by the URL. */
export const cacheUrlsDir = (ctx: HasPaths): string => join(buildCacheDir(ctx), 'urls');
/** What files of contexts were hashed to. */
export const cacheHashesDir = (ctx: HasPaths): string => join(buildCacheDir(ctx), 'hashes');
/** `RUN --mount=type=cache`: a folder per id, named by a hash of it, with `mount.json`, `lock` and `fs/`. */
export const cacheMountsDir = (ctx: HasPaths): string => join(buildCacheDir(ctx), 'mounts');
export const cacheMountDir = (ctx: HasPaths, name: string): string => join(cacheMountsDir(ctx), name);
export const cacheMountFs = (ctx: HasPaths, name: string): string => join(cacheMountDir(ctx, name), 'fs');

// containers
// (Put together plainly: `ps` asks for them thousands of times, and join() takes its time to normalize.)
export const containersDir = (ctx: HasPaths): string => `${ctx.paths.data}/containers`;
export const containerDir = (ctx: HasPaths, id: string): string => `${ctx.paths.data}/containers/${id}`;

/** What it wrote on the overlays over its mounts that are thrown away (`-v …:O`). */
export const overlaysDir = (ctx: HasPaths, id: string): string => join(containerDir(ctx, id), 'overlays');
export const containerConfigPath = (ctx: HasPaths, id: string): string => `${ctx.paths.data}/containers/${id}/config.json`;
export const containerStatePath = (ctx: HasPaths, id: string): string => `${ctx.paths.data}/containers/${id}/state.json`;
/** Docker's json-file log; rotated to `.1`, `.2`. */
export const containerLogPath = (ctx: HasPaths, id: string): string => join(containerDir(ctx, id), `${id}-json.log`);
/** One symlink per container name, its target the id: creating a symlink is exclusive, so it reserves the name. */
export const namesDir = (ctx: HasPaths): string => join(ctx.paths.data, 'names');
export const volumesDir = (ctx: HasPaths): string => join(ctx.paths.data, 'volumes');
export const volumeDir = (ctx: HasPaths, name: string): string => join(volumesDir(ctx), name);
/** What `volume rm` and the prunes took away, kept for a while: one folder per removal, in it one per volume. */
export const trashDir = (ctx: HasPaths): string => join(ctx.paths.data, 'trash');
/** `<encoded name>.json` and `<encoded name>.d/` for each network. */
export const networksDir = (ctx: HasPaths): string => join(ctx.paths.data, 'networks');

/** What happened, a JSON line each: `current`, and `previous` once that was full. */
export const eventsDir = (ctx: HasPaths): string => join(ctx.paths.data, 'events');
/** One folder per secret. */
export const secretsDir = (ctx: HasPaths): string => join(ctx.paths.data, 'secrets');

/** Things being made or being deleted: temporary files and folders, each claimed by a lock while in use; unclaimed is garbage. */
export const tmpDir = (ctx: HasPaths): string => join(ctx.paths.data, 'tmp');

// run folder
export const locksDir = (ctx: HasPaths): string => join(ctx.paths.run, 'locks');
/** Held by the supervisor for its whole life: the container runs if and only if this lock is held. */
export const containerLockPath = (ctx: HasPaths, id: string): string => join(locksDir(ctx), `c-${id}`);
export const lockPath = (ctx: HasPaths, name: string): string => join(locksDir(ctx), name);
export const containerRunDir = (ctx: HasPaths, id: string): string => join(ctx.paths.run, 'c', id.slice(0, 24));
/** The supervisor's control socket. A shortened id keeps it below the 108 bytes of sun_path. */
export const containerSocketPath = (ctx: HasPaths, id: string): string => join(containerRunDir(ctx, id), 'sock');
