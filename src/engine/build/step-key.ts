// What a step depends on, as one digest. A state is known by its chain of layers: two ways that lead to the same files lead to the same steps,
// and a layer is never put on others than those it was made over. Nothing secret goes in: secrets and agents count by their ids.
// Trap: a change of what goes in makes every cache in the world miss: then raise VERSION, and say why.
import { digestOf } from '../../storage/digest.ts';
import type { RunMount, RunStep } from './model.ts';

const VERSION = 1;

type Part = string | number | boolean | undefined | null | readonly Part[] | { readonly [name: string]: Part };

/** Of a rootfs: `sha256:…` of the diff-ids, base first. */
export const chainKey = (diffIds: readonly string[]): string => keyOf('layers', diffIds);

/** Names count, their order does not; what is undefined counts as absent. */
export function keyOf(kind: string, parts: Part): string {
  return digestOf(JSON.stringify([VERSION, kind, sorted(parts)]));
}

/** How RUN is known, without the files that it reads through mounts: `mountKeys` are their sources', aligned with `step.mounts`. */
export function runKey(parent: string, step: RunStep, options: { mountKeys: readonly (string | undefined)[]; extra?: Part }): string {
  const { args, env, user, workdir, hostname, network, security, devices, stdin, mounts, platform } = step;
  return keyOf('run', {
    parent,
    args,
    env,
    user,
    workdir,
    hostname,
    network,
    security,
    devices,
    stdin,
    os: platform.os,
    architecture: platform.architecture,
    variant: platform.variant,
    mounts: mounts.map((mount, index) => ({ ...describeMount(mount), source: options.mountKeys[index] ?? null, path: pathOf(mount) })),
    extra: options.extra ?? null,
  });
}

/** What of a mount counts, but for what it is mounted from. */
function describeMount(mount: RunMount): { [name: string]: Part } {
  const { type } = mount;
  switch (type) {
    case 'bind':
      return { type, target: mount.target, readonly: mount.readonly };
    case 'cache':
      return { type, target: mount.target, id: mount.id };
    case 'tmpfs':
      return { type, target: mount.target, size: mount.sizeBytes };
    case 'secret':
      return { type, target: mount.target, id: mount.id, env: mount.env, mode: mount.mode, uid: mount.uid, gid: mount.gid };
    case 'ssh':
      return { type, target: mount.target, id: mount.id, mode: mount.mode, uid: mount.uid, gid: mount.gid };
    default:
      return mount satisfies never;
  }
}

const pathOf = (mount: RunMount): string | undefined => (mount.type === 'bind' || mount.type === 'cache' ? mount.source : undefined);

function sorted(value: Part): Part {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const names = Object.keys(value).sort();
  return Object.fromEntries(names.map((name) => [name, sorted((value as { [name: string]: Part })[name])]));
}
