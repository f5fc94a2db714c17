// Waiting for what becomes of a container. An end is told by its supervisor at once; everything else is read from its state, which
// every supervisor writes and nobody announces.
import { attachToSupervisor, SupervisorGone } from '../runtime/control-client.ts';
import { healthPlan } from '../runtime/health-plan.ts';
import { type ContainerView, findContainer, isRunning, readContainer } from '../storage/container.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { waitUntilDown } from './stop.ts';

/** Docker's three, then Podman's: `stopped` and `exited` are `not-running`. */
export const WAIT_CONDITIONS = [
  ...['not-running', 'next-exit', 'removed'],
  ...['stopped', 'exited', 'created', 'running', 'paused', 'healthy', 'unhealthy'],
] as const;
export type WaitCondition = (typeof WAIT_CONDITIONS)[number];

const LOOK_MS = 50;
/** What Podman gives where no exit code belongs to what was waited for. */
const NO_CODE = -1;

/**
 * Resolves with the exit code once `condition` holds; -1 for a condition that is not an end. Throws ERR_NO_SUCH_CONTAINER, also when
 * it was removed before its exit code could be heard, and what keeps the condition from ever coming true.
 */
export async function waitContainer(ctx: Ctx, wanted: string, condition: WaitCondition = 'not-running'): Promise<number> {
  const view = findContainer(ctx, wanted);
  switch (condition) {
    case 'not-running':
    case 'stopped':
    case 'exited':
      return end(ctx, view);
    case 'next-exit':
      return nextExit(ctx, view);
    case 'removed':
      return removal(ctx, view);
    case 'healthy':
    case 'unhealthy':
      return health(ctx, view, condition);
    default:
      return until(ctx, view, ({ state }) => state.Status === condition);
  }
}

async function end(ctx: Ctx, { record, state }: ContainerView): Promise<number> {
  if (!isRunning(ctx, record.Id)) return state.ExitCode;
  const ignore = (): void => undefined;
  try {
    const attachment = await attachToSupervisor(ctx, record.Id, { output: false, start: false }, { stdout: ignore, stderr: ignore });
    const code = await attachment.exit;
    if (code !== undefined) return code;
  } catch (error) {
    if (!(error instanceof SupervisorGone)) throw error;
  }
  await waitUntilDown(ctx, record.Id, Number.POSITIVE_INFINITY);
  return findContainer(ctx, record.Id).state.ExitCode;
}

// One that is down is waited for until it has run again, which may be over before we see it run.
async function nextExit(ctx: Ctx, view: ContainerView): Promise<number> {
  const { Id } = view.record;
  for (let now = view; ; now = findContainer(ctx, Id)) {
    if (now.state.Status === 'running' || now.state.Status === 'paused') return end(ctx, now);
    if (now.state.FinishedAt !== view.state.FinishedAt) return now.state.ExitCode;
    await Bun.sleep(LOOK_MS);
  }
}

async function removal(ctx: Ctx, view: ContainerView): Promise<number> {
  const { Id } = view.record;
  let code = view.state.ExitCode;
  for (let now: ContainerView | undefined = view; now; now = readContainer(ctx, Id)) {
    // The end of one that is removed next is not written: it is heard from its supervisor, or not at all.
    if (isRunning(ctx, Id)) code = await end(ctx, now).catch(ifGone(code));
    await Bun.sleep(LOOK_MS);
  }
  return code;
}

const ifGone =
  (code: number) =>
  (error: unknown): number => {
    if (error instanceof EngineError && error.code === 'ERR_NO_SUCH_CONTAINER') return code;
    throw error;
  };

async function health(ctx: Ctx, view: ContainerView, wanted: 'healthy' | 'unhealthy'): Promise<number> {
  const { Name, Config } = view.record;
  if (!healthPlan(Config)) {
    throw new EngineError('ERR_NO_HEALTH_CHECK', `Container "${Name}" has no health check`, { hint: 'Give it one by --health-cmd' });
  }
  return until(ctx, view, ({ state }) => {
    if (state.Status === 'exited') {
      throw new EngineError('ERR_NOT_RUNNING', `Container "${Name}" is not running, so it does not become ${wanted}`, {
        hint: `skiff start ${Name}`,
      });
    }
    return (state.Status === 'running' || state.Status === 'paused') && state.Health?.Status === wanted;
  });
}

async function until(ctx: Ctx, view: ContainerView, holds: (view: ContainerView) => boolean): Promise<number> {
  for (let now = view; !holds(now); now = findContainer(ctx, view.record.Id)) await Bun.sleep(LOOK_MS);
  return NO_CODE;
}
