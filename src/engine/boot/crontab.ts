// The crontab line that starts containers at boot where there is no systemd user manager. It stands, between two marker lines, before
// everything else, so that what the user's own lines set (PATH, SHELL) does not change it, and so that taking it out leaves their bytes as
// they were.
import { readdirSync, readFileSync } from 'node:fs';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { selfCommand } from '../../sys/self.ts';
import { bootEnvironment } from './environment.ts';
import { runTool } from './tool.ts';
import { restoreName } from './unit.ts';

/** The user's crontab; '' when they have none, undefined when there is no crontab for them to have. */
export function readCrontab(ctx: Ctx): string | undefined {
  const { code, stdout, complaint } = runTool(ctx, ['crontab', '-l']);
  if (code === 0) return stdout;
  return /no crontab for|can't open '[^']*': No such file/i.test(complaint) ? '' : undefined;
}

/** Replaces the user's crontab; nothing left is no crontab. Throws ERR_CRONTAB. */
export function writeCrontab(ctx: Ctx, text: string): void {
  const { code, complaint } = runTool(ctx, text === '' ? ['crontab', '-r'] : ['crontab', '-'], text);
  if (code === 0) return;
  throw new EngineError('ERR_CRONTAB', `Cannot change your crontab: ${complaint}`, {
    hint: 'See whether you may have one at all: crontab -e',
  });
}

/** `crontab` with our line in place of an older one of ours. */
export function withOurLine(ctx: Ctx, crontab: string): string {
  const [begin, end] = markers(ctx);
  return `${begin}\n@reboot ${commandLine(ctx)}\n${end}\n${withoutOurLine(ctx, crontab)}`;
}

/** `crontab` as the user wrote it. */
export function withoutOurLine(ctx: Ctx, crontab: string): string {
  const [begin, end] = markers(ctx);
  const from = crontab.indexOf(`${begin}\n`);
  const to = crontab.indexOf(`${end}\n`, from);
  return from < 0 || to < 0 ? crontab : crontab.slice(0, from) + crontab.slice(to + end.length + 1);
}

/** Whether a daemon that reads crontabs is there to be seen; true where other users' processes are hidden. */
export function seesCron(): boolean {
  const names = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => nameOf(pid));
  return nameOf('1') === '' || names.some((name) => /cron/.test(name));
}

function markers(ctx: Ctx): [string, string] {
  const name = restoreName(ctx);
  return [`# >>> ${name} (skiff system enable-boot) >>>`, `# <<< ${name} <<<`];
}

// In a crontab an unescaped percent sign ends the line.
function commandLine(ctx: Ctx): string {
  const variables = Object.entries(bootEnvironment(ctx)).map(([name, value]) => `${name}=${quoted(value)}`);
  const command = selfCommand().map(quoted);
  return [...variables, ...command, 'system', 'restore', '>/dev/null'].join(' ').replaceAll('%', '\\%');
}

const quoted = (word: string): string => (/^[\w/.:@+,-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`);

function nameOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return '';
  }
}
