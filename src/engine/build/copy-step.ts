// COPY and ADD: what of the source counts, and the layer that comes of it.
import { EngineError } from '../../sys/errors.ts';
import type { BuildSite, CopyPlan, CopyStep } from './model.ts';

/** Throws what keeps the files from being copied. */
export async function planCopy(_site: BuildSite, _step: CopyStep): Promise<CopyPlan> {
  throw new EngineError('ERR_UNSUPPORTED', 'COPY is not there yet');
}
