// Decides a container's mounts: `-v` and `--mount` as asked, anonymous volumes for every VOLUME that nothing else covers. Sources are
// looked at before anything is made; volumes that had to be made are reported, so that a failure later can take them back.
import { existsSync } from 'node:fs';
import type { ContainerConfig, HostConfig, MountPoint, MountRequest } from '../../storage/records.ts';
import { createVolume, volumeData } from '../../storage/volume.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { checkVolumeName, parseVolume } from './volume-spec.ts';

/** A mount as decided, its volume not made yet. */
export interface PlannedMount extends MountPoint {
  labels?: Record<string, string>;
}

/** Docker's duplicate and missing-source checks done, nothing made. */
export function planMounts(config: ContainerConfig, hostConfig: HostConfig): PlannedMount[] {
  const requested = [...(hostConfig.Binds ?? []).map(fromBind), ...(hostConfig.Mounts ?? []).map(fromRequest)];
  const places = [...requested.map((mount) => mount.Destination), ...Object.keys(hostConfig.Tmpfs ?? {})];
  const twice = places.find((place, index) => places.indexOf(place) !== index);
  if (twice)
    throw new EngineError('ERR_DUPLICATE_MOUNT', `Duplicate mount point: ${twice}`, { hint: 'mount each path once', exitCode: 125 });
  for (const mount of requested) requireSource(mount);
  const anonymous = Object.keys(config.Volumes ?? {})
    .map((path) => parseVolume(path).destination)
    .filter((place, index, all) => !places.includes(place) && all.indexOf(place) === index)
    .map((place) => volume(undefined, place));
  return [...requested, ...anonymous];
}

/** Makes the volumes that are missing. `made` names each new one as soon as it is there. */
export function makeVolumes(ctx: Ctx, planned: readonly PlannedMount[], made: (name: string) => void): MountPoint[] {
  return planned.map(({ labels, ...mount }) => {
    if (mount.Type !== 'volume') return mount;
    const { volume, isNew } = createVolume(ctx, {
      ...(mount.Name === undefined ? {} : { name: mount.Name }),
      ...(labels ? { labels } : {}),
    });
    if (isNew) made(volume.Name);
    return { ...mount, Name: volume.Name, Source: volumeData(ctx, volume.Name) };
  });
}

function fromBind(spec: string): PlannedMount {
  const { type, source, destination, mode, readOnly, propagation } = parseVolume(spec);
  if (type === 'volume') return { ...volume(source, destination), Mode: mode, RW: !readOnly };
  return { Type: 'bind', Source: source ?? '', Destination: destination, Mode: mode, RW: !readOnly, Propagation: propagation };
}

function fromRequest(request: MountRequest): PlannedMount {
  const RW = !request.ReadOnly;
  if (request.Type === 'tmpfs') return { Type: 'tmpfs', Source: '', Destination: request.Target, Mode: '', RW, Propagation: '' };
  if (request.Type === 'bind') {
    const Propagation = request.BindOptions?.Propagation ?? 'rprivate';
    return { Type: 'bind', Source: request.Source ?? '', Destination: request.Target, Mode: '', RW, Propagation };
  }
  const { NoCopy, Labels } = request.VolumeOptions ?? {};
  if (request.Source) checkVolumeName(request.Source);
  const base = volume(request.Source || undefined, request.Target);
  return { ...base, Mode: NoCopy ? 'nocopy' : '', RW, ...(Labels ? { labels: Labels } : {}) };
}

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

function requireSource({ Type, Source }: PlannedMount): void {
  if (Type !== 'bind' || existsSync(Source)) return;
  throw new EngineError('ERR_BIND_SOURCE', `Invalid mount config for type "bind": bind source path does not exist: ${Source}`, {
    hint: `make it first: mkdir -p ${quoted(Source)}`,
    exitCode: 125,
  });
}

const quoted = (path: string): string => (/^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`);
