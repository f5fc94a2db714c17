// How large the build cache may be: `SKIFF_BUILD_CACHE_MAX`, else `cacheMax` of `$XDG_CONFIG_HOME/skiff/build.json`, else 10 GB. A setting that cannot be
// read is an error before a build begins: it would be wrong in either direction to guess.
import { join } from 'node:path';
import { brokenSettings, configHome, readIfThere } from '../../oci/settings-file.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { parseBytes } from '../create/sizes.ts';

const DEFAULT_BYTES = 10 * 2 ** 30;
const VARIABLE = 'SKIFF_BUILD_CACHE_MAX';
const FORM = 'a size such as "10GB", 0 for no cache, or "unlimited"';

/** Bytes; infinite where there is to be no cap. Throws ERR_BAD_SETTING, ERR_REGISTRIES_FILE. */
export async function cacheCap({ env }: Pick<Ctx, 'env'>): Promise<number> {
  const text = env[VARIABLE];
  if (text) {
    const bytes = bytesOf(text);
    if (bytes !== undefined) return bytes;
    throw new EngineError('ERR_BAD_SETTING', `Cannot use ${VARIABLE}="${text}": it is not a size`, { hint: `Give it ${FORM}` });
  }
  const path = join(configHome(env), 'skiff/build.json');
  const file = readIfThere(path);
  return file === undefined ? DEFAULT_BYTES : capIn(path, file);
}

async function capIn(path: string, text: string): Promise<number> {
  const z = await import('zod/mini');
  const fileSchema = z.strictObject({ cacheMax: z.optional(z.union([z.string(), z.number()])) });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw brokenSettings(path, 'it is not JSON', error);
  }
  const result = z.safeParse(fileSchema, value);
  if (!result.success) throw brokenSettings(path, 'it is not of the form {"cacheMax": "10GB"}', result.error);
  const { cacheMax } = result.data;
  if (cacheMax === undefined) return DEFAULT_BYTES;
  const bytes = bytesOf(String(cacheMax));
  if (bytes !== undefined) return bytes;
  throw brokenSettings(path, `"cacheMax" is ${FORM}, not "${cacheMax}"`, undefined);
}

function bytesOf(text: string): number | undefined {
  if (text === 'unlimited') return Number.POSITIVE_INFINITY;
  try {
    return parseBytes(text);
  } catch {
    return undefined;
  }
}
