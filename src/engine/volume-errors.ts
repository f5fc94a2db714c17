// What is said of volumes by more than one command, in Docker's words where it has some.
import { EngineError } from '../sys/errors.ts';

/** Docker's sentence, for the ids of the containers that name the volume, or run with it. */
export function volumeInUse(verb: string, ids: readonly string[], hint?: string): EngineError {
  return new EngineError('ERR_VOLUME_IN_USE', `${verb}: volume is in use - [${ids.join(', ')}]`, {
    hint: hint ?? `Remove its containers first: skiff rm ${ids.map((id) => id.slice(0, 12)).join(' ')}`,
  });
}

export const volumeExists = (name: string): EngineError =>
  new EngineError('ERR_VOLUME_EXISTS', `create ${name}: a volume with that name already exists`, {
    hint: `Take another name, or remove it first: skiff volume rm ${name}`,
  });

export const snapshotExists = (volume: string, name: string): EngineError =>
  new EngineError('ERR_SNAPSHOT_EXISTS', `The volume "${volume}" has a snapshot "${name}" already`, {
    hint: `Take another name, or remove it first: skiff volume snapshot --rm ${volume} ${name}`,
  });
