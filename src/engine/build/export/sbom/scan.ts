// What is installed in a rootfs, by what its package managers wrote there; found in the stacked layers, without mounting or running anything.

import { isFolder, join } from '../../../../storage/stacked-tree.ts';
import { closeFd } from '../../../../sys/at.ts';
import { openToReadAt, readInto } from '../../../../sys/read-at.ts';
import { layersTree, lookUp, namesOf, type Place, type SourceTree, step } from '../../copy/source-tree.ts';
import type { BuildSite } from '../../model.ts';
import { apkPackages, debPackages, type FoundPackage, npmPackage, pythonPackage } from './package-lists.ts';

export interface Scan {
  packages: FoundPackage[];
  /** ID and VERSION_ID of os-release. */
  system: { id: string; version: string } | undefined;
  /** Databases that are there and were not read. */
  unread: string[];
}

const LARGEST_FILE = 64 << 20;
const DEB_STATUS = 'var/lib/dpkg/status';
const DEB_FOLDER = 'var/lib/dpkg/status.d';
const APK = ['lib/apk/db/installed', 'usr/lib/apk/db/installed'];
const RPM = ['var/lib/rpm', 'usr/lib/sysimage/rpm'];
const SKIPPED = new Set(['proc', 'sys', 'dev']);
const TURN_MS = 50;

/** `diffIds`: base first. */
export async function scanRootfs(site: Pick<BuildSite, 'ctx' | 'signal'>, diffIds: readonly string[]): Promise<Scan> {
  const tree = layersTree(site, diffIds);
  const packages = [...debs(tree), ...apks(tree)];
  let turnMs = performance.now();
  const top = lookUp(tree, '');
  if (top) await walk(top);
  const unread = RPM.filter((path) => lookUp(tree, path)).map((path) => `/${path}`);
  return { packages: sorted(packages), system: systemOf(tree), unread };

  async function walk(folder: Place): Promise<void> {
    for (const name of namesOf(folder)) {
      if (folder.path === '' && SKIPPED.has(name)) continue;
      const place = step(tree, folder, name);
      if (!place || !isFolder(place.found.stat)) continue;
      if (/\.(dist|egg)-info$/.test(name)) packages.push(...pythons(place));
      else if (/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/.test(place.path)) packages.push(...npms(place));
      await walk(place);
    }
    if (performance.now() - turnMs < TURN_MS) return;
    await Bun.sleep(0);
    site.signal.throwIfAborted();
    turnMs = performance.now();
  }

  function npms(folder: Place): FoundPackage[] {
    return from(step(tree, folder, 'package.json'), npmPackage);
  }

  function pythons(folder: Place): FoundPackage[] {
    return from(step(tree, folder, 'METADATA') ?? step(tree, folder, 'PKG-INFO'), pythonPackage);
  }
}

function debs(tree: SourceTree): FoundPackage[] {
  const found = from(lookUp(tree, DEB_STATUS), debPackages);
  const folder = lookUp(tree, DEB_FOLDER);
  if (!folder || !isFolder(folder.found.stat)) return found;
  const files = namesOf(folder).filter((name) => !name.endsWith('.md5sums'));
  return [...found, ...files.flatMap((name) => from(step(tree, folder, name), debPackages))];
}

// With /lib being a symlink both paths are one file.
function apks(tree: SourceTree): FoundPackage[] {
  const places = new Map(APK.flatMap((path) => lookUp(tree, path) ?? []).map((place) => [place.path, place]));
  return [...places.values()].flatMap((place) => from(place, apkPackages));
}

function systemOf(tree: SourceTree): Scan['system'] {
  const text = textOf(lookUp(tree, 'etc/os-release') ?? lookUp(tree, 'usr/lib/os-release')) ?? '';
  const value = (name: string): string | undefined => new RegExp(`^${name}=["']?([^"'\n]*)`, 'm').exec(text)?.[1];
  const id = value('ID');
  return id === undefined ? undefined : { id, version: value('VERSION_ID') ?? '' };
}

function from(place: Place | undefined, parse: (text: string, path: string) => FoundPackage[]): FoundPackage[] {
  const text = textOf(place);
  return place && text !== undefined ? parse(text, `/${Buffer.from(place.path, 'latin1')}`) : [];
}

/** Of a regular file that is not too large to be one of these. */
function textOf(place: Place | undefined): string | undefined {
  if (!place || (place.found.stat.mode & 0o170000) !== 0o100000 || place.found.stat.size > LARGEST_FILE) return undefined;
  const { folder, name, stat } = place.found;
  const fd = openToReadAt(folder.fd, join(folder.path, name));
  try {
    const bytes = Buffer.from(new ArrayBuffer(stat.size));
    let filled = 0;
    for (let count = -1; count !== 0 && filled < bytes.length; filled += count) count = readInto(fd, bytes, filled, bytes.length - filled);
    return bytes.toString('utf8', 0, filled);
  } finally {
    closeFd(fd);
  }
}

/** Each once, in an order that depends on nothing but what they are. */
function sorted(packages: readonly FoundPackage[]): FoundPackage[] {
  const keyed = new Map(packages.map((one) => [`${one.kind}\0${one.name}\0${one.version}\0${one.path}`, one]));
  return [...keyed].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, found]) => found);
}
