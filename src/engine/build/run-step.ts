// One RUN: a container without a record, run by this worker.
import { EngineError } from '../../sys/errors.ts';
import type { BuildSite, RanStep, RunStep } from './model.ts';

/** `onOutput` hears bytes as they come. */
export async function runStep(_site: BuildSite, _step: RunStep, _onOutput: (stream: 1 | 2, data: Uint8Array) => void): Promise<RanStep> {
  throw new EngineError('ERR_UNSUPPORTED', 'RUN is not there yet');
}
