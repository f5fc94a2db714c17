// Images in the store of a rootless Docker, read from its files (moby's image store, as its graph drivers use it): names → ids in repositories.json, configs
// by id, layers by chain id, each with the id of its folder and the records that make an archive of it again. Nothing is written there.
// A daemon that keeps images in containerd has them in a database instead, and must be asked.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { familiarReference } from '../oci/reference.ts';
import type { ForeignImage } from '../runtime/messages-archive.ts';
import { digestOf } from '../storage/digest.ts';
import { unusable } from '../storage/tar-split.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { canonicalOf } from './canonical.ts';

type Env = Readonly<Record<string, string | undefined>>;

const repositories = z.object({ Repositories: z.record(z.string(), z.record(z.string(), z.string())) });
const config = z.looseObject({ rootfs: z.looseObject({ diff_ids: z.nullish(z.array(z.string())) }) });

/** Where a driver keeps a layer's files; the others' stores are laid out like overlay's. */
const folderOf = (root: string, driver: string, cacheId: string): string =>
  driver === 'vfs' ? join(root, 'vfs/dir', cacheId) : join(root, driver, cacheId, 'diff');

/** Throws ERR_NO_SUCH_IMAGE, ERR_FOREIGN_STORE. */
export function findDockerImage(env: Env, name: string): ForeignImage {
  const root = join(env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(env.HOME ?? '/', '.local/share'), 'docker');
  for (const driver of namesIn(join(root, 'image'))) {
    const store = join(root, 'image', driver);
    const id = idOf(store, name);
    if (id !== undefined) return imageOf({ root, driver, store, id });
  }
  const hint = existsSync(join(root, 'containerd'))
    ? `That Docker may keep its images in containerd, whose store only it can read: docker save ${name} | skiff load`
    : 'Give its name or its id, such as docker-daemon:app:1.2';
  throw new EngineError('ERR_NO_SUCH_IMAGE', `No such image in Docker's store "${root}": ${name}`, { hint });
}

function idOf(store: string, name: string): string | undefined {
  if (/^(?:sha256:)?[0-9a-f]{3,64}$/.test(name)) {
    const ids = namesIn(join(store, 'imagedb/content/sha256')).filter((id) => id.startsWith(name.replace('sha256:', '')));
    if (ids.length === 1) return ids[0];
  }
  const canonical = canonicalOf(name);
  const path = join(store, 'repositories.json');
  if (canonical === undefined || !existsSync(path)) return undefined;
  const known = parsed(path, repositories).Repositories;
  const wanted = familiarReference(canonical);
  for (const names of Object.values(known)) {
    const id = names[wanted];
    if (id !== undefined && /^sha256:[0-9a-f]{64}$/.test(id)) return id.slice('sha256:'.length);
  }
  return undefined;
}

function imageOf({ root, driver, store, id }: { root: string; driver: string; store: string; id: string }): ForeignImage {
  const path = join(store, 'imagedb/content/sha256', id);
  let chain = '';
  const layers = (parsed(path, config).rootfs.diff_ids ?? []).map((diffId) => {
    if (!/^sha256:[0-9a-f]{64}$/.test(diffId)) throw unusable(`its config "${path}" names a layer "${diffId}"`);
    chain = chain === '' ? diffId : digestOf(Buffer.from(`${chain} ${diffId}`));
    const layer = join(store, 'layerdb/sha256', chain.slice('sha256:'.length));
    const cacheId = textOf(join(layer, 'cache-id')).trim();
    if (!/^[0-9a-z]+$/.test(cacheId)) throw unusable(`its layer "${diffId}" has no folder`);
    return { diffId, record: join(layer, 'tar-split.json.gz'), folder: folderOf(root, driver, cacheId) };
  });
  return { config: path, layers };
}

function parsed<T extends z.ZodMiniType>(path: string, schema: T): z.infer<T> {
  const text = textOf(path);
  try {
    return z.parse(schema, JSON.parse(text));
  } catch (error) {
    throw unusable(`"${path}" is not of the form that is known here`, error);
  }
}

function textOf(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unusable(`"${path}" cannot be read (${errnoOf(error)})`, error);
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw unusable(`"${folder}" cannot be read (${errnoOf(error)})`, error);
  }
}
