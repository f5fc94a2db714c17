// What of this environment decides where skiff keeps its things and how it works, and would not be there at boot: it goes into the unit
// or crontab line. A store that the boot looked for elsewhere would be empty; a run folder elsewhere would show what runs as exited.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { Ctx } from '../../sys/context.ts';
import { PROGRAMS } from '../../sys/programs.ts';

/** Of one command, not of the machine. */
const TRANSIENT: ReadonlySet<string> = new Set(['SKIFF_BOOT_ID', 'SKIFF_DEBUG', 'SKIFF_RESTORE']);
/** Of a user manager, or of cron. */
const STANDARD_PATH = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];

/** Variable → value, sorted by name. PATH is always among them, cut down to the folders that hold what skiff calls. */
export function bootEnvironment({ env }: Pick<Ctx, 'env'>): Record<string, string> {
  const own = Object.entries(env).filter(([name, value]) => /^SKIFF_/.test(name) && !TRANSIENT.has(name) && value);
  const moved = Object.entries(defaults(env)).flatMap(([name, usual]) => (env[name] && env[name] !== usual ? [[name, env[name]]] : []));
  const found: [string, string][] = [['PATH', usefulPath(env.PATH ?? '')]];
  for (const [name = '', value = ''] of [...own, ...moved]) found.push([name, /^SKIFF_(RUN)?ROOT$/.test(name) ? resolve(value) : value]);
  return Object.fromEntries(found.sort(([left], [right]) => (left < right ? -1 : 1)));
}

function defaults({ HOME: home = '/' }: Ctx['env']): Record<string, string> {
  return {
    XDG_CACHE_HOME: join(home, '.cache'),
    XDG_CONFIG_HOME: join(home, '.config'),
    XDG_DATA_HOME: join(home, '.local/share'),
    XDG_RUNTIME_DIR: `/run/user/${process.getuid?.() ?? 0}`,
    TMPDIR: '/tmp',
  };
}

// A whole PATH may be longer than a crontab's line.
function usefulPath(path: string): string {
  const useful = path
    .split(':')
    .filter((folder) => folder.startsWith('/') && PROGRAMS.some((program) => existsSync(join(folder, program))));
  return [...new Set([...useful, ...STANDARD_PATH])].join(':');
}
