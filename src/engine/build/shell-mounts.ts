// The mounts of a RUN for a shell in its place, as flags of `run`: caches (without their lock), tmpfs, and folders of contexts, for reading. The values of
// secrets and agents went with the build, and so did the other stages' mounted files.
import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { listCacheMounts } from '../../storage/build-cache-mounts.ts';
import { cacheMountFs } from '../../storage/layout.ts';
import type { Ctx } from '../../sys/context.ts';
import type { ContextSource, RunMount } from './model.ts';

export interface ShellMounts {
  mounts: { flag: '--mount' | '--tmpfs'; value: string }[];
  /** What cannot be there, for a message. */
  left: string[];
}

export function shellMounts(ctx: Ctx, mounts: readonly RunMount[]): ShellMounts {
  const caches = mounts.some(({ type }) => type === 'cache') ? listCacheMounts(ctx) : [];
  const result: ShellMounts = { mounts: [], left: [] };
  for (const mount of mounts) {
    const cache = mount.type === 'cache' ? caches.find(({ record }) => record.id === mount.id) : undefined;
    const inContext = mount.type === 'bind' && mount.from.kind === 'context' ? inside(mount.from.context, mount.source) : undefined;
    if (mount.type === 'tmpfs') result.mounts.push({ flag: '--tmpfs', value: mount.target });
    else if (mount.type === 'cache' && cache) result.mounts.push({ flag: '--mount', value: bind(cacheMountFs(ctx, cache.name), mount) });
    else if (mount.type === 'bind' && inContext !== undefined)
      result.mounts.push({ flag: '--mount', value: bind(inContext, { ...mount, readonly: true }) });
    else result.left.push(`${mount.type} ${'id' in mount ? mount.id : mount.target}`);
  }
  return result;
}

/**
 * The path of `source` in the context; undefined where it is not there, or a symlink leads out: the step did not see that either. Nor did it see what is
 * ignored, which nothing hides here: a context with such rules is left out.
 */
function inside({ folder, ignore }: ContextSource, source: string): string | undefined {
  if (folder === undefined || (ignore !== undefined && ignore.patterns.length > 0)) return undefined;
  try {
    const [root, path] = [realpathSync(folder), realpathSync(join(folder, join('/', source)))];
    return path === root || path.startsWith(root === '/' ? root : `${root}/`) ? path : undefined;
  } catch {
    return undefined;
  }
}

function bind(source: string, { target, readonly }: { target: string; readonly: boolean }): string {
  const fields = ['type=bind', `source=${source}`, `target=${target}`, ...(readonly ? ['readonly'] : [])];
  return fields.map((field) => (/[",]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field)).join(',');
}
