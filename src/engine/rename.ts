// Renaming a container, whether it runs or not. The container's record decides what it is called; the links in names/ follow it.
import { findContainer, isRunning, rewriteRecord } from '../storage/container.ts';
import { releaseName, reserveName } from '../storage/container-name.ts';
import { recordContainerEvent } from '../storage/events.ts';
import { lockPath } from '../storage/layout.ts';
import { NAME_PATTERN } from '../storage/name-pattern.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { withLock } from '../sys/lock.ts';

const ANSWER_MS = 1000;

/** Gives the container another name. Throws ERR_NAME_TAKEN, ERR_BAD_NAME, and ERR_NO_SUCH_CONTAINER when it is removed meanwhile. */
export async function renameContainer(ctx: Ctx, wanted: string, name: string): Promise<void> {
  const wish = name.replace(/^\//, '');
  if (!NAME_PATTERN.test(wish)) {
    throw new EngineError('ERR_BAD_NAME', `Invalid container name (${name}), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed`);
  }
  const id = withLock(lockPath(ctx, 'rename'), () => {
    const { record } = findContainer(ctx, wanted);
    if (record.Name === wish) throw new EngineError('ERR_NAME_TAKEN', 'Renaming a container with the same name as its current name');
    reserveName(ctx, wish, record.Id);
    try {
      // If we die around here both names lead to it; the old one is free for others once the container is removed.
      rewriteRecord(ctx, { ...record, Name: wish });
    } catch (error) {
      releaseName(ctx, wish, record.Id);
      if (errnoOf(error) !== 'ENOENT') throw error;
      throw new EngineError('ERR_NO_SUCH_CONTAINER', `No such container: ${wanted}`, { hint: 'List what there is: skiff ps -a' });
    }
    releaseName(ctx, record.Name, record.Id);
    recordContainerEvent(ctx, { ...record, Name: wish }, 'rename', { oldName: `/${record.Name}` });
    return record.Id;
  });
  await tellSupervisor(ctx, id);
}

/** Others on its networks find a running container by its new name. One that does not answer learns of it later. */
async function tellSupervisor(ctx: Ctx, id: string): Promise<void> {
  if (!isRunning(ctx, id)) return;
  const { askSupervisor } = await import('../runtime/control-client.ts');
  const told = askSupervisor(ctx, id, { type: 'updated' }).catch(() => undefined);
  await Promise.race([told, Bun.sleep(ANSWER_MS)]);
}
