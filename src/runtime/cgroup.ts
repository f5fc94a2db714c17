// Where a container's cgroup goes (DESIGN: cgroup v2 only). Ladder: `systemd` a transient scope of the user's manager with
// Delegate=yes, `supervisor/` and `container/` below it; `cgroupfs` a sub-cgroup of our own in the nearest writable folder of
// the tree; `disabled` none. A limit whose controller is missing is said not to hold (cgroup-advice.ts). Paths are relative to the
// cgroup2 mount, as in /proc/self/cgroup. --cgroup-parent names the slice of the scope, or the folder that takes the sub-cgroup.
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { ContainerRecord, HostConfig } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import {
  cgroup2Mount,
  commonAncestor,
  controllersOf,
  enableControllers,
  isWritable,
  ownCgroup,
  parentPath,
  writableBase,
} from './cgroup-tree.ts';
import { OPTIONAL_FILES } from './spec/resources.ts';

export type CgroupStep = 'systemd' | 'cgroupfs' | 'disabled';

export interface CgroupPlace {
  step: CgroupStep;
  reason: string;
  /** Of the container's cgroup, for the OCI spec's cgroupsPath; undefined when disabled. */
  path?: string;
  /** Controllers that the container's cgroup has. */
  controllers: string[];
  /** Which of the files that not every kernel has (`OPTIONAL_FILES`) it has. */
  files: string[];
  /** Of a sub-cgroup of our own: the cgroup it was made in. */
  base?: string;
}

const scopeName = (id: string): string => `skiff-${id.slice(0, 12)}`;

/**
 * The argv prefix that starts a container's supervisor in a transient scope; empty without a systemd user manager. Once in the scope it
 * prints the event `scoped`: an output that ends without it means that systemd-run could not make the scope.
 */
export function scopeArgv(ctx: Ctx, { Id, HostConfig }: { Id: string; HostConfig: Pick<HostConfig, 'CgroupParent'> }): string[] {
  if (!hasSystemdUser(ctx)) return [];
  const unit = `${scopeName(Id)}-${Date.now().toString(36)}.scope`;
  return [
    'systemd-run',
    '--user',
    '--scope',
    '--quiet',
    '--collect',
    `--unit=${unit}`,
    '--property=Delegate=yes',
    `--slice=${HostConfig.CgroupParent || 'app.slice'}`,
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
export function placeContainer({ Id, HostConfig }: Pick<ContainerRecord, 'Id' | 'HostConfig'>): CgroupPlace {
  const root = cgroup2Mount();
  const own = ownCgroup();
  if (!root || own === undefined) return disabled('no cgroup v2 is mounted');
  if (own.includes(`/${scopeName(Id)}-`)) return placeInScope(root, own);
  return placeBelow(root, own, { name: scopeName(Id), parent: HostConfig.CgroupParent ?? '' });
}

/**
 * The same for one of the many containers of a build: in the scope that its worker was started in, or where there is none, below the
 * nearest writable cgroup. Each has a folder of its own, so that `removeCgroup` takes no other's. `onPath` hears of the cgroup before it is made.
 */
export function placeStep({ Id, HostConfig }: Pick<ContainerRecord, 'Id' | 'HostConfig'>, onPath: (path: string) => void): CgroupPlace {
  const root = cgroup2Mount();
  const own = ownCgroup();
  if (!root || own === undefined) return disabled('no cgroup v2 is mounted');
  if (!IN_SCOPE.test(own)) return placeBelow(root, own, { name: scopeName(Id), parent: HostConfig.CgroupParent ?? '', onPath });
  const { base: _, ...place } = placeIn(root, dirname(own), { name: scopeName(Id), onPath });
  return { ...place, step: 'systemd', reason: 'a transient scope' };
}

const IN_SCOPE = /\/skiff-[0-9a-f]{12}-[0-9a-z]+\.scope\/supervisor$/;

/** Where a supervisor started from here puts the container that gets no scope; undefined where it can put none. Makes nothing. */
export function pathWithoutScope({ Id, HostConfig }: Pick<ContainerRecord, 'Id' | 'HostConfig'>): string | undefined {
  const root = cgroup2Mount();
  const own = ownCgroup();
  if (!root || own === undefined) return undefined;
  const base = baseOf(root, own, HostConfig.CgroupParent ?? '');
  return base === undefined ? undefined : join(base, scopeName(Id), 'container');
}

const disabled = (reason: string): CgroupPlace => ({ step: 'disabled', reason, controllers: [], files: [] });

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

function placeInScope(root: string, own: string): CgroupPlace {
  if (!own.endsWith('/supervisor')) return disabled(`the scope "${own}" is not delegated`);
  const scope = dirname(own);
  const controllers = enableControllers(join(root, scope));
  const files = filesOf(join(root, own));
  return { step: 'systemd', reason: 'a transient scope', path: join(scope, 'container'), controllers, files };
}

interface Wanted {
  name: string;
  onPath?: (path: string) => void;
}

function placeBelow(root: string, own: string, { parent, ...wanted }: Wanted & { parent: string }): CgroupPlace {
  const base = baseOf(root, own, parent);
  return base === undefined ? disabled(`no writable cgroup above "${own}"`) : placeIn(root, base, wanted);
}

function placeIn(root: string, base: string, { name, onPath }: Wanted): CgroupPlace {
  const path = join(base, name);
  onPath?.(join(path, 'container'));
  try {
    mkdirSync(join(root, path), { recursive: true });
  } catch {
    return disabled(`cannot make a cgroup in "${base}"`);
  }
  enableControllers(join(root, base));
  const controllers = enableControllers(join(root, path));
  const files = filesOf(join(root, path));
  return { step: 'cgroupfs', reason: `writable cgroup "${base}"`, path: join(path, 'container'), controllers, files, base };
}

/** A slice is systemd's to make: without its scope the container goes where it would without one. */
function baseOf(root: string, own: string, parent: string): string | undefined {
  return parent && !parent.endsWith('.slice') ? parentPath(root, own, parent) : writableBase(root, own);
}

/** A sibling of the container's cgroup, or its parent, has the files that it will have. */
const filesOf = (folder: string): string[] => OPTIONAL_FILES.filter((file) => existsSync(join(folder, file)));
