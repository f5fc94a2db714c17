// Start at boot, by what this machine has: a user unit of systemd, else a line of the user's crontab. Both can be done again at any time,
// and are taken back whole.
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { selfCommand } from '../sys/self.ts';
import { readCrontab, seesCron, withOurLine, withoutOurLine, writeCrontab } from './boot/crontab.ts';
import { isLingering, lingerCommand, setLinger } from './boot/linger.ts';
import { hasUserManager, installUnit, readUnit, removeUnit, unitLingers } from './boot/unit.ts';

export type BootWay =
  | { way: 'unit'; path: string; linger: 'on' | 'turned on' | 'off'; lingerCommand: string }
  | { way: 'crontab'; hasCron: boolean };

/** Has the containers started at boot that should run. Throws ERR_NO_BOOT where the machine has nothing for it. */
export function enableBoot(ctx: Ctx): BootWay {
  if (hasUserManager(ctx)) return enableUnit(ctx);
  const crontab = readCrontab(ctx);
  if (crontab === undefined) throw noWay();
  const wanted = withOurLine(ctx, crontab);
  if (wanted !== crontab) writeCrontab(ctx, wanted);
  return { way: 'crontab', hasCron: seesCron() };
}

/** Takes back what `enableBoot` did, on this machine or as it was before; containers that run go on. Returns what was taken back. */
export function disableBoot(ctx: Ctx): { unit?: string; lingerTurnedOff: boolean; crontab: boolean } {
  const unit = readUnit(ctx);
  const hasUnit = unit.text !== undefined;
  const lingerTurnedOff = unitLingers(unit.text) && setLinger(ctx, false);
  if (hasUnit) removeUnit(ctx, unit);
  const crontab = readCrontab(ctx);
  const without = crontab === undefined ? undefined : withoutOurLine(ctx, crontab);
  if (without !== undefined && without !== crontab) writeCrontab(ctx, without);
  return { ...(hasUnit ? { unit: unit.path } : {}), lingerTurnedOff, crontab: without !== crontab };
}

function enableUnit(ctx: Ctx): BootWay {
  const unit = readUnit(ctx);
  const wasLingering = isLingering(ctx);
  // The unit first: dying in between must not leave lingering on with nobody to remember who turned it on.
  installUnit(ctx, unit, { lingers: unitLingers(unit.text) || !wasLingering });
  const isOn = wasLingering || setLinger(ctx, true);
  if (!isOn) installUnit(ctx, unit, { lingers: false });
  const linger = wasLingering ? 'on' : isOn ? 'turned on' : 'off';
  return { way: 'unit', path: unit.path, linger, lingerCommand: lingerCommand() };
}

function noWay(): EngineError {
  return new EngineError('ERR_NO_BOOT', 'Cannot enable the start at boot: this machine has neither a systemd user manager nor a crontab', {
    hint: `Install cron, or have this run as you at boot: ${[...selfCommand(), 'system', 'restore'].join(' ')}`,
  });
}
