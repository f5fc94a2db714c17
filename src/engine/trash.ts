// The trash as commands use it: what is in it, bringing the last removal back, emptying it. What is deleted for good is out of sight before.
import { bringBack, detachRemovals, listRemovals, newRemoval, type Removal, replacedIn } from '../storage/trash.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { deleteInNamespace } from './remove.ts';
import { readVolumeSettings } from './volume-settings.ts';
import { runJob } from './worker-client.ts';

export interface KeptRemoval extends Removal {
  /** When it is deleted, or could be: the next command that sweeps does it. */
  until: Date;
  /** Of the volume the files alone, which others replaced. */
  isReplaced: boolean;
}

/** Where a command is to put what it removes; undefined when that is to be deleted at once. Throws ERR_REGISTRIES_FILE. */
export function trashFor(ctx: Ctx, { purge = false } = {}): string | undefined {
  return readVolumeSettings(ctx).keepRemovedMs > 0 && !purge ? newRemoval(ctx) : undefined;
}

/** What can be brought back, the latest removal first. */
export function listTrash(ctx: Ctx): KeptRemoval[] {
  const { keepRemovedMs } = readVolumeSettings(ctx);
  return listRemovals(ctx).map((removal) => ({
    ...removal,
    until: new Date(removal.removedAt.getTime() + keepRemovedMs),
    isReplaced: replacedIn(ctx, removal) !== undefined,
  }));
}

/** Brings back what the last command that removed volumes took away; returns their names. Throws ERR_NOTHING_TO_UNDO, ERR_VOLUME_EXISTS. */
export async function undoRemoval(ctx: Ctx): Promise<string[]> {
  const [last] = listRemovals(ctx);
  if (!last) {
    throw new EngineError('ERR_NOTHING_TO_UNDO', 'Nothing to undo: the trash is empty', {
      hint: 'Only removed volumes are kept, and only for a while (docs/volumes.md)',
    });
  }
  const replaced = replacedIn(ctx, last);
  if (replaced !== undefined) {
    await runJob(ctx, { kind: 'volume-put-back', removal: last.id, volume: replaced });
    return [replaced];
  }
  const [taken] = bringBack(ctx, last);
  if (taken === undefined) return last.volumes;
  throw new EngineError('ERR_VOLUME_EXISTS', `Cannot bring back the volume "${taken}": there is another volume of that name by now`, {
    hint: `Give that one another name first: skiff volume rename ${taken} ${taken}-new`,
  });
}

/** Deletes what has been in the trash for long enough. */
export async function expireTrash(ctx: Ctx): Promise<void> {
  const { keepRemovedMs } = readVolumeSettings(ctx);
  await deleteInNamespace(ctx, detachRemovals(ctx, new Date(ctx.now().getTime() - keepRemovedMs)));
}

/** Deletes everything in the trash; returns how many volumes that were. */
export async function emptyTrash(ctx: Ctx): Promise<number> {
  const volumes = listRemovals(ctx).flatMap((removal) => removal.volumes);
  await deleteInNamespace(ctx, detachRemovals(ctx));
  return volumes.length;
}
