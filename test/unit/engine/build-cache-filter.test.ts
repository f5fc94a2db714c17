import { holds } from '../../../src/engine/build/cache-condition.ts';
import { parseCacheFilter } from '../../../src/engine/build-cache-filter.ts';
import type { CacheEntry } from '../../../src/runtime/messages-cache.ts';

const now = new Date('2026-01-02T00:00:00Z');
const entry: CacheEntry = {
  ...{ id: '0123456789abcdef012345678', type: 'regular', parents: ['aa'], createdAt: '', lastUsedAt: '', uses: 1, size: 1 },
  ...{ description: 'RUN make all', inUse: false, shared: true, mutable: false },
};

test.each([
  ['type=regular', true],
  ['type!=regular', false],
  ['type=exec.cachemount', false],
  ['id=01234', true],
  ['id=1234', false],
  ['id~=1234', true],
  ['description~=make', true],
  ['description=make', false],
  ['parent=aa', true],
  ['shared', true],
  ['shared=false', false],
  ['private', false],
  ['private=false', true],
  ['inuse!=true', true],
  ['immutable', true],
])('--filter %s lets an entry through: %p', (text, expected) => {
  const { conditions } = parseCacheFilter({ now: () => now }, [text]);
  expect(conditions.every((condition) => holds(entry, condition))).toBe(expected);
});

test('until is a span before now', () => {
  expect(parseCacheFilter({ now: () => now }, ['until=24h'])).toEqual({ conditions: [], before: Date.parse('2026-01-01T00:00:00Z') });
  expect(parseCacheFilter({ now: () => now }, ['unused-for=1h30m']).before).toBe(Date.parse('2026-01-01T22:30:00Z'));
});

test.each([
  [['colour=red'], "invalid filter 'colour'"],
  [['until=tomorrow'], '"until" filter expects a duration (e.g., \'24h\'): "tomorrow"'],
  [['until=1h', 'until=2h'], '"until" filter expects only one value'],
  [['type'], "bad format of filter 'type' (expected name=value)"],
  [['shared=maybe'], "invalid filter 'shared=maybe'"],
  [['id~=('], 'invalid filter \'id~=(\': "(" is no regular expression'],
])('%j is refused', (texts, message) => {
  expect(() => parseCacheFilter({ now: () => now }, texts)).toThrow(message);
});
