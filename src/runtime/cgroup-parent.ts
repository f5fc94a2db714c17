// --cgroup-parent: with systemd a slice of the user's manager, which it makes and clears away; else a cgroup that exists and that the user
// may write. We make none ourselves, since nobody would know when to remove it.
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { hasSystemdUser } from './cgroup.ts';
import { cgroup2Mount, ownCgroup, parentPath, writableBase } from './cgroup-tree.ts';

/** Throws ERR_BAD_OPTION (exit code 125) when no container can be put there. */
export function checkCgroupParent(ctx: Ctx, parent: string): void {
  if (hasSystemdUser(ctx)) {
    if (/^[A-Za-z0-9:_.-]+\.slice$/.test(parent)) return;
    throw refuse(
      `Cgroup-parent for systemd cgroup should be a valid slice named as "xxx.slice": "${parent}"`,
      'Name it with letters, digits and dashes',
    );
  }
  const root = cgroup2Mount();
  const own = ownCgroup();
  if (!root || own === undefined) throw refuse(`There is no cgroup "${parent}": no cgroup v2 is mounted`, 'Leave --cgroup-parent out');
  const path = parentPath(root, own, parent);
  if (path !== undefined) return;
  const folder = isAbsolute(parent) ? join(root, parent) : join(root, writableBase(root, own) ?? own, parent);
  throw refuse(
    `Cannot put a container below the cgroup "${parent}": ${existsSync(folder) ? 'it is not yours to write' : 'it does not exist'}`,
    existsSync(folder) ? 'Name one below your own cgroup' : `Make it first: mkdir -p ${folder}`,
  );
}

const refuse = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_OPTION', message, { hint, exitCode: 125 });
