// `--volumes-from CONTAINER[:ro|rw]`: the mounts of other containers as their records have them now, stopped ones too. Of two containers
// with a mount at one place the later wins. A tmpfs is its container's own and is not inherited.
import { findContainer } from '../../storage/container.ts';
import type { MountPoint } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';

/** Throws ERR_NO_SUCH_CONTAINER, ERR_AMBIGUOUS_ID or ERR_VOLUMES_FROM, with exit code 125. */
export function inheritedMounts(ctx: Ctx, specs: readonly string[]): MountPoint[] {
  const byPlace = new Map<string, MountPoint>();
  for (const { name, isReadOnly, label } of specs.map(parseVolumesFrom)) {
    for (const mount of mountsOf(ctx, name)) {
      if (mount.Type === 'tmpfs') continue;
      const labelled = label ? { ...mount, Mode: withLabel(mount.Mode, label) } : mount;
      byPlace.set(mount.Destination, isReadOnly ? { ...labelled, RW: false } : labelled);
    }
  }
  return [...byPlace.values()];
}

/** Throws ERR_VOLUMES_FROM in Docker's words. */
export function parseVolumesFrom(spec: string): { name: string; isReadOnly: boolean; label?: string } {
  const [name = '', ...modes] = spec.split(':');
  if (name === '') throw refuse('Invalid volumes-from specification: it cannot be an empty string');
  const mode = modes.join(':');
  if (!['', 'rw', 'ro', 'z', 'Z', 'ro,z', 'ro,Z', 'rw,z', 'rw,Z'].includes(mode)) throw refuse(`Invalid mode: ${mode}`);
  const [label] = /z$/i.exec(mode) ?? [];
  return { name, isReadOnly: mode.startsWith('ro'), ...(label ? { label } : {}) };
}

function withLabel(mode: string, label: string): string {
  const others = mode.split(',').filter((word) => word !== '' && word !== 'z' && word !== 'Z');
  return [...others, label].join(',');
}

function mountsOf(ctx: Ctx, name: string): MountPoint[] {
  try {
    return findContainer(ctx, name).record.Mounts;
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, error.message, { hint: error.hint ?? 'List what there is: skiff ps -a', exitCode: 125 });
  }
}

const refuse = (message: string): EngineError =>
  new EngineError('ERR_VOLUMES_FROM', message, {
    hint: 'Write it as --volumes-from CONTAINER, CONTAINER:ro or CONTAINER:rw',
    exitCode: 125,
  });
