// The container that a job is about, read anew: between the front's look and the worker's it may have been removed.
import { readContainerRecord } from '../../storage/container.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';

/** The record of the container with that full id, which the front has found. Throws ERR_NO_SUCH_CONTAINER when it is gone by now. */
export function requireRecord(ctx: Ctx, id: string): ContainerRecord {
  const record = readContainerRecord(ctx, id);
  if (record) return record;
  throw new EngineError('ERR_NO_SUCH_CONTAINER', `No such container: ${id}`, { hint: 'It was removed meanwhile' });
}
