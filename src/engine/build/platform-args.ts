// Variables that every Dockerfile has without declaring a default: what is built for, and what builds. In a stage they count once an ARG names
// them; before the first FROM they are always there.
import { formatPlatform } from '../../oci/platform.ts';
import type { Platform } from '../../storage/records.ts';

/** Of `--build-arg`, without any ARG: the program sees them, no key and no history does. */
const PROXIES = ['HTTP_PROXY', 'HTTPS_PROXY', 'FTP_PROXY', 'NO_PROXY', 'ALL_PROXY'];

/** `stage` is what --target names. Values given by --build-arg win. */
export function platformArgs(
  target: Platform,
  { build, stage, buildArgs }: { build: Platform; stage: string | undefined; buildArgs: Readonly<Record<string, string>> },
): Map<string, string> {
  const args = new Map([...argsOf('BUILD', build), ...argsOf('TARGET', target), ['TARGETSTAGE', stage || 'default'] as const]);
  for (const name of args.keys()) {
    const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
    if (given !== undefined) args.set(name, given);
  }
  return args;
}

/** Both spellings of each proxy that was given, `NAME=value`. */
export function proxyVariables(buildArgs: Readonly<Record<string, string>>): string[] {
  return PROXIES.flatMap((name) => {
    const given = Object.entries(buildArgs)
      .filter(([key]) => key.toUpperCase() === name)
      .at(-1);
    return given ? [`${name}=${given[1]}`, `${name.toLowerCase()}=${given[1]}`] : [];
  });
}

function argsOf(prefix: 'BUILD' | 'TARGET', platform: Platform): [string, string][] {
  return [
    [`${prefix}PLATFORM`, formatPlatform(platform)],
    [`${prefix}OS`, platform.os],
    [`${prefix}ARCH`, platform.architecture],
    [`${prefix}VARIANT`, platform.variant ?? ''],
  ];
}
