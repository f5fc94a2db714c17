import { containerMap, fullKeepId, fuseMapping, hasId, idExchange, keptIds, outerId, outerUser } from '../../../src/runtime/keep-id.ts';

const caller = { uid: 1000, gid: 100 };
const counts = { uids: 65_537, gids: 65_537 };

test('the mode is written out, with the caller’s ids where none are named', () => {
  expect(fullKeepId('keep-id', caller)).toBe('keep-id:uid=1000,gid=100');
  expect(fullKeepId('keep-id:gid=7', caller)).toBe('keep-id:uid=1000,gid=7');
  expect(fullKeepId('keep-id:uid=1,gid=2', caller)).toBe('keep-id:uid=1,gid=2');
});

test.each([
  'keep-id:',
  'keep-id:uid',
  'keep-id:uid=x',
  'keep-id:uid=-1',
  'keep-id:uid=4294967295',
  'keep-id:uid=1;gid=2',
  'keep-id:size=3',
])('%s is refused', (mode) => {
  expect(() => fullKeepId(mode, caller)).toThrow(expect.objectContaining({ code: 'ERR_USERNS', exitCode: 125 }));
});

test('other modes keep nothing, and to keep 0 changes nothing', () => {
  expect(['', 'host', undefined, 'keep-id:uid=0,gid=0'].map(keptIds)).toEqual([undefined, undefined, undefined, undefined]);
  expect(keptIds('keep-id:uid=0,gid=5')).toEqual({ uid: 0, gid: 5 });
});

test('the kept id and 0 change places, the others stay', () => {
  expect(containerMap(1000, 65_537)).toEqual([
    [0, 1000, 1],
    [1, 1, 999],
    [1000, 0, 1],
    [1001, 1001, 64_536],
  ]);
  expect(containerMap(1, 3)).toEqual([
    [0, 1, 1],
    [1, 0, 1],
    [2, 2, 1],
  ]);
  expect(containerMap(0, 10)).toEqual([
    [0, 0, 1],
    [1, 1, 9],
  ]);
});

test('an id beyond ours takes the place of our last one', () => {
  expect(containerMap(5000, 100)).toEqual([
    [0, 99, 1],
    [1, 1, 98],
    [5000, 0, 1],
  ]);
  expect([99, 5000, 98, 100].map((id) => hasId(id, 5000, 100))).toEqual([false, true, true, false]);
  expect([99, 100].map((id) => hasId(id, 7, 100))).toEqual([true, false]);
});

test.each([
  [1000, 65_537],
  [1, 2],
  [99, 100],
  [5000, 100],
])('every id of the map of %i in %i is the one that its file has', (kept, count) => {
  for (const [inside, outside, length] of containerMap(kept, count)) {
    expect(outerId(inside, kept, count)).toBe(outside);
    expect(outerId(inside + length - 1, kept, count)).toBe(outside + length - 1);
  }
});

test('fuse-overlayfs is told the same exchange', () => {
  expect(fuseMapping({ uid: 1000, gid: 0 }, counts)).toEqual([
    'uidmapping=0:1000:1:1:1:999:1000:0:1:1001:1001:64536',
    'gidmapping=0:0:1:1:1:65536',
  ]);
  expect(fuseMapping({ uid: 5000, gid: 5000 }, { uids: 100, gids: 100 })[0]).toBe('uidmapping=0:99:1:1:1:98:99:0:1');
});

test('root is told from the caller, whose number outside is 0', () => {
  const user = { uid: 1000, gid: 1000, additionalGids: [0, 5] };
  const kept = { uid: 1000, gid: 1000 };
  expect(outerUser(user, kept, counts)).toEqual({ uid: 0, gid: 0, additionalGids: [1000, 5], isRoot: false });
  expect(outerUser({ uid: 0, gid: 0 }, kept, counts)).toEqual({ uid: 1000, gid: 1000, additionalGids: [], isRoot: true });
  expect(outerUser({ uid: 0, gid: 0 }, undefined, counts)).toEqual({ uid: 0, gid: 0, additionalGids: [], isRoot: true });
});

test.each(['keep-id:uid=1000,gid=7', 'keep-id:uid=5000,gid=0', 'keep-id:uid=99,gid=99'])(
  'with %s every id comes back from the other side',
  (mode) => {
    const exchange = idExchange(mode, () => ({ uids: 100, gids: 100 }));
    for (const uid of [0, 1, 7, 98, keptIds(mode)?.uid ?? 0]) {
      for (const gid of [0, 7, 99]) expect(exchange?.inner(exchange.outer({ uid, gid }))).toEqual({ uid, gid });
    }
    expect(idExchange('host')).toBeUndefined();
  },
);
