// Where the rules of a time zone are: the host's zoneinfo, else the image's. Only files of rules (tzfile(5)) count.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { lookInside } from './spec/inside.ts';

const FOLDER = '/usr/share/zoneinfo';
const MAGIC = 'TZif';

/** Whether `zone` is spelled as a zone may be: `UTC`, `Europe/Berlin`, `America/Port-au-Prince`, `Etc/GMT+3`. */
export const isZoneName = (zone: string): boolean => /^[A-Za-z0-9][\w+-]*(\/[\w+-]+)*$/.test(zone);

/** The rules of `zone`, or undefined. `trees` are roots of the image's files, looked at in order after the host. */
export function zoneRules(
  zone: string,
  { env, trees }: { env: Readonly<Record<string, string | undefined>>; trees: readonly string[] },
): Buffer | undefined {
  const host = [env.TZDIR, FOLDER].flatMap((folder) => (folder ? rulesIn(join(folder, zone)) : undefined) ?? []);
  if (host[0]) return host[0];
  for (const rootfs of trees) {
    const found = lookInside({ rootfs }, join(FOLDER, zone));
    const rules = found.found === 'file' ? rulesIn(found.host) : undefined;
    if (rules) return rules;
  }
  return undefined;
}

/** The host's own; undefined when it has none, which means UTC. */
export const localRules = (): Buffer | undefined => rulesIn('/etc/localtime');

function rulesIn(path: string): Buffer | undefined {
  try {
    const bytes = readFileSync(path);
    return bytes.toString('latin1', 0, MAGIC.length) === MAGIC ? bytes : undefined;
  } catch {
    return undefined;
  }
}
