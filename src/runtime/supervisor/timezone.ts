// The container's /etc/localtime for --tz: a copy of the rules on the supervisor's tmpfs, mounted read-only.
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { localRules, zoneRules } from '../zoneinfo.ts';
import { ownMount } from './mount-sources.ts';

const fileIn = (scratch: string): string => join(scratch, 'localtime');

/** Throws ERR_TIMEZONE when the rules have gone since the container was made. */
export function makeTimezone(ctx: Ctx, { Extras }: ContainerRecord, { scratch, rootfs }: { scratch: string; rootfs: string }): void {
  const zone = Extras?.Timezone;
  if (!zone) return;
  const rules = zone === 'local' ? localRules() : zoneRules(zone, { env: ctx.env, trees: [rootfs] });
  if (rules) writeFileSync(fileIn(scratch), rules, { mode: 0o644 });
  // A host without a zone of its own is on UTC, and so is the container.
  if (rules || zone === 'local') return;
  throw new EngineError('ERR_TIMEZONE', `Unknown time zone "${zone}": neither the host nor the image has rules for it`, { exitCode: 125 });
}

/** The record with the file among its mounts. */
export function withTimezone(record: ContainerRecord, scratch: string): ContainerRecord {
  if (!record.Extras?.Timezone || !existsSync(fileIn(scratch))) return record;
  return { ...record, Mounts: [...record.Mounts, ownMount(fileIn(scratch), '/etc/localtime')] };
}
