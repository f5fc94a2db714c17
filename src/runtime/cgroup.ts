// Where a container's cgroup goes (DESIGN: cgroup v2 only). Ladder: `systemd` a transient scope of the user's manager with
// Delegate=yes, `supervisor/` and `container/` below it; `cgroupfs` a sub-cgroup of our own in the nearest writable folder of
// the tree; `disabled` none, and every limit asked for gets one line that says it is not enforced. Paths are relative to the
// cgroup2 mount, as in /proc/self/cgroup.
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Ctx } from '../sys/context.ts';

export type CgroupStep = 'systemd' | 'cgroupfs' | 'disabled';

export interface CgroupPlace {
  step: CgroupStep;
  reason: string;
  /** Of the container's cgroup, for the OCI spec's cgroupsPath; undefined when disabled. */
  path?: string;
  /** Controllers that the container's cgroup has. */
  controllers: string[];
}

const scopeName = (id: string): string => `skiff-${id.slice(0, 12)}`;

/**
 * The argv prefix that starts the supervisor of `id` in a transient scope; empty without a systemd user manager. Once in the scope it
 * prints the event `scoped`: an output that ends without it means that systemd-run could not make the scope.
 */
export function scopeArgv(ctx: Ctx, id: string): string[] {
  if (!hasSystemdUser(ctx)) return [];
  const unit = `${scopeName(id)}-${Date.now().toString(36)}.scope`;
  return [
    'systemd-run',
    '--user',
    '--scope',
    '--quiet',
    '--collect',
    `--unit=${unit}`,
    '--property=Delegate=yes',
    '--slice=app.slice',
    '--',
    'sh',
    '-c',
    ENTER_SUPERVISOR,
    'skiff',
  ];
}

/**
 * The argv prefix for a process that is to move into the cgroup `path`: a move needs write access to the common ancestor of both
 * cgroups, which a login session beside the user's manager (ssh) does not have, but a scope of that manager does. Undefined:
 * there is no way.
 */
export function joinArgv(ctx: Ctx, path: string): string[] | undefined {
  const root = cgroup2Mount();
  const own = ownCgroup();
  if (!root || own === undefined) return undefined;
  if (isWritable(join(root, commonAncestor(own, path)))) return [];
  if (!hasSystemdUser(ctx) || !/\/user@\d+\.service\//.test(path)) return undefined;
  return ['systemd-run', '--user', '--scope', '--quiet', '--collect', '--slice=app.slice', '--'];
}

function commonAncestor(one: string, other: string): string {
  const theirs = other.split('/');
  const shared: string[] = [];
  for (const [index, name] of one.split('/').entries()) {
    if (name !== theirs[index]) break;
    shared.push(name);
  }
  return shared.join('/') || '/';
}

// A cgroup that hands controllers down may hold no process itself, and the supervisor, in a pid namespace of its own, could not
// move its outer parent: so everything starts one folder down. Where the scope is not delegated it stays in it.
const ENTER_SUPERVISOR =
  'own=/sys/fs/cgroup$(sed -n s/^0:://p /proc/self/cgroup); if mkdir "$own/supervisor" 2>/dev/null; then echo 0 >"$own/supervisor/cgroup.procs"; fi; echo \'{"type":"scoped"}\'; exec "$@"';

/** Whether this user has a systemd manager that can make scopes. */
export function hasSystemdUser(ctx: Ctx): boolean {
  const runtime = ctx.env.XDG_RUNTIME_DIR;
  return (
    runtime !== undefined && existsSync(join(runtime, 'systemd/private')) && Bun.which('systemd-run', { PATH: ctx.env.PATH ?? '' }) !== null
  );
}

/**
 * In the supervisor: finds and makes the container's cgroup parent, moves this process into `supervisor/` where it is in a scope
 * of its own, and says what crun may use. Never throws: what cannot be had makes the step `disabled`.
 */
export function placeContainer(id: string): CgroupPlace {
  const root = cgroup2Mount();
  const own = ownCgroup();
  if (!root || own === undefined) return { step: 'disabled', reason: 'no cgroup v2 is mounted', controllers: [] };
  if (own.includes(`/${scopeName(id)}-`)) return placeInScope(root, own);
  return placeBelow(root, own, id);
}

/** Which step this caller gets, for `info`; makes nothing. */
export function describeCgroup(ctx: Ctx): { step: CgroupStep; reason: string; controllers: string[] } {
  const root = cgroup2Mount();
  const own = ownCgroup();
  if (!root || own === undefined) return { step: 'disabled', reason: 'no cgroup v2 is mounted', controllers: [] };
  if (hasSystemdUser(ctx)) {
    const manager =
      own.match(/^.*\/user@\d+\.service/)?.[0] ?? `/user.slice/user-${process.getuid?.()}.slice/user@${process.getuid?.()}.service`;
    return { step: 'systemd', reason: 'a transient scope of the systemd user manager', controllers: controllersOf(join(root, manager)) };
  }
  const base = writableBase(root, own);
  if (base === undefined) return { step: 'disabled', reason: `no writable cgroup above "${own}"`, controllers: [] };
  return { step: 'cgroupfs', reason: `writable cgroup "${base}"`, controllers: controllersOf(join(root, base)) };
}

/**
 * Kills what is left in the cgroup of a container whose supervisor is gone, and removes it. A killed supervisor's lock is free a moment
 * before the kernel has killed its pid namespace: until that is done the cgroup is busy.
 */
export async function endCgroup(path: string): Promise<void> {
  const root = cgroup2Mount();
  if (!root || !path) return;
  const folder = join(root, path);
  const deadline = performance.now() + EMPTY_MS;
  while (isPopulated(folder) && performance.now() < deadline) {
    try {
      writeFileSync(join(folder, 'cgroup.kill'), '1');
    } catch {
      // Gone by now, or a kernel before 5.14: then its end is only waited for.
    }
    await Bun.sleep(2);
  }
  removeCgroup({ path });
}

/** How long killed processes may take to leave, which one that waits for a disk does not. */
const EMPTY_MS = 5000;

function isPopulated(folder: string): boolean {
  try {
    return /^populated 1/m.test(readFileSync(join(folder, 'cgroup.events'), 'utf8'));
  } catch {
    return false;
  }
}

/** Removes what `placeContainer` and crun made for a container whose processes are gone. */
export function removeCgroup(place: Pick<CgroupPlace, 'path'>): void {
  const root = cgroup2Mount();
  if (!root || !place.path) return;
  for (const folder of [join(root, place.path), dirname(join(root, place.path))]) {
    if (folder.includes('skiff-')) removeCgroupTree(folder);
  }
}

// A container with a cgroup namespace may have made cgroups of its own below.
function removeCgroupTree(folder: string): void {
  try {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) removeCgroupTree(join(folder, entry.name));
    }
    rmdirSync(folder);
  } catch {
    // Busy or gone: a scope is collected by systemd, ours by the next removal.
  }
}

/** The mount point of the cgroup2 filesystem, or undefined. One that another mount hides is none. */
export function cgroup2Mount(
  mountinfo = readFileSync('/proc/self/mountinfo', 'utf8'),
  isCgroup = (point: string): boolean => existsSync(join(point, 'cgroup.controllers')),
): string | undefined {
  const points = mountinfo
    .split('\n')
    .filter((line) => line.includes(' - cgroup2 '))
    .map((line) => line.split(' ')[4] ?? '')
    .filter(isCgroup);
  return points.includes('/sys/fs/cgroup') ? '/sys/fs/cgroup' : points.at(-1);
}

function ownCgroup(): string | undefined {
  return /^0::(.*)$/m.exec(readFileSync('/proc/self/cgroup', 'utf8'))?.[1];
}

function placeInScope(root: string, own: string): CgroupPlace {
  if (!own.endsWith('/supervisor')) return { step: 'disabled', reason: `the scope "${own}" is not delegated`, controllers: [] };
  const scope = dirname(own);
  return {
    step: 'systemd',
    reason: 'a transient scope',
    path: join(scope, 'container'),
    controllers: enableControllers(join(root, scope)),
  };
}

function placeBelow(root: string, own: string, id: string): CgroupPlace {
  const base = writableBase(root, own);
  if (base === undefined) return { step: 'disabled', reason: `no writable cgroup above "${own}"`, controllers: [] };
  const path = join(base, scopeName(id));
  try {
    mkdirSync(join(root, path), { recursive: true });
  } catch {
    return { step: 'disabled', reason: `cannot make a cgroup in "${base}"`, controllers: [] };
  }
  enableControllers(join(root, base));
  return {
    step: 'cgroupfs',
    reason: `writable cgroup "${base}"`,
    path: join(path, 'container'),
    controllers: enableControllers(join(root, path)),
  };
}

// Moving a process needs write access to cgroup.procs of the common ancestor, so the base is an ancestor of our own cgroup
// (or itself); one that holds no process is preferred, since only such a one can hand controllers down.
function writableBase(root: string, own: string): string | undefined {
  const writable: string[] = [];
  for (let path = own; ; path = dirname(path)) {
    if (!isWritable(join(root, path))) break;
    writable.push(path);
    if (path === '/') break;
  }
  return writable.find((path) => readFileSync(join(root, path, 'cgroup.procs'), 'utf8') === '') ?? writable[0];
}

function isWritable(folder: string): boolean {
  try {
    accessSync(folder, constants.W_OK);
    accessSync(join(folder, 'cgroup.procs'), constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

function enableControllers(folder: string): string[] {
  for (const controller of controllersOf(folder)) {
    try {
      writeFileSync(join(folder, 'cgroup.subtree_control'), `+${controller}`);
    } catch {
      // Not delegated, or the folder holds processes: stays off, and is reported with the limit that wants it.
    }
  }
  return words(join(folder, 'cgroup.subtree_control'));
}

const controllersOf = (folder: string): string[] => words(join(folder, 'cgroup.controllers'));

function words(path: string): string[] {
  try {
    return readFileSync(path, 'utf8').trim().split(' ').filter(Boolean);
  } catch {
    return [];
  }
}
