// Waiting for a container's end.
import { attachToSupervisor, SupervisorGone } from '../runtime/control-client.ts';
import { findContainer, isRunning } from '../storage/container.ts';
import type { Ctx } from '../sys/context.ts';
import { waitUntilDown } from './stop.ts';

/**
 * Resolves with the exit code once the container is not running; at once when it is not. Throws ERR_NO_SUCH_CONTAINER, also when it was
 * removed before its exit code could be heard.
 */
export async function waitContainer(ctx: Ctx, wanted: string): Promise<number> {
  const { record, state } = findContainer(ctx, wanted);
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
