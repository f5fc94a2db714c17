// What `--sbom` and `--provenance` may be given. What BuildKit knows and we do not is refused by name.
import { EngineError } from '../../sys/errors.ts';
import type { BuildOptions } from './model.ts';

const PROVENANCE = ['mode', 'version', 'builder-id', 'inv-id', 'reproducible'];

/** Throws ERR_ATTEST. */
export function checkAttest({ sbom, provenance }: BuildOptions['attest']): void {
  for (const key of Object.keys(sbom ?? {})) {
    throw key === 'generator'
      ? refused('scanner images are not run: an SBOM is made of what the package managers of the image wrote down', 'Leave out generator=')
      : refused(`"${key}" is no attribute of an SBOM`);
  }
  for (const [key, value] of Object.entries(provenance ?? {})) {
    if (!PROVENANCE.includes(key)) throw refused(`"${key}" is no attribute of provenance`, `Known are ${PROVENANCE.join(', ')}`);
    if (key === 'version' && value !== 'v1' && value !== 'v0.2')
      throw refused(`unknown version "${value}" of provenance`, 'Known are v0.2 and v1');
    if (key === 'reproducible' && value !== 'true' && value !== 'false') throw refused(`non-bool value "${value}" for reproducible`);
  }
}

const refused = (what: string, hint?: string): EngineError =>
  new EngineError('ERR_ATTEST', `Invalid attestation: ${what}`, hint === undefined ? {} : { hint });
