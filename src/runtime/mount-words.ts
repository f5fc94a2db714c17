// What the options after the second colon of `-v` ask of the supervisor (`z`, `U`, `O,upperdir=…`, `idmap`), read from a mount's `Mode`, which
// records keep as it was given. What is wrong with them is found when a container is created (engine/create/volume-spec.ts).
import { resolve } from 'node:path';

export interface MountWords {
  /** An overlay over the source; without folders of the user's own, what is written is gone with the container's end. */
  overlay?: { upper?: string; work?: string };
  /** The source's files are given to the container's user. */
  isGiven: boolean;
  label?: 'shared' | 'private';
  /** Whether the caller's files are to be the container's user's there; undefined is as it suits. */
  isMapped?: boolean;
}

/** Reads a valid mode. */
export function mountWords(mode: string): MountWords {
  const words = mode.split(',');
  const value = (name: string): string | undefined => words.find((word) => word.startsWith(`${name}=`))?.slice(name.length + 1);
  const [upper, work] = [value('upperdir'), value('workdir')];
  const label = words.includes('z') ? 'shared' : words.includes('Z') ? 'private' : undefined;
  return {
    isGiven: words.includes('U'),
    ...(words.includes('O') ? { overlay: { ...(upper ? { upper } : {}), ...(work ? { work } : {}) } } : {}),
    ...(label ? { label } : {}),
    ...(words.includes('idmap') ? { isMapped: true } : words.includes('noidmap') ? { isMapped: false } : {}),
  };
}

const SYSTEM_FOLDERS: readonly string[] = [
  ...['/', '/bin', '/boot', '/dev', '/etc', '/home', '/lib', '/lib64', '/media', '/mnt', '/opt', '/proc', '/root', '/run', '/sbin', '/srv'],
  ...['/sys', '/tmp', '/usr', '/var', '/var/lib', '/var/log', '/var/tmp'],
];

/** Whether the owners or labels of all that is in `path` are the machine's, or the user's whole home's, and no container's to change. */
export function isProtectedFolder(path: string, home: string | undefined): boolean {
  const folder = resolve(path);
  return SYSTEM_FOLDERS.includes(folder) || (home !== undefined && (folder === resolve(home) || resolve(home).startsWith(`${folder}/`)));
}
