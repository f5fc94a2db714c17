// The environment of a container's first process, in Docker's order: PATH, HOSTNAME and TERM come first and give way to what the image
// and the user set; HOME comes last, from the passwd file, if nobody set it.
import type { ContainerConfig } from '../../storage/records.ts';
import { DEFAULT_PATH } from './executable.ts';

/** `NAME=value` entries. */
export function processEnvironment(config: ContainerConfig, home: string): string[] {
  const host = config.Domainname ? `${config.Hostname}.${config.Domainname}` : config.Hostname;
  const defaults = [`PATH=${DEFAULT_PATH}`, `HOSTNAME=${host}`, ...(config.Tty ? ['TERM=xterm'] : [])];
  const env = mergeEnvironment(defaults, config.Env);
  return env.some((entry) => entry.startsWith('HOME=')) ? env : [...env, `HOME=${home}`];
}

/** `overrides` replace entries of `base` in place or follow them; one without `=` removes the variable, as `-e NAME` of an unset NAME does. */
export function mergeEnvironment(base: readonly string[], overrides: readonly string[]): string[] {
  const merged = new Map<string, string>();
  for (const entry of [...base, ...overrides]) {
    const equals = entry.indexOf('=');
    if (equals === -1) merged.delete(entry);
    else merged.set(entry.slice(0, equals), entry);
  }
  return [...merged.values()];
}
