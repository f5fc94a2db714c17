// One filter of the build cache and one entry of it.
import type { CacheCondition, CacheEntry } from '../../runtime/messages-cache.ts';

/** Whether an entry is what a filter asks for. */
export function holds(entry: CacheEntry, { field, operator, value }: CacheCondition): boolean {
  const texts = textsOf(entry, field);
  if (operator === '?') return texts.includes('true');
  if (operator === '~') return texts.some((text) => new RegExp(value).test(text));
  const isSame = field === 'id' ? entry.id.startsWith(value) : texts.includes(value);
  return isSame === (operator === '=');
}

function textsOf(entry: CacheEntry, field: CacheCondition['field']): string[] {
  if (field === 'parents') return entry.parents;
  if (field === 'inuse') return [String(entry.inUse)];
  if (field === 'immutable') return [String(!entry.mutable)];
  if (field === 'private') return [String(!entry.shared)];
  return [String(entry[field])];
}
