// The flags of `run` and `create` about what a container's files are made of, beside --mount and -v.

import type { HostConfig } from '../engine/create/options.ts';
import { parseVolumesFrom } from '../engine/create/volumes-from.ts';
import { type FlagValues, flag } from './flag.ts';

export const storageFlags = {
  'storage-driver': flag.string({ description: 'How the root filesystem is made (overlay, fuse-overlayfs, copy)' }),
  'storage-opt': flag.custom<never>({
    hidden: true,
    parse: () => {
      throw new Error('the size of a container cannot be limited without root: only a quota of the whole disk could');
    },
  }),
  'volume-driver': flag.custom({ description: 'Optional volume driver for the container (local)', parse: volumeDriver }),
  'volumes-from': { ...flag.list({ description: 'Mount volumes from the specified container(s)' }), parse: volumesFrom },
};

/** Their part of the create request. */
export function storageOptions(flags: FlagValues<typeof storageFlags>): Partial<HostConfig> {
  return {
    ...(flags['storage-driver'] ? { StorageDriver: flags['storage-driver'] } : {}),
    ...(flags['volumes-from'].length ? { VolumesFrom: flags['volumes-from'] } : {}),
  };
}

function volumesFrom(spec: string): string {
  parseVolumesFrom(spec);
  return spec;
}

function volumeDriver(name: string): string {
  if (name !== '' && name !== 'local') throw new Error(`plugin "${name}" not found: there is only the driver "local"`);
  return name;
}
