// Decides a container's mounts: those of other containers (--volumes-from), `-v` and `--mount` as asked, anonymous volumes for every
// VOLUME that nothing else covers. Sources are looked at before anything is made; what had to be made is reported, so that a failure
// later can take it back.
import { mkdirSync, statSync } from 'node:fs';
import type { ContainerConfig, HostConfig, ImageRecord, MountPoint, MountRequest, VolumeRecord } from '../../storage/records.ts';
import { createVolume, getVolume, volumeSource } from '../../storage/volume.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { isReadOnlyVolume, tmpfsData } from '../volume-options.ts';
import { requireLocalImage } from './image.ts';
import { checkMountRequest, requireBindSource } from './mount-check.ts';
import { checkMountWords } from './mount-words-check.ts';
import { parseVolume } from './volume-spec.ts';
import { inheritedMounts } from './volumes-from.ts';

/** A mount as decided, its volume or folder not made yet. */
export interface PlannedMount extends MountPoint {
  labels?: Record<string, string>;
  options?: Record<string, string>;
  /** Of type `image`. */
  image?: ImageRecord;
  /** Another container's: its volume has to be there. */
  isInherited?: boolean;
  /** The source of a bind is made if it is missing. */
  makesSource?: boolean;
}

/** Docker's duplicate and missing-source checks done, nothing made. */
export function planMounts(ctx: Ctx, { config, hostConfig }: { config: ContainerConfig; hostConfig: HostConfig }): PlannedMount[] {
  const asked = [
    ...(hostConfig.Binds ?? []).map((spec) => fromBind(ctx, spec)),
    ...(hostConfig.Mounts ?? []).map((request) => fromRequest(ctx, request)),
  ];
  const places = [...asked.map((mount) => mount.Destination), ...Object.keys(hostConfig.Tmpfs ?? {})];
  const twice = places.find((place, index) => places.indexOf(place) !== index);
  if (twice)
    throw new EngineError('ERR_DUPLICATE_MOUNT', `Duplicate mount point: ${twice}`, { hint: 'Mount each path once', exitCode: 125 });
  const inherited = inheritedMounts(ctx, hostConfig.VolumesFrom ?? [])
    .filter(({ Destination }) => !places.includes(Destination))
    .map((mount) => ({ ...mount, isInherited: true }));
  const covered = [...places, ...inherited.map(({ Destination }) => Destination)];
  const anonymous = Object.keys(config.Volumes ?? {})
    .map((path) => parseVolume(path).destination)
    .filter((place, index, all) => !covered.includes(place) && all.indexOf(place) === index)
    .map((place) => volume(undefined, place));
  return [...inherited, ...asked, ...anonymous];
}

/** Makes the volumes that are missing, under the store lock. `made` names each new one as soon as it is there. */
export function makeVolumes(ctx: Ctx, planned: readonly PlannedMount[], made: (name: string) => void): MountPoint[] {
  return planned.map(({ labels, options, image: _, isInherited, makesSource, ...mount }) => {
    if (makesSource) mkdirSync(mount.Source, { recursive: true });
    if (mount.Type !== 'volume') return mount;
    if (isInherited) return requireVolume(ctx, mount);
    const { volume, isNew } = createVolume(ctx, {
      ...(mount.Name === undefined ? {} : { name: mount.Name }),
      ...(labels ? { labels } : {}),
      ...(options ? { options } : {}),
    });
    if (isNew) made(volume.Name);
    return { ...mount, ...volumeFacts(ctx, volume, mount) };
  });
}

/** The images that are mounted. */
export const mountedImages = (planned: readonly PlannedMount[]): ImageRecord[] => planned.flatMap(({ image }) => image ?? []);

/** What the user should know of the mounts, one sentence each. */
export function mountWarnings(planned: readonly PlannedMount[]): string[] {
  return planned
    .filter(({ Propagation }) => Propagation.endsWith('shared'))
    .map(({ Destination }) => `What the container mounts below ${Destination} is not seen by the host: without root, mounts only come in`);
}

/** What a mount takes over from its volume. Throws ERR_VOLUME_MOUNT when the folder that it stands for is not there. */
function volumeFacts(ctx: Ctx, volume: VolumeRecord, { RW }: Pick<MountPoint, 'RW'>): Pick<MountPoint, 'Name' | 'Source' | 'RW' | 'Tmpfs'> {
  const { Name, Options } = volume;
  const Source = volumeSource(ctx, volume);
  const Tmpfs = tmpfsData(Options);
  if (Options.device !== undefined && Tmpfs === undefined && !statSync(Source, { throwIfNoEntry: false })) {
    throw new EngineError('ERR_VOLUME_MOUNT', `failed to mount local volume "${Name}": ${Source}: no such file or directory`, {
      hint: `Make the folder first: mkdir -p ${Source}`,
      exitCode: 125,
    });
  }
  return { Name, Source, RW: RW && !isReadOnlyVolume(Options), ...(Tmpfs === undefined ? {} : { Tmpfs }) };
}

function requireVolume(ctx: Ctx, mount: MountPoint): MountPoint {
  if (mount.Name !== undefined && getVolume(ctx, mount.Name)) return mount;
  throw new EngineError('ERR_NO_SUCH_VOLUME', `get ${mount.Name}: no such volume`, {
    hint: 'The container that --volumes-from names was removed meanwhile, or its volume',
    exitCode: 125,
  });
}

function fromBind(ctx: Ctx, spec: string): PlannedMount {
  const { type, source = '', destination, mode, readOnly, propagation } = parseVolume(spec);
  if (type === 'bind') requireBindSource(source);
  checkMountWords(ctx, mode, type === 'bind' ? source : undefined);
  if (type === 'volume') return { ...volume(source, destination), Mode: mode, RW: !readOnly };
  return { Type: 'bind', Source: source, Destination: destination, Mode: mode, RW: !readOnly, Propagation: propagation };
}

function fromRequest(ctx: Ctx, request: MountRequest): PlannedMount {
  checkMountRequest(request);
  const { Type, Source = '', Target, ReadOnly = false, ImageOptions = {}, Words = [] } = request;
  const Mode = Words.join(',');
  if (Words.length > 0) checkMountWords(ctx, Mode, Type === 'bind' ? Source : undefined);
  const base = { Type, Source, Destination: Target, Mode, RW: !ReadOnly, Propagation: '' };
  switch (Type) {
    case 'tmpfs':
      return base;
    case 'image': {
      const { image } = requireLocalImage(ctx, Source);
      const Layers = image.layers.map(({ diffId }) => diffId);
      return { ...base, RW: false, image, ImageID: image.id, Layers, ...subpath(ImageOptions) };
    }
    case 'bind':
      return { ...base, ...bindFields(request) };
    case 'volume':
      return { ...base, ...volumeFields(request) };
    default:
      return Type satisfies never;
  }
}

function bindFields({ BindOptions = {} }: MountRequest): Partial<PlannedMount> {
  const { Propagation, NonRecursive, ReadOnlyNonRecursive, ReadOnlyForceRecursive, CreateMountpoint } = BindOptions;
  const recursion = NonRecursive ? 'disabled' : ReadOnlyNonRecursive ? 'writable' : ReadOnlyForceRecursive ? 'readonly' : undefined;
  return {
    Propagation: Propagation || 'rprivate',
    ...(recursion ? { Recursion: recursion } : {}),
    ...(CreateMountpoint ? { makesSource: true } : {}),
  };
}

function volumeFields({ Source, Target, VolumeOptions = {}, Words = [] }: MountRequest): Partial<PlannedMount> {
  const { NoCopy, Labels, DriverConfig } = VolumeOptions;
  const { Type: _, RW: __, ...base } = volume(Source || undefined, Target);
  return {
    ...base,
    Mode: [...(NoCopy ? ['nocopy'] : []), ...Words].join(','),
    ...subpath(VolumeOptions),
    ...(Labels ? { labels: Labels } : {}),
    ...(DriverConfig && Object.keys(DriverConfig.Options).length > 0 ? { options: DriverConfig.Options } : {}),
  };
}

const subpath = ({ Subpath }: { Subpath?: string }): { Subpath?: string } => (Subpath ? { Subpath } : {});

function volume(name: string | undefined, destination: string): PlannedMount {
  return {
    Type: 'volume',
    ...(name === undefined ? { Anonymous: true } : { Name: name }),
    Source: '',
    Destination: destination,
    Driver: 'local',
    Mode: '',
    RW: true,
    Propagation: '',
  };
}
