// The user's settings for volumes: `$XDG_CONFIG_HOME/skiff/volumes.json` (docs/volumes.md tells its fields). A broken file is an error that
// names it: to delete at once what the user wanted kept would be the worst way to read it.
import { join } from 'node:path';
import * as z from 'zod/mini';
import { brokenSettings, configHome, readIfThere } from '../oci/settings-file.ts';
import type { Ctx } from '../sys/context.ts';
import { parseSpan } from './timestamp.ts';

export interface VolumeSettings {
  /** How long the trash keeps what was removed, ms; 0 is no trash. */
  keepRemovedMs: number;
}

const fileSchema = z.strictObject({ keepRemoved: z.optional(z.union([z.string(), z.number()])) });

const DAY_MS = 86_400_000;

/** Throws ERR_REGISTRIES_FILE; a file that is not there sets nothing. */
export function readVolumeSettings({ env }: Pick<Ctx, 'env'>): VolumeSettings {
  const path = join(configHome(env), 'skiff/volumes.json');
  const text = readIfThere(path);
  if (text === undefined) return { keepRemovedMs: DAY_MS };
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw brokenSettings(path, 'it is not JSON', error);
  }
  const result = z.safeParse(fileSchema, value);
  if (!result.success) throw brokenSettings(path, 'it is not of the form {"keepRemoved": "24h"}', result.error);
  const { keepRemoved } = result.data;
  const keepRemovedMs = keepRemoved === undefined ? DAY_MS : spanMs(String(keepRemoved));
  if (keepRemovedMs === undefined) {
    throw brokenSettings(path, `"keepRemoved" is a time such as "24h" or "7d", or 0 for no trash, not "${keepRemoved}"`, undefined);
  }
  return { keepRemovedMs };
}

/** Go's durations, and days. */
function spanMs(text: string): number | undefined {
  const days = /^(\d+(?:\.\d+)?)d$/.exec(text)?.[1];
  if (days !== undefined) return Number(days) * DAY_MS;
  const nanoseconds = parseSpan(text);
  return nanoseconds === undefined || nanoseconds < 0 ? undefined : nanoseconds / 1e6;
}
