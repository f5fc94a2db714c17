// Pausing a container and letting it go on. Its supervisor does it, for it alone writes the state; what is refused is refused in Docker's words.
import { askSupervisor, SupervisorGone } from '../runtime/control-client.ts';
import { type ContainerView, findContainer } from '../storage/container.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';

/** A supervisor that has said nothing for so long is stuck: freezing gives up long before. */
const ANSWER_MS = 20_000;
/** How long the state may say that a container runs whose supervisor has just ended. */
const GONE_MS = 5_000;

/**
 * Freezes every process of the container; resolves when they rest. Throws ERR_NO_SUCH_CONTAINER, ERR_NOT_RUNNING, ERR_PAUSED,
 * ERR_RESTARTING, ERR_NO_CGROUP where the container has no cgroup of its own.
 */
export async function pauseContainer(ctx: Ctx, wanted: string): Promise<ContainerView> {
  const view = findContainer(ctx, wanted);
  requirePausable(view);
  await ask(ctx, view, 'pause', () => requirePausable(findContainer(ctx, view.record.Id)));
  return view;
}

/** Lets a paused container go on. Throws ERR_NO_SUCH_CONTAINER, ERR_NOT_PAUSED. */
export async function unpauseContainer(ctx: Ctx, wanted: string): Promise<ContainerView> {
  const view = findContainer(ctx, wanted);
  requirePaused(view);
  await ask(ctx, view, 'unpause', () => requirePaused(findContainer(ctx, view.record.Id)));
  return view;
}

function requirePausable({ record, state }: ContainerView): void {
  if (state.Status === 'paused') throw new EngineError('ERR_PAUSED', `Container ${record.Id} is already paused`);
  if (state.Status === 'restarting') {
    throw new EngineError('ERR_RESTARTING', `Container ${record.Id} is restarting, wait until the container is running`);
  }
  if (state.Status !== 'running') {
    throw new EngineError('ERR_NOT_RUNNING', `Container ${record.Id} is not running`, { hint: `skiff start ${record.Name}` });
  }
}

function requirePaused({ record, state }: ContainerView): void {
  if (state.Status !== 'paused') throw new EngineError('ERR_NOT_PAUSED', `Container ${record.Id} is not paused`);
}

async function ask(ctx: Ctx, { record }: ContainerView, type: 'pause' | 'unpause', require: () => void): Promise<void> {
  for (const lateAt = performance.now() + GONE_MS; ; await Bun.sleep(20)) {
    try {
      await Promise.race([askSupervisor(ctx, record.Id, { type }), noAnswer()]);
      return;
    } catch (error) {
      if (!(error instanceof SupervisorGone)) throw error;
    }
    // It has ended since, or its supervisor was killed: the state says so in a moment.
    require();
    if (performance.now() < lateAt) continue;
    throw new EngineError('ERR_NO_ANSWER', `Cannot ${type} container "${record.Name}": its supervisor does not answer`, {
      hint: `End the container: skiff rm -f ${record.Name}`,
    });
  }
}

async function noAnswer(): Promise<never> {
  await Bun.sleep(ANSWER_MS);
  throw new SupervisorGone('The supervisor does not answer');
}
