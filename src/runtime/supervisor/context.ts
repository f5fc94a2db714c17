// The supervisor's context, from the environment that the front gave it. Warnings go to the front that still listens.

import { writeAll } from '../../sys/atomic.ts';
import type { Ctx } from '../../sys/context.ts';
import { dataRoot } from '../../sys/context.ts';
import { errnoOf } from '../../sys/errors.ts';
import type { StartEvent } from '../messages.ts';

/** Tells the front that spawned us; it may be gone, which is fine. */
export function tellFront(event: StartEvent): void {
  try {
    writeAll(1, Buffer.from(`${JSON.stringify(event)}\n`));
  } catch (error) {
    if (errnoOf(error) !== 'EPIPE') throw error;
  }
}

export function supervisorContext(env: Ctx['env']): Ctx {
  return {
    paths: { data: dataRoot(env), run: env.SKIFF_RUNROOT ?? '' },
    env,
    warn: (message) => tellFront({ type: 'warning', message }),
    now: () => new Date(),
  };
}
