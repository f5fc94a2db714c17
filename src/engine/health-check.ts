// A health check that is asked for. The supervisor runs it, as it runs those of its own timer, and it counts as one of them.
import { askForCheck, SupervisorGone } from '../runtime/control-client.ts';
import { healthPlan } from '../runtime/health-plan.ts';
import { findContainer } from '../storage/container.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';

/** Whether the check says that the container is well. Throws ERR_NO_SUCH_CONTAINER, ERR_NOT_RUNNING, ERR_PAUSED, ERR_NO_HEALTH_CHECK (125). */
export async function checkContainer(ctx: Ctx, wanted: string): Promise<boolean> {
  const { record, state } = findContainer(ctx, wanted);
  const { Id, Name } = record;
  if (!healthPlan(record.Config)) {
    throw new EngineError('ERR_NO_HEALTH_CHECK', `Container "${Name}" has no health check`, {
      hint: 'Give it one by --health-cmd',
      exitCode: 125,
    });
  }
  const notRunning = new EngineError('ERR_NOT_RUNNING', `Container ${Id} is not running`, { hint: `skiff start ${Name}`, exitCode: 125 });
  if (state.Status === 'paused') {
    throw new EngineError('ERR_PAUSED', `Container ${wanted} is paused, unpause the container before a check`, { exitCode: 125 });
  }
  if (state.Status !== 'running') throw notRunning;
  try {
    return (await askForCheck(ctx, Id)) === 0;
  } catch (error) {
    throw error instanceof SupervisorGone ? notRunning : error;
  }
}
