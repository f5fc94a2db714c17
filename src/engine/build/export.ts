// What becomes of a build's result.
import { EngineError } from '../../sys/errors.ts';
import type { BuildResult, BuildSite, BuiltImage } from './model.ts';

export async function exportBuild(_site: BuildSite, _images: readonly BuiltImage[]): Promise<BuildResult> {
  throw new EngineError('ERR_UNSUPPORTED', 'Building is not there yet');
}
