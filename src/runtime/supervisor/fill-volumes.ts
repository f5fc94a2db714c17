// Which of a container's volumes start with what its image has at their place, and where that is read. Loaded only for containers with volumes.
// A copy that was cut off while it was moved in is finished at any start, whatever this container wants of it.
import { openSync } from 'node:fs';
import { copyUp, type OpenSource } from '../../storage/copy-up.ts';
import { openInOneLayer } from '../../storage/layer-source.ts';
import { volumeDir } from '../../storage/layout.ts';
import type { ContainerRecord, MountPoint } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { lookInside } from '../spec/inside.ts';

export interface VolumeSite {
  rootfs: string;
  /** The container has not run yet: what its program empties later stays empty. */
  isFirstStart: boolean;
  /** The rootfs shows files under other ids than the layers have. */
  hasOtherIds: boolean;
  signal: AbortSignal;
}

/** Fills the volumes that are empty. Throws ERR_COPY_UP, or the signal's reason. */
export async function fillVolumes(ctx: Ctx, record: ContainerRecord, site: VolumeSite): Promise<void> {
  const { rootfs, isFirstStart, signal, hasOtherIds } = site;
  const canReadLayers = record.Driver === 'overlay' && !hasOtherIds;
  for (const point of record.Mounts) {
    const { Type, Name, Source, Destination } = point;
    // A tmpfs starts empty, as in Docker.
    if (Type !== 'volume' || !Name || point.Tmpfs !== undefined) continue;
    const openSource = (): OpenSource | undefined => {
      const place = lookInside({ rootfs }, Destination);
      if (place.found !== 'directory') return undefined;
      const layer = canReadLayers ? openInOneLayer(ctx, record, place.inside) : undefined;
      return layer === undefined ? { fd: openSync(place.host, 'r'), isLayer: false } : { fd: layer, isLayer: true };
    };
    const wants = isFirstStart && isWanted(point);
    await copyUp({ name: Name, folder: volumeDir(ctx, Name), data: Source, signal, openSource: wants ? openSource : undefined });
  }
}

const isWanted = ({ Mode, Subpath }: MountPoint): boolean => Subpath === undefined && !Mode.split(',').includes('nocopy');
