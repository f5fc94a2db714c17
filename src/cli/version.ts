// What this program calls itself. The version is package.json's, the commit is put in by scripts/build.ts.
import { version } from '../../package.json';

declare const SKIFF_COMMIT: string | undefined;

export { version };
/** Short git hash of the build; 'unknown' from a checkout or an archive. */
export const commit: string = typeof SKIFF_COMMIT === 'string' ? SKIFF_COMMIT : 'unknown';

/** Docker's line for `--version`. */
export function versionLine(): string {
  return `skiff version ${version}, build ${commit}\n`;
}
