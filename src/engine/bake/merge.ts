// One target's fields over another's, as buildx's: maps are merged, some lists grow, the rest is replaced.
import type { Fields, TargetFields } from './model.ts';

const GROWING = ['annotations', 'entitlements', 'inherits'] as const;
const MERGED = ['args', 'labels', 'contexts', 'extra-hosts'] as const;

export function mergeFields(under: TargetFields, over: TargetFields): TargetFields {
  const result: TargetFields = { ...under, ...over };
  for (const name of GROWING) if (under[name] && over[name]) result[name] = [...under[name], ...over[name]];
  for (const name of MERGED) if (under[name] && over[name]) Object.assign(result, { [name]: { ...under[name], ...over[name] } });
  if (under['cache-from'] && over['cache-from']) result['cache-from'] = unique([...under['cache-from'], ...over['cache-from']], same);
  if (under.secret && over.secret) result.secret = unique([...under.secret, ...over.secret], ({ id = '' }) => id);
  if (under.ssh && over.ssh) result.ssh = unique([...under.ssh, ...over.ssh], ({ id }) => id);
  if (under.attest && over.attest) result.attest = unique([...under.attest, ...over.attest], ({ type = '' }) => type);
  return result;
}

const same = (fields: Fields): string => JSON.stringify(Object.entries(fields).sort());

/** The last one of each key, in the first one's place. */
function unique<T>(items: readonly T[], keyOf: (item: T) => string): T[] {
  return [...new Map(items.map((item) => [keyOf(item), item])).values()];
}
