// `--user` and an image's USER against the image's own passwd and group files (config.md of the image specification; getpwnam's
// formats). A number needs no entry; a name does. Supplementary groups are those that list the user, as Docker takes them.
import { readFileSync } from 'node:fs';
import { EngineError } from '../../sys/errors.ts';
import { lookInside, type RootView } from './inside.ts';

export interface ResolvedUser {
  uid: number;
  gid: number;
  /** With `gid` among them: without it, giving up the group would widen what a file closed to the group lets one do. */
  additionalGids: number[];
  home: string;
}

interface PasswdEntry {
  name: string;
  uid: number;
  gid: number;
  home: string;
}

interface GroupEntry {
  name: string;
  gid: number;
  members: string[];
}

/** `user` is `name|uid[:group|gid]`; '' is root. Throws Docker's `unable to find user …` (exit code 125). */
export function resolveUser(view: RootView, user: string): ResolvedUser {
  const [userPart = '', groupPart] = splitOnce(user);
  const wanted = userPart === '' ? '0' : userPart;
  const uid = idOf(wanted);
  const passwd = readTable(view, '/etc/passwd').map(passwdEntry).filter(isPresent);
  const entry = passwd.find((candidate) => candidate.name === wanted) ?? passwd.find((candidate) => candidate.uid === uid);
  if (!entry && uid === undefined) throw notFound('user', userPart, 'passwd');

  const groups = groupsOf(view);
  const found = { uid: entry?.uid ?? uid ?? 0, home: entry?.home || '/' };
  if (groupPart) {
    const gid = resolveGroup(groups, groupPart);
    return { ...found, gid, additionalGids: [gid] };
  }
  const gid = entry?.gid ?? 0;
  const memberOf = entry ? groups.filter((group) => group.members.includes(entry.name)).map((group) => group.gid) : [];
  return { ...found, gid, additionalGids: [...new Set([gid, ...memberOf])] };
}

/** The number of a group, which may be its name in the image. Throws as `resolveUser`. */
export function groupNumber(view: RootView, group: string): number {
  return idOf(group) ?? resolveGroup(groupsOf(view), group);
}

const groupsOf = (view: RootView): GroupEntry[] => readTable(view, '/etc/group').map(groupEntry).filter(isPresent);

function resolveGroup(groups: GroupEntry[], wanted: string): number {
  const gid = groups.find((group) => group.name === wanted)?.gid ?? idOf(wanted);
  if (gid === undefined) throw notFound('group', wanted, 'group');
  return gid;
}

function splitOnce(user: string): [string, string?] {
  const colon = user.indexOf(':');
  return colon === -1 ? [user] : [user.slice(0, colon), user.slice(colon + 1)];
}

/** The last uid is (uid_t)-1, which means "no id" to the kernel. */
function idOf(text: string): number | undefined {
  const id = /^\d+$/.test(text) ? Number(text) : undefined;
  return id !== undefined && id < 0xffffffff ? id : undefined;
}

function readTable(view: RootView, path: string): string[][] {
  const place = lookInside(view, path);
  if (place.found !== 'file') return [];
  try {
    return readFileSync(place.host, 'utf8')
      .split('\n')
      .filter((line) => line !== '' && !line.startsWith('#'))
      .map((line) => line.split(':'));
  } catch {
    return [];
  }
}

function passwdEntry(fields: string[]): PasswdEntry | undefined {
  const [name = '', , uid = '', gid = '', , home = ''] = fields;
  const ids = { uid: idOf(uid), gid: idOf(gid) };
  return ids.uid === undefined || ids.gid === undefined ? undefined : { name, uid: ids.uid, gid: ids.gid, home };
}

function groupEntry(fields: string[]): GroupEntry | undefined {
  const [name = '', , gid = '', members = ''] = fields;
  const id = idOf(gid);
  return id === undefined ? undefined : { name, gid: id, members: members.trim().split(',').filter(Boolean) };
}

const isPresent = <T>(value: T | undefined): value is T => value !== undefined;

const notFound = (kind: 'user' | 'group', name: string, file: string): EngineError =>
  new EngineError('ERR_USER_NOT_FOUND', `unable to find ${kind} ${name}: no matching entries in ${file} file`, {
    hint: `Use a ${kind} that the image's /etc/${file} lists, or a number`,
    exitCode: 125,
  });
