// `--timeout` of `run` and `create`, which is Podman's: how long a container may run.
import type { ContainerExtras } from '../engine/create/options.ts';
import { type FlagValues, flag } from './flag.ts';

function seconds(text: string): number {
  if (/^\+?\d{1,10}$/.test(text)) return Number(text);
  throw new Error('must be a number of seconds, 0 for no limit');
}

export const timeLimitFlags = {
  timeout: flag.custom({
    helpValue: 'int',
    description: 'Seconds that the container may run before it is stopped (0 for no limit)',
    parse: seconds,
  }),
};

/** What skiff has beyond Docker's configuration. */
export function timeLimitExtras({ timeout = 0 }: FlagValues<typeof timeLimitFlags>): Pick<ContainerExtras, 'TimeoutSeconds'> {
  return timeout > 0 ? { TimeoutSeconds: timeout } : {};
}
