// Statements about images, as manifests of their index.
import { EngineError } from '../../../sys/errors.ts';
import type { OutputWork } from '../export.ts';
import type { BuildSite } from '../model.ts';
import type { PreparedImage, PreparedStatements } from './prepared.ts';

export async function makeStatements(
  _site: BuildSite,
  _images: readonly PreparedImage[],
  _facts: OutputWork['facts'],
): Promise<PreparedStatements[]> {
  throw new EngineError('ERR_UNSUPPORTED', 'Attestations are not supported yet');
}
