// Who `--user` or an image's USER is, before there is a container: by the passwd and group files of the image's layers.
import { lstatSync } from 'node:fs';
import { join } from 'node:path';
import { type ResolvedUser, resolveUser } from '../../runtime/spec/user.ts';
import { layerFs } from '../../storage/layout.ts';
import type { ImageRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';

/** Undefined where only a start can tell, or will refuse. */
export function imageUser(ctx: Ctx, image: ImageRecord, user: string): ResolvedUser | undefined {
  const layers = image.layers.map(({ diffId }) => layerFs(ctx, diffId));
  const [passwd, group] = ['etc/passwd', 'etc/group'].map((path) => layers.findLast((layer) => isFile(join(layer, path))));
  // A folder that shows one table, and the other one of wherever that is.
  const mounts = new Map(group === undefined ? [] : [['/etc/group', join(group, 'etc/group')]]);
  const rootfs = passwd ?? group ?? layers[0];
  if (rootfs === undefined) return undefined;
  try {
    return resolveUser({ rootfs, mounts }, user);
  } catch {
    return undefined;
  }
}

const isFile = (path: string): boolean => lstatSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
