// Attaching to a running container's streams.
import { type AttachHandlers, type Attachment, attachToSupervisor } from '../runtime/control-client.ts';
import { findContainer } from '../storage/container.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';

export type { AttachHandlers, Attachment };

/** What a terminal session must know of the container before it attaches. */
export function attachTarget(ctx: Ctx, wanted: string): { id: string; tty: boolean; openStdin: boolean } {
  const { Id, Config } = findContainer(ctx, wanted).record;
  return { id: Id, tty: Config.Tty, openStdin: Config.OpenStdin };
}

/** Attaches to container `wanted`; `start` lets one that waits for it run. Throws ERR_NOT_RUNNING in Docker's words. */
export async function attachContainer(
  ctx: Ctx,
  wanted: string,
  options: { start?: boolean },
  handlers: AttachHandlers,
): Promise<Attachment> {
  const { record, state } = findContainer(ctx, wanted);
  if (!options.start && state.Status === 'restarting') {
    throw new EngineError('ERR_RESTARTING', 'You cannot attach to a restarting container, wait until it is running');
  }
  if (!options.start && state.Status === 'paused') {
    throw new EngineError('ERR_PAUSED', 'You cannot attach to a paused container, unpause it first', {
      hint: `skiff unpause ${record.Name}`,
    });
  }
  if (!options.start && state.Status !== 'running') {
    throw new EngineError('ERR_NOT_RUNNING', 'You cannot attach to a stopped container, start it first', {
      hint: `skiff start -a ${record.Name}`,
    });
  }
  return attachToSupervisor(ctx, record.Id, { output: true, start: options.start ?? false }, handlers);
}
