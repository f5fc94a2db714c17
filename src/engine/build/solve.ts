// The solver: a graph of stages and steps, from a Dockerfile to images.
import { EngineError } from '../../sys/errors.ts';
import type { BuildJob, BuildSite, BuiltImage } from './model.ts';

export async function solve(_site: BuildSite, _job: BuildJob): Promise<BuiltImage[]> {
  throw new EngineError('ERR_UNSUPPORTED', 'Building is not there yet');
}
