// Stopping a container and starting it again. One that removes itself at its end (--rm) is kept through the stop in between.
import type { ContainerView } from '../storage/container.ts';
import { recordContainerEvent } from '../storage/events.ts';
import type { Ctx } from '../sys/context.ts';
import { removeContainer } from './remove.ts';
import { startContainer } from './start.ts';
import { type StopOptions, stopContainer } from './stop.ts';

/** Restarts the container, or starts it when it is down. Throws as `stopContainer` and `startContainer`. */
export async function restartContainer(ctx: Ctx, wanted: string, options: Omit<StopOptions, 'keep'> = {}): Promise<ContainerView> {
  const view = await stopContainer(ctx, wanted, { ...options, keep: true });
  const { Id, HostConfig } = view.record;
  try {
    await startContainer(ctx, Id);
  } catch (error) {
    // It has ended for good. What kept it from starting matters more than what keeps it from going.
    if (HostConfig.AutoRemove) await removeContainer(ctx, Id, { force: true, volumes: true }).catch(() => undefined);
    throw error;
  }
  recordContainerEvent(ctx, view.record, 'restart');
  return view;
}
