// The caller's line in the /etc/passwd and /etc/group of a container with --userns keep-id, so that programs find a name and a home for
// the id they run as. Added to the container's own copy, before it starts; an image that knows the name or the id keeps what it has.
import { appendFileSync, chownSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { errnoOf } from '../sys/errors.ts';
import type { KeptIds } from './keep-id.ts';
import { lookInside, type RootView } from './spec/inside.ts';

export interface Caller {
  /** In the container. */
  ids: KeptIds;
  /** The caller's name and home, as the host's /etc/passwd has them. */
  name: string;
  home: string;
  groupName: string;
  /** Container root's ids in our namespace: it owns a file that has to be made. */
  rootIds: KeptIds;
}

/** `workdir` is the home where the caller's own is not in the container. */
export function addCaller(view: RootView, caller: Caller, workdir: string): void {
  const { ids, name, groupName, rootIds } = caller;
  const home = [...(view.mounts?.keys() ?? [])].some((path) => isWithin(caller.home, path)) ? caller.home : workdir;
  addLine(view, { path: '/etc/passwd', name, id: ids.uid, line: `${name}:*:${ids.uid}:${ids.gid}:${name}:${home}:/bin/sh`, rootIds });
  addLine(view, { path: '/etc/group', name: groupName, id: ids.gid, line: `${groupName}:x:${ids.gid}:${name}`, rootIds });
}

/** What the host's files say of a user and a group; `env` may know the name where they (LDAP) do not. */
export function hostCaller(host: KeptIds, env: Readonly<Record<string, string | undefined>>): Pick<Caller, 'name' | 'home' | 'groupName'> {
  const user = entryOf('/etc/passwd', host.uid);
  const name = user?.[0] ?? env.USER ?? env.LOGNAME ?? 'user';
  return { name, home: user?.[5] ?? env.HOME ?? '/', groupName: entryOf('/etc/group', host.gid)?.[0] ?? name };
}

const isWithin = (path: string, folder: string): boolean => path === folder || path.startsWith(`${folder}/`);

function entryOf(path: string, id: number): string[] | undefined {
  return entries(readOr(path)).find((fields) => fields[2] === String(id));
}

const entries = (text: string): string[][] => text.split('\n').map((line) => line.split(':'));

interface Line {
  path: string;
  name: string;
  id: number;
  line: string;
  rootIds: KeptIds;
}

// A file that the user mounts is the user's: it stays as it is.
function addLine(view: RootView, { path, name, id, line, rootIds }: Line): void {
  const place = lookInside(view, path);
  if (place.found === 'file') {
    if (!isWithin(place.host, view.rootfs)) return;
    const text = readOr(place.host);
    if (entries(text).some(([known, , number]) => known === name || number === String(id))) return;
    appendFileSync(place.host, `${text === '' || text.endsWith('\n') ? '' : '\n'}${line}\n`);
    return;
  }
  const folder = lookInside(view, '/etc');
  if (place.found !== 'nothing' || folder.found !== 'directory' || !isWithin(folder.host, view.rootfs)) return;
  const made = join(folder.host, path.slice('/etc/'.length));
  try {
    // Exclusive: through a dangling symlink of the image it would be a file of the host's.
    writeFileSync(made, `${line}\n`, { mode: 0o644, flag: 'wx' });
  } catch (error) {
    if (errnoOf(error) === 'EEXIST') return;
    throw error;
  }
  chownSync(made, rootIds.uid, rootIds.gid);
}

function readOr(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
