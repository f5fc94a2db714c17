// Waiting for a container's end, and renaming one.
import { attachToSupervisor, SupervisorGone } from '../runtime/control-client.ts';
import { findContainer, isRunning, readContainer, releaseName, reserveName, rewriteRecord } from '../storage/container.ts';
import { lockPath } from '../storage/layout.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { withLock } from '../sys/lock.ts';
import { waitUntilDown } from './stop.ts';

/** Resolves with the exit code once the container is not running; at once when it is not. */
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
  return readContainer(ctx, record.Id)?.state.ExitCode ?? 137;
}

/** Gives the container another name. Throws ERR_NAME_TAKEN, ERR_BAD_NAME. */
export function renameContainer(ctx: Ctx, wanted: string, name: string): void {
  const wish = name.replace(/^\//, '');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]+$/.test(wish)) {
    throw new EngineError('ERR_BAD_NAME', `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  withLock(lockPath(ctx, 'rename'), () => {
    const { record } = findContainer(ctx, wanted);
    if (record.Name === wish) throw new EngineError('ERR_NAME_TAKEN', 'Renaming a container with the same name as its current name');
    reserveName(ctx, wish, record.Id);
    // If we die here both names lead to it; the record decides, and removal frees the new one when the old is gone.
    rewriteRecord(ctx, { ...record, Name: wish });
    releaseName(ctx, record.Name, record.Id);
  });
}
