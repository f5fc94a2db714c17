// `image mount` and `image unmount`, inside `skiff unshare`: an image's files, read-only, at a path that the session alone sees. Its parts are put
// under the session's claim first, so they stay until the session ends, even if the image is removed meanwhile.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { familiarReference } from '../oci/reference.ts';
import { mountImage as mountLayers } from '../runtime/image-mount.ts';
import { chooseRootfs } from '../runtime/rootfs.ts';
import { readHolder } from '../runtime/userns.ts';
import { isClaimed, protectUnder } from '../storage/claim.ts';
import { missingParts, referencesOf } from '../storage/image.ts';
import { readImageRecords } from '../storage/image-record.ts';
import { tmpDir } from '../storage/layout.ts';
import type { ImageRecord } from '../storage/records.ts';
import { writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { detach, MS, mount } from '../sys/mount.ts';
import { isInUserNamespaceOf, startTime } from '../sys/process.ts';
import { remountReadOnly } from '../sys/remount.ts';
import { partsOfImage } from './image-parts.ts';
import { requireImage } from './local-image.ts';
import { endServer, SESSION_VARIABLE, type Session } from './unshare.ts';

export interface MountedImage {
  id: string;
  /** Familiar, of its first reference; its id when it has none. */
  name: string;
  /** Canonical. */
  references: string[];
  path: string;
}

/** Mounts the image, unless it is mounted already. Throws ERR_NOT_UNSHARED (125), ERR_NO_SUCH_IMAGE, ERR_IMAGE_INCOMPLETE, ERR_ROOTFS. */
export async function mountImage(ctx: Ctx, name: string): Promise<MountedImage> {
  const session = requireSession(ctx, 'mount');
  const { image } = requireImage(ctx, name, { hint: `Pull it first: skiff pull ${name}` });
  const place = placeOf(session, image.id);
  if (!isMounted(place.root)) await mountAt(ctx, session, image);
  return mountedImage(ctx, image.id, place.root);
}

/** What the session has mounted, by id. */
export function mountedImages(ctx: Ctx, verb: 'mount' | 'unmount' = 'mount'): MountedImage[] {
  const session = requireSession(ctx, verb);
  const ids = readdirSync(session.folder)
    .sort()
    .map((hex) => `sha256:${hex}`);
  return ids.map((id) => mountedImage(ctx, id, placeOf(session, id).root)).filter(({ path }) => isMounted(path));
}

/** Unmounts the image and returns its id. Throws ERR_NOT_UNSHARED, ERR_NO_SUCH_IMAGE, ERR_NOT_MOUNTED. */
export function unmountImage(ctx: Ctx, name: string): string {
  const session = requireSession(ctx, 'unmount');
  const id = mountedImages(ctx).find((mounted) => mounted.id === name)?.id ?? requireImage(ctx, name).image.id;
  const place = placeOf(session, id);
  if (!isMounted(place.root)) {
    throw new EngineError('ERR_NOT_MOUNTED', `image ${name} is not mounted`, { hint: 'List what is: skiff image mount' });
  }
  detach(place.root);
  const merged = join(place.scratch, 'merged');
  if (isMounted(merged)) detach(merged);
  endServer(place.folder);
  rmSync(place.folder, { recursive: true, force: true });
  return id;
}

/** Ids of all images, for `--all`. */
export const allImageIds = (ctx: Ctx): string[] => readImageRecords(ctx).map(({ id }) => id);

function mountedImage(ctx: Ctx, id: string, path: string): MountedImage {
  const references = referencesOf(ctx, id);
  const [first] = references;
  return { id, name: first === undefined ? id : familiarReference(first), references, path };
}

async function mountAt(ctx: Ctx, session: Session, image: ImageRecord): Promise<void> {
  protectUnder(ctx, session.name, partsOfImage(image));
  // Whatever was removed before that line is missed here.
  const [missing] = missingParts(ctx, image);
  if (missing !== undefined) {
    throw new EngineError('ERR_IMAGE_INCOMPLETE', `The image "${image.id}" is incomplete: "${missing}" is not in the store`, {
      hint: 'Pull it again',
    });
  }
  const { folder, root, scratch, copies } = placeOf(session, image.id);
  // An earlier try may have left links there.
  rmSync(folder, { recursive: true, force: true });
  for (const path of [folder, root]) mkdirSync(path, { mode: 0o755 });
  const { driver } = await chooseRootfs(ctx);
  const tree = await mountLayers(ctx, {
    driver,
    layers: image.layers.map(({ diffId }) => diffId),
    scratch,
    copies,
    onSpawn: (pid) => writeJsonAtomic(join(folder, 'server.json'), { pid, started: startTime(pid) }, { durable: false }),
    signal: new AbortController().signal,
  });
  mount(tree, root, { flags: MS.BIND });
  remountReadOnly(root);
}

function requireSession(ctx: Ctx, verb: string): Session {
  const name = ctx.env[SESSION_VARIABLE] ?? '';
  const holder = readHolder(ctx);
  if (/^unshare-[0-9a-f]{12}$/.test(name) && isClaimed(ctx, name) && holder && isInUserNamespaceOf(holder.pid)) {
    return { name, folder: join(tmpDir(ctx), name) };
  }
  throw new EngineError(
    'ERR_NOT_UNSHARED',
    `cannot run "skiff image ${verb}" outside of the user namespace: execute "skiff unshare" first`,
    { hint: `A mount is seen only there. In one go: skiff unshare sh -c 'ls "$(skiff image mount IMAGE)"'`, exitCode: 125 },
  );
}

function placeOf({ folder }: Session, id: string): Record<'folder' | 'root' | 'scratch' | 'copies', string> {
  const own = join(folder, id.slice('sha256:'.length));
  return { folder: own, root: join(own, 'root'), scratch: join(own, 'scratch'), copies: join(own, 'copies') };
}

/** Whether something is mounted at `path`, in our mount namespace. */
function isMounted(path: string): boolean {
  const wanted = path.replace(/[ \t\n\\]/g, (char) => `\\${char.charCodeAt(0).toString(8).padStart(3, '0')}`);
  return readFileSync('/proc/self/mountinfo', 'utf8')
    .split('\n')
    .some((line) => line.split(' ')[4] === wanted);
}
