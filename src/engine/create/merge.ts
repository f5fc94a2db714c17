// Lays what the user asked for over the image's configuration, by Docker's rules: a given ENTRYPOINT drops the image's CMD; variables,
// labels, ports and volumes are joined, the user's winning; everything else is the user's if given.
import type { ContainerConfig, Healthcheck, ImageRunConfig } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import type { CreateConfig } from './options.ts';

/** The container's `Config`. Throws ERR_NO_COMMAND when neither side names a program. */
export function mergeConfig(user: CreateConfig, image: ImageRunConfig): ContainerConfig {
  const { entrypoint, cmd } = mergeCommand(user, image);
  if (!entrypoint?.length && !cmd?.length) {
    throw new EngineError('ERR_NO_COMMAND', 'No command specified', {
      hint: 'The image sets none: give one after the image name',
      exitCode: 125,
    });
  }
  const healthcheck = mergeHealthcheck(user.Healthcheck, image.Healthcheck);
  const stopSignal = user.StopSignal || image.StopSignal;
  const exposed = { ...image.ExposedPorts, ...user.ExposedPorts };
  const volumes = { ...image.Volumes, ...user.Volumes };
  return {
    Hostname: user.Hostname ?? '',
    Domainname: user.Domainname ?? '',
    User: user.User || image.User || '',
    AttachStdin: user.AttachStdin ?? false,
    AttachStdout: user.AttachStdout ?? false,
    AttachStderr: user.AttachStderr ?? false,
    ...(Object.keys(exposed).length ? { ExposedPorts: exposed } : {}),
    Tty: user.Tty ?? false,
    OpenStdin: user.OpenStdin ?? false,
    StdinOnce: user.StdinOnce ?? false,
    Env: mergeEnv(user.Env ?? [], image.Env ?? []),
    Cmd: cmd?.length ? cmd : null,
    ...(healthcheck ? { Healthcheck: healthcheck } : {}),
    Image: user.Image,
    Volumes: Object.keys(volumes).length ? volumes : null,
    WorkingDir: user.WorkingDir || image.WorkingDir || '',
    Entrypoint: entrypoint?.length ? entrypoint : null,
    OnBuild: null,
    Labels: { ...image.Labels, ...user.Labels },
    ...(stopSignal ? { StopSignal: stopSignal } : {}),
    ...(user.StopTimeout === undefined ? {} : { StopTimeout: user.StopTimeout }),
    ...(image.Shell ? { Shell: image.Shell } : {}),
  };
}

function mergeCommand(user: CreateConfig, image: ImageRunConfig): { entrypoint: string[] | null; cmd: string[] | null } {
  if (user.Entrypoint?.length) {
    const isReset = user.Entrypoint.length === 1 && user.Entrypoint[0] === '';
    return { entrypoint: isReset ? null : user.Entrypoint, cmd: user.Cmd ?? null };
  }
  return { entrypoint: image.Entrypoint ?? null, cmd: user.Cmd?.length ? user.Cmd : (image.Cmd ?? null) };
}

/** The user's entries, then those of the image whose name the user did not mention. */
function mergeEnv(user: readonly string[], image: readonly string[]): string[] {
  const nameOf = (entry: string): string => entry.split('=', 1)[0] ?? '';
  const mentioned = new Set(user.map(nameOf));
  return [...user, ...image.filter((entry) => !mentioned.has(nameOf(entry)))];
}

function mergeHealthcheck(user: Healthcheck | undefined, image: Healthcheck | undefined): Healthcheck | undefined {
  if (!user || !image) return user ?? image;
  const given = Object.entries(user).filter(
    ([, value]) => value !== 0 && value !== undefined && !(Array.isArray(value) && value.length === 0),
  );
  return { ...image, ...Object.fromEntries(given) };
}
