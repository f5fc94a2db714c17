// `--mount` in an inspected container's `HostConfig.Mounts`: Docker's fields in Docker's order, those that were not given left out.
import type { MountRequest } from '../storage/records.ts';
import { goMap, isTrue, struct } from './go-values.ts';

export function renderMountRequest(mount: MountRequest): object {
  const { BindOptions: bind, VolumeOptions: volume, ImageOptions: image, TmpfsOptions: tmpfs } = mount;
  return given('mount.Mount', {
    Type: mount.Type,
    Source: mount.Source,
    Target: mount.Target,
    ReadOnly: mount.ReadOnly,
    BindOptions:
      bind &&
      given('*mount.BindOptions', {
        Propagation: bind.Propagation,
        NonRecursive: bind.NonRecursive,
        CreateMountpoint: bind.CreateMountpoint,
        ReadOnlyNonRecursive: bind.ReadOnlyNonRecursive,
        ReadOnlyForceRecursive: bind.ReadOnlyForceRecursive,
      }),
    VolumeOptions: volume && volumeOptions(volume),
    ImageOptions: image && given('*mount.ImageOptions', { Subpath: image.Subpath }),
    TmpfsOptions: tmpfs && given('*mount.TmpfsOptions', { SizeBytes: tmpfs.SizeBytes, Mode: tmpfs.Mode }),
  });
}

function volumeOptions({ NoCopy, Labels, Subpath, DriverConfig: driver }: NonNullable<MountRequest['VolumeOptions']>): object {
  return given('*mount.VolumeOptions', {
    NoCopy,
    Labels: Labels && goMap(Labels, ''),
    Subpath,
    DriverConfig: driver && given('*mount.Driver', { Name: driver.Name, Options: goMap(driver.Options, '') }),
  });
}

/** A struct whose empty fields JSON leaves out; a struct in it is never empty. */
function given(type: string, fields: Record<string, unknown>): object {
  return struct(type, Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, isTrue(value) ? value : undefined])));
}
