// The systemd user unit that starts containers at boot (or at login, without lingering). Containers get scopes of their own, so nothing of
// them is in this unit; what is (the keeper of the user namespace) stays when the unit ends, by RemainAfterExit and KillMode.
import { createHash } from 'node:crypto';
import { readFileSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { writeFileAtomic } from '../../sys/atomic.ts';
import { type Ctx, dataRoot } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { selfCommand } from '../../sys/self.ts';
import { bootEnvironment } from './environment.ts';
import { runTool } from './tool.ts';

export interface Unit {
  name: string;
  path: string;
  /** What it holds now; undefined when it is not there. */
  text: string | undefined;
}

/** `skiff-restore`, with a tail of its own for a store that is not in the usual place: each store is enabled by itself. */
export function restoreName(ctx: Pick<Ctx, 'env' | 'paths'>): string {
  const { HOME } = ctx.env;
  if (ctx.paths.data === dataRoot({ HOME })) return 'skiff-restore';
  return `skiff-restore-${createHash('sha256').update(ctx.paths.data).digest('hex').slice(0, 8)}`;
}

export function readUnit(ctx: Pick<Ctx, 'env' | 'paths'>): Unit {
  const { XDG_CONFIG_HOME: config, HOME } = ctx.env;
  const name = `${restoreName(ctx)}.service`;
  const path = join(config?.startsWith('/') ? config : join(HOME ?? homedir(), '.config'), 'systemd/user', name);
  try {
    return { name, path, text: readFileSync(path, 'utf8') };
  } catch {
    return { name, path, text: undefined };
  }
}

/** Whether there is a manager of the user's to ask. */
export function hasUserManager(ctx: Ctx): boolean {
  return runTool(ctx, ['systemctl', '--user', 'show-environment']).code === 0;
}

/** Writes the unit and enables it. `lingers`: enable-boot turned lingering on, and disable-boot turns it off. Throws ERR_UNIT. */
export function installUnit(ctx: Ctx, unit: Unit, { lingers }: { lingers: boolean }): void {
  writeFileAtomic(unit.path, unitText(ctx, lingers), { mode: 0o644 });
  reload(ctx);
  const enabled = runTool(ctx, ['systemctl', '--user', 'enable', unit.name]);
  if (enabled.code === 0) return;
  throw new EngineError('ERR_UNIT', `Cannot enable the systemd user unit "${unit.path}": ${enabled.complaint}`, {
    hint: `See what systemd says of it: systemctl --user status ${unit.name}`,
  });
}

/** Takes the unit back; what it started goes on running. */
export function removeUnit(ctx: Ctx, unit: Unit): void {
  runTool(ctx, ['systemctl', '--user', 'disable', unit.name]);
  // Where the manager is away it could not take its own link.
  rmSync(join(unit.path, '../default.target.wants', unit.name), { force: true });
  rmSync(unit.path, { force: true });
  reload(ctx);
}

/** Whether enable-boot turned lingering on. */
export const unitLingers = (text: string | undefined): boolean => text?.includes(LINGER_MARK) ?? false;

const LINGER_MARK = '[X-Skiff]\nLinger=enabled';

function unitText(ctx: Ctx, lingers: boolean): string {
  const environment = Object.entries(bootEnvironment(ctx)).map(([name, value]) => `Environment=${quoted(`${name}=${value}`)}`);
  // In a command a dollar sign is systemd's as well.
  const command = [...selfCommand(), 'system', 'restore'].map((word) => quoted(word).replaceAll('$', '$$$$'));
  return `# Made by "skiff system enable-boot"; "skiff system disable-boot" takes it back.
[Unit]
Description=Start the skiff containers that are to run

[Service]
Type=oneshot
RemainAfterExit=yes
KillMode=process
${environment.join('\n')}
ExecStart=${command.join(' ')}

[Install]
WantedBy=default.target
${lingers ? `\n${LINGER_MARK}\n` : ''}`;
}

/** A word by systemd.syntax(7), with specifiers switched off. */
function quoted(word: string): string {
  const escaped = word.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n').replaceAll('%', '%%');
  return `"${escaped}"`;
}

function reload(ctx: Ctx): void {
  runTool(ctx, ['systemctl', '--user', 'daemon-reload']);
}
