// A command that meets something damaged in the store has it put right and is tried once more; one that meets a full disk has the trash
// emptied. What does that is loaded only then: this file is on the way of every command.
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { meetsFullDisk } from './full-disk.ts';

export interface HealingOptions {
  ctx: Ctx;
  /** Id of the command; what has written half of its output is not tried again. */
  command?: string;
  /** What follows the command's name. */
  words?: readonly string[];
  say: (line: string) => void;
}

const DAMAGE = new Set(['ERR_IMAGE_INCOMPLETE', 'ERR_BLOB_MISSING', 'ERR_BLOB_DAMAGED', 'ERR_LAYER_MISSING']);

/** Does `work`, and once more when the damage that it met could be repaired, or room was made. Throws as `work`. */
export async function healing<T>(work: () => Promise<T>, { ctx, command = '', words = [], say }: HealingOptions): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (meetsFullDisk(error)) {
      const { makeRoom } = await import('./make-room.ts');
      if (!(await makeRoom(ctx, { command, words, say }))) throw error;
      return await work();
    }
    if (!(error instanceof EngineError) || !DAMAGE.has(error.code)) throw error;
    const { heal } = await import('./heal.ts');
    if (!(await heal(ctx, error, { command, say }))) throw error;
    return await work();
  }
}
