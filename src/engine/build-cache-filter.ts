// `--filter` of `builder du` and `builder prune`, as buildx has it: NAME=VALUE, NAME!=VALUE, NAME~=PATTERN, and yes-or-no names alone. All must
// hold. `until` is a time since the last use.
import type { CacheCondition } from '../runtime/messages-cache.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { parseSpan } from './timestamp.ts';

export interface CacheFilter {
  conditions: CacheCondition[];
  /** What was used later stays; ms since 1970. */
  before?: number | undefined;
}

const YES_OR_NO = ['inuse', 'shared', 'private', 'mutable', 'immutable'] as const;
const TEXTS = ['id', 'type', 'description', 'parents'] as const;
const SYNONYMS: Readonly<Record<string, string>> = { parent: 'parents', 'unused-for': 'until' };
const KNOWN = ['until', ...TEXTS, ...YES_OR_NO];

/** Throws ERR_BAD_FILTER. */
export function parseCacheFilter(ctx: Pick<Ctx, 'now'>, texts: readonly string[]): CacheFilter {
  const filter: CacheFilter = { conditions: [] };
  for (const text of texts) {
    const [, word = '', operator = '', value = ''] = /^([^=!~]*)(!=|~=|==|=|)(.*)$/s.exec(text.trim()) ?? [];
    const name = SYNONYMS[word.toLowerCase()] ?? word.toLowerCase();
    if (name === 'until') {
      if (filter.before !== undefined) throw bad('"until" filter expects only one value', 'Give one --filter until=24h');
      filter.before = ctx.now().getTime() - spanMs(value, operator);
    } else filter.conditions.push(conditionOf(name, { operator, value, text }));
  }
  return filter;
}

function conditionOf(name: string, { operator, value, text }: { operator: string; value: string; text: string }): CacheCondition {
  const yesOrNo = YES_OR_NO.find((known) => known === name);
  if (yesOrNo) {
    if (operator === '') return { field: yesOrNo, operator: '?', value: '' };
    const isYes = /^(true|1)$/i.test(value);
    if ((!isYes && !/^(false|0)$/i.test(value)) || operator === '~=')
      throw bad(`invalid filter '${text}'`, `Give ${name}, ${name}=true or ${name}=false`);
    return { field: yesOrNo, operator: operator === '!=' ? '!' : '=', value: String(isYes) };
  }
  const field = TEXTS.find((known) => known === name);
  if (!field) throw bad(`invalid filter '${name}'`, `Known filters: ${KNOWN.join(', ')}`);
  if (operator === '') throw bad(`bad format of filter '${text}' (expected name=value)`, `Give ${name}=VALUE`);
  if (operator !== '~=') return { field, operator: operator === '!=' ? '!' : '=', value };
  try {
    new RegExp(value);
  } catch {
    throw bad(`invalid filter '${text}': "${value}" is no regular expression`, `Give ${name}~=PATTERN`);
  }
  return { field, operator: '~', value };
}

function spanMs(text: string, operator: string): number {
  const nanoseconds = operator === '=' ? parseSpan(text) : undefined;
  if (nanoseconds !== undefined && nanoseconds >= 0) return nanoseconds / 1e6;
  throw bad(`"until" filter expects a duration (e.g., '24h'): "${text}"`, 'Units are h, m and s');
}

const bad = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_FILTER', message, { hint });
