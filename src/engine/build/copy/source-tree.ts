// What COPY, ADD and bind mounts read from: a context folder seen through its ignore rules, or a stack of layers. Symlinks on the way to a
// source are followed as a process would whose root is the tree, so that none leads out. Paths are byte strings without a slash at
// their beginning; '' is the tree itself.
import { constants, openSync } from 'node:fs';
import { layerFs, tmpDir } from '../../../storage/layout.ts';
import { type Found, find, isFolder, join, namesInAll, type RealFolder } from '../../../storage/stacked-tree.ts';
import { readTrueOwners, type TrueOwners } from '../../../storage/true-owners.ts';
import { readLinkAt } from '../../../sys/at.ts';
import { EngineError, errnoOf } from '../../../sys/errors.ts';
import { kindOf } from '../../../sys/look-at.ts';
import { statAt } from '../../../sys/read-at.ts';
import { ignoreMatcher, type Matcher, type Verdict } from '../context/patterns.ts';
import type { BuildSite, ContextSource, MountSource } from '../model.ts';
import { orDenied } from './denied.ts';
import { type HashCache, openHashCache } from './hash-cache.ts';

export interface SourceTree {
  /** Topmost first. */
  stack: RealFolder[];
  /** Of a context with an ignore file. */
  matcher: Matcher | undefined;
  /** The ignore file's name, for messages. */
  ignoreFile: string | undefined;
  /** Owners of layers' files where the user's namespace has too few ids. */
  owners: TrueOwners | undefined;
  /** Files of a context are root's in the image, whoever's they are here. */
  isContext: boolean;
  /** What the context's files were hashed to. */
  hashes: HashCache | undefined;
}

/** Where a path leads. */
export interface Place {
  /** Without symlinks. */
  path: string;
  found: Found;
  /** What the ignore rules say of it. */
  verdict: Verdict | undefined;
}

type Site = Pick<BuildSite, 'ctx'>;

/** Open folders by path, and trees by what they are of: they are open for as long as the build's worker lives, each once. */
const opened = new WeakMap<Site, { folders: Map<string, number>; hashes: Map<string, HashCache> }>();

/** Throws ERR_LAYER_MISSING, ERR_NO_CONTEXT, ERR_BAD_PATTERN. */
export function sourceTree(site: Site, from: MountSource): SourceTree {
  return from.kind === 'context' ? contextTree(site, from.context) : layersTree(site, from.layers);
}

export function contextTree(site: Site, { folder, ignore }: ContextSource): SourceTree {
  if (folder === undefined) {
    throw new EngineError('ERR_NO_CONTEXT', 'There is no build context to copy from: the Dockerfile came by standard input', {
      hint: 'Give the context as a folder and the Dockerfile by "-f -"',
    });
  }
  return {
    stack: [realFolder(openOnce(site, folder))],
    matcher: ignore && ignoreMatcher(ignore),
    ignoreFile: ignore?.file,
    owners: undefined,
    isContext: true,
    // What was unpacked for this build has no next time.
    hashes: folder.startsWith(`${tmpDir(site.ctx)}/`) ? undefined : hashesOf(site, folder),
  };
}

/** `layers`: diff-ids, base first. */
export function layersTree(site: Site, layers: readonly string[]): SourceTree {
  // A layer that is there twice counts where it is topmost, as in the mount.
  const diffIds = [...new Set(layers.toReversed())];
  const stack = diffIds.map((diffId) => realFolder(openLayer(site, diffId)));
  return {
    stack,
    matcher: undefined,
    ignoreFile: undefined,
    owners: readTrueOwners(site.ctx, diffIds),
    isContext: false,
    hashes: undefined,
  };
}

/** Of an open folder that is the caller's to close. */
export function folderTree(fd: number, { isContext, owners }: { isContext: boolean; owners?: TrueOwners | undefined }): SourceTree {
  return { stack: [realFolder(fd)], matcher: undefined, ignoreFile: undefined, owners, isContext, hashes: undefined };
}

const realFolder = (fd: number): RealFolder => ({ fd, path: '', isLive: false, isFuse: false });

function openLayer(site: Site, diffId: string): number {
  try {
    return openOnce(site, layerFs(site.ctx, diffId));
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    throw new EngineError('ERR_LAYER_MISSING', `Cannot read the layer ${diffId}: it is missing`, { hint: 'Run the build again' });
  }
}

function openOnce(site: Site, path: string): number {
  const { folders } = openedOf(site);
  const fd = folders.get(path) ?? openSync(path, constants.O_RDONLY | constants.O_DIRECTORY);
  folders.set(path, fd);
  return fd;
}

function hashesOf(site: Site, folder: string): HashCache {
  const { hashes } = openedOf(site);
  const known = hashes.get(folder) ?? openHashCache(site.ctx, folder);
  hashes.set(folder, known);
  return known;
}

function openedOf(site: Site): { folders: Map<string, number>; hashes: Map<string, HashCache> } {
  const known = opened.get(site) ?? { folders: new Map(), hashes: new Map() };
  opened.set(site, known);
  return known;
}

const MOST_LINKS = 255;

/**
 * Follows `path`, its last name too. Undefined: nothing is there, or nothing that the ignore rules let be seen; a folder that they hide is
 * given all the same where something in it may be seen.
 */
export function lookUp(tree: SourceTree, path: string): Place | undefined {
  let here = rootOf(tree);
  const trail: Place[] = [here];
  let pending = partsOf(path);
  for (let links = 0; pending.length > 0; ) {
    const part = pending.shift() ?? '';
    if (part === '..') {
      if (trail.length > 1) trail.pop();
      here = trail.at(-1) ?? here;
      continue;
    }
    const next = step(tree, here, part);
    if (!next) return undefined;
    if (kindOf(next.found.stat) === 'symlink') {
      if (++links > MOST_LINKS) return undefined;
      const target = readLinkAt(next.found.folder.fd, join(next.found.folder.path, next.found.name));
      pending = [...partsOf(target), ...pending];
      if (target.startsWith('/')) trail.length = 1;
      here = trail.at(-1) ?? here;
      continue;
    }
    trail.push(next);
    here = next;
  }
  return here;
}

/** What has the name `name` in the folder `place`, itself; undefined as for `lookUp`. */
export function step(tree: SourceTree, place: Place, name: string): Place | undefined {
  if (!isFolder(place.found.stat)) return undefined;
  const found = orDenied(join(place.path, name), () => find(place.found.stack, name));
  if (!found) return undefined;
  const path = join(place.path, name);
  const verdict = tree.matcher?.look(path, place.verdict);
  if (verdict?.isMatched && !(isFolder(found.stat) && tree.matcher?.mayTakeBack(path))) return undefined;
  // Only what is below a folder asks for its verdict.
  return { path, found, verdict: isFolder(found.stat) ? verdict : undefined };
}

/** The names in the folder, sorted; those that the ignore rules hide among them. */
export const namesOf = (place: Place): string[] => orDenied(place.path, () => namesInAll(place.found.stack));

export function rootOf(tree: SourceTree): Place {
  const [top] = tree.stack;
  const stat = top && statAt(top.fd, '');
  // An image without layers is an empty folder.
  const empty = { mode: 0o040755, uid: 0, gid: 0, size: 0, blocks: 0, links: 2, mtimeSeconds: 0, mtimeNanoseconds: 0 };
  const fields = { ctimeSeconds: 0, ctimeNanoseconds: 0, major: 0, minor: 0, inode: 0, identity: '', device: 0, mount: 0 };
  const folder = top ?? { fd: -1, path: '', isLive: false, isFuse: false };
  return { path: '', found: { folder, name: '', stat: stat ?? { ...empty, ...fields }, stack: tree.stack }, verdict: undefined };
}

export const partsOf = (path: string): string[] => path.split('/').filter((part) => part !== '' && part !== '.');
