// `--chown=user[:group]`: numbers, or names that the rootfs's own passwd and group files know. A user without a group brings its own group; a
// number without one is the group's number, too.

import { join } from '../../../storage/stacked-tree.ts';
import { closeFd } from '../../../sys/at.ts';
import { EngineError } from '../../../sys/errors.ts';
import { kindOf } from '../../../sys/look-at.ts';
import { openToReadAt, readInto } from '../../../sys/read-at.ts';
import { lookUp, type SourceTree } from './source-tree.ts';

export interface Owner {
  uid: number;
  gid: number;
}

const LARGEST_FILE = 16 << 20;
const LARGEST_ID = 0xfffffffe;

/** Throws ERR_USER_NOT_FOUND. */
export function ownerOf(rootfs: SourceTree, chown: string): Owner {
  const colon = chown.indexOf(':');
  const user = colon < 0 ? chown : chown.slice(0, colon);
  const group = colon < 0 ? '' : chown.slice(colon + 1);
  const owner = user === '' ? { uid: 0, gid: 0 } : userOf(rootfs, user);
  return group === '' ? owner : { ...owner, gid: groupOf(rootfs, group) };
}

function userOf(rootfs: SourceTree, user: string): Owner {
  const id = idOf(user);
  if (id !== undefined) return { uid: id, gid: id };
  const [, , uid, gid] = lineOf(rootfs, 'etc/passwd', user) ?? [];
  const owner = { uid: idOf(uid ?? ''), gid: idOf(gid ?? '') };
  if (owner.uid === undefined || owner.gid === undefined) throw notFound('user', user, 'passwd');
  return { uid: owner.uid, gid: owner.gid };
}

function groupOf(rootfs: SourceTree, group: string): number {
  const gid = idOf(group) ?? idOf(lineOf(rootfs, 'etc/group', group)?.[2] ?? '');
  if (gid === undefined) throw notFound('group', group, 'group');
  return gid;
}

function idOf(text: string): number | undefined {
  const id = /^\d+$/.test(text) ? Number(text) : undefined;
  return id !== undefined && id <= LARGEST_ID ? id : undefined;
}

function lineOf(rootfs: SourceTree, path: string, name: string): string[] | undefined {
  return readText(rootfs, path)
    .split('\n')
    .map((line) => line.split(':'))
    .find(([first]) => first === name);
}

function readText(rootfs: SourceTree, path: string): string {
  const found = lookUp(rootfs, path)?.found;
  if (!found || kindOf(found.stat) !== 'file' || found.stat.size > LARGEST_FILE) return '';
  const fd = openToReadAt(found.folder.fd, join(found.folder.path, found.name));
  try {
    const data = Buffer.from(new ArrayBuffer(found.stat.size));
    let filled = 0;
    for (let count = 1; count > 0 && filled < data.length; filled += count) count = readInto(fd, data, filled, data.length - filled);
    return data.toString('utf8', 0, filled);
  } finally {
    closeFd(fd);
  }
}

const notFound = (kind: 'user' | 'group', name: string, file: string): EngineError =>
  new EngineError('ERR_USER_NOT_FOUND', `unable to find ${kind} ${name}: no matching entries in ${file} file`, {
    hint: `Make the ${kind} in a RUN before, or give its number: --chown takes names that the image's /etc/${file} lists`,
  });
