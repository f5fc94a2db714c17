// `--tz`: refused now, when nobody has rules for the zone, and not when the container starts.
import { isZoneName, zoneRules } from '../../runtime/zoneinfo.ts';
import { layerFs } from '../../storage/layout.ts';
import type { ImageRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';

/** Throws ERR_TIMEZONE (exit code 125). */
export function checkTimezone(ctx: Ctx, zone: string, image: ImageRecord): void {
  if (zone === 'local') return;
  const trees = image.layers.map(({ diffId }) => layerFs(ctx, diffId)).reverse();
  if (isZoneName(zone) && zoneRules(zone, { env: ctx.env, trees })) return;
  throw new EngineError('ERR_TIMEZONE', `Unknown time zone "${zone}": neither the host nor the image has rules for it`, {
    hint: 'Use a name such as Europe/Berlin, or local for the zone of the host',
    exitCode: 125,
  });
}
