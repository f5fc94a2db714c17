import { chooseToEvict, type SizedItem } from '../../../src/storage/build-cache-evict.ts';

const item = (name: string, usedAt: number, size: number, more: Partial<SizedItem> = {}): SizedItem => ({
  ...{ id: name, name, type: 'regular', parents: [], createdAt: '', lastUsedAt: '', uses: 1, description: '' },
  ...{ inUse: false, shared: false, usedAt, size },
  ...more,
});
const ITEMS = [item('new', 3, 100), item('old', 1, 10), item('mid', 2, 50), item('image', 0, 0, { shared: true })];
const NONE = { reserved: 0, maxUsed: 0, minFree: 0 };
const chosen = (options: Partial<Parameters<typeof chooseToEvict>[1]>, items = ITEMS) =>
  chooseToEvict(items, { all: false, fits: () => true, limits: NONE, free: 1000, ...options }).map(({ name }) => name);

test('without limits everything goes that no image shares, what was used longest ago first', () => {
  expect(chosen({})).toEqual(['old', 'mid', 'new']);
  expect(chosen({ all: true })).toEqual(['image', 'old', 'mid', 'new']);
});

test('what a build has stays, and so does what the filter does not let through', () => {
  expect(chosen({}, [...ITEMS, item('busy', 0, 5, { inUse: true })])).toEqual(['old', 'mid', 'new']);
  expect(chosen({ fits: ({ name }) => name !== 'mid' })).toEqual(['old', 'new']);
});

test.each([
  [{ maxUsed: 160 }, []],
  [{ maxUsed: 155 }, ['old']],
  [{ maxUsed: 100 }, ['old', 'mid']],
  [{ reserved: 150 }, ['old']],
  [{ maxUsed: 50, reserved: 120 }, ['old', 'mid']],
  [{ minFree: 1000 }, []],
  [{ minFree: 1010 }, ['old']],
  [{ minFree: 1010, maxUsed: 100 }, ['old', 'mid']],
  [{ minFree: 5000, reserved: 100 }, ['old', 'mid']],
])('of 160 bytes on a disk with 1000 free, %j takes %j', (limits, names) => {
  expect(chosen({ limits: { ...NONE, ...limits } })).toEqual(names);
});
