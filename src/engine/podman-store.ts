// Images in podman's store, read from its files (containers/storage): lists of images and layers as JSON, small things of an image beside them, layers as
// folders, with the records that make archives of them again. Nothing is written there, and no lock is taken: what changes meanwhile shows
// by its digest. The store of each driver stands by itself; all that there are are looked through.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';
import { configHome, readIfThere } from '../oci/settings-file.ts';
import type { ForeignImage } from '../runtime/messages-archive.ts';
import { unusable } from '../storage/tar-split.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { nameMatches } from './foreign-name.ts';

type Env = Readonly<Record<string, string | undefined>>;

const imagesSchema = z.array(z.object({ id: z.string(), names: z.nullish(z.array(z.string())), layer: z.optional(z.string()) }));
const layersSchema = z.array(z.object({ id: z.string(), parent: z.optional(z.string()), 'diff-digest': z.optional(z.string()) }));
type StoredImage = z.infer<typeof imagesSchema>[number];

/** Below the store, where a driver keeps a layer's files. */
const FOLDERS: Readonly<Record<string, (id: string) => string>> = {
  overlay: (id) => join('overlay', id, 'diff'),
  vfs: (id) => join('vfs/dir', id),
};

/** Throws ERR_NO_SUCH_IMAGE, ERR_AMBIGUOUS_ID, ERR_FOREIGN_STORE. */
export async function findPodmanImage(env: Env, name: string): Promise<ForeignImage> {
  const root = await graphRoot(env);
  const found = drivers(root).flatMap((driver) =>
    imagesOf(root, driver)
      .filter((image) => isMeant(image, name))
      .map((image) => ({ driver, image })),
  );
  const [first] = found;
  if (!first) {
    throw new EngineError('ERR_NO_SUCH_IMAGE', `No such image in podman's store "${root}": ${name}`, {
      hint: 'Give its whole name or its id, such as containers-storage:localhost/app:1.2',
    });
  }
  if (found.some(({ image }) => image.id !== first.image.id)) {
    const names = found.flatMap(({ image }) => image.names ?? image.id);
    throw new EngineError('ERR_AMBIGUOUS_ID', `"${name}" may be several images of podman's store: ${names.join(', ')}`, {
      hint: 'Give the whole name',
    });
  }
  return {
    config: join(root, `${first.driver}-images`, first.image.id, bigDataName(`sha256:${first.image.id}`)),
    layers: layersOf(root, first),
  };
}

/** `graphroot` of the user's storage.conf, else podman's own choice for a user. */
async function graphRoot(env: Env): Promise<string> {
  const own = join(env.XDG_DATA_HOME?.startsWith('/') ? env.XDG_DATA_HOME : join(env.HOME ?? '/', '.local/share'), 'containers/storage');
  const text = readIfThere(env.CONTAINERS_STORAGE_CONF || join(configHome(env), 'containers/storage.conf'));
  if (text === undefined) return own;
  const { parse } = await import('smol-toml');
  try {
    const { storage } = parse(text);
    const set = typeof storage === 'object' && storage !== null && 'graphroot' in storage ? storage.graphroot : undefined;
    return typeof set === 'string' && set !== '' ? set : own;
  } catch {
    // podman could not use it either.
    return own;
  }
}

function drivers(root: string): string[] {
  return namesIn(root)
    .filter((name) => name.endsWith('-images'))
    .map((name) => name.slice(0, -'-images'.length));
}

function imagesOf(root: string, driver: string): StoredImage[] {
  const path = join(root, `${driver}-images/images.json`);
  return existsSync(path) ? readList(path, imagesSchema) : [];
}

function isMeant({ id, names }: StoredImage, name: string): boolean {
  return (
    (/^(?:sha256:)?[0-9a-f]{3,64}$/.test(name) && id.startsWith(name.replace('sha256:', ''))) ||
    (names ?? []).some((known) => nameMatches(known, name))
  );
}

function layersOf(root: string, { driver, image }: { driver: string; image: StoredImage }): ForeignImage['layers'] {
  const folderOf = FOLDERS[driver];
  if (!folderOf) throw unusable(`it is kept by the driver "${driver}", which only podman can read`);
  const folder = join(root, `${driver}-layers`);
  const lists = ['layers.json', 'volatile-layers.json'].map((name) => join(folder, name)).filter((path) => existsSync(path));
  const byId = new Map(lists.flatMap((path) => readList(path, layersSchema)).map((layer) => [layer.id, layer]));
  const layers: ForeignImage['layers'] = [];
  for (let id = image.layer; id; id = byId.get(id)?.parent) {
    const diffId = byId.get(id)?.['diff-digest'];
    if (diffId === undefined || !/^sha256:[0-9a-f]{64}$/.test(diffId) || layers.length > byId.size)
      throw unusable(`its layer "${id}" is not there`);
    layers.unshift({ diffId, record: join(folder, `${id}.tar-split.gz`), folder: join(root, folderOf(id)) });
  }
  return layers;
}

function readList<T extends z.ZodMiniType>(path: string, schema: T): z.infer<T> {
  try {
    return z.parse(schema, JSON.parse(readFileSync(path, 'utf8')));
  } catch (error) {
    throw unusable(`"${path}" ${errnoOf(error) ? `cannot be read (${errnoOf(error)})` : 'is not of the form that is known here'}`, error);
  }
}

/** How podman names the file of a thing whose name has more than small letters, digits and dots. */
const bigDataName = (key: string): string => (/^[.0-9a-z]*$/.test(key) ? key : `=${Buffer.from(key).toString('base64')}`);

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return [];
    throw unusable(`"${folder}" cannot be read (${errnoOf(error)})`, error);
  }
}
