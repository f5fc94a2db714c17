import { identityMap, parseSubordinateIds, subordinateIds } from '../../../src/runtime/idmap.ts';

const passwd = 'root:x:0:0:root:/root:/bin/sh\nalice:x:1000:1000::/home/alice:/bin/sh\n';

test('ranges are found by name and by number, others and malformed lines are passed over', () => {
  const text = 'alice:100000:65536\n1000:300000:10\nbob:200000:65536\nalice:oops:1\nalice:500000\n\nalice:400000:0\n';
  expect(parseSubordinateIds(text, 1000, 'alice')).toEqual([
    [100000, 65536],
    [300000, 10],
  ]);
  expect(parseSubordinateIds(text, 7, 'nobody')).toEqual([]);
});

test('several ranges are mapped one after the other, from id 1', () => {
  const subuid = 'alice:100000:1000\nalice:300000:500\n';
  expect(subordinateIds(1000, { subuid, subgid: 'alice:200000:70\n', passwd })).toEqual({
    uids: [
      [1, 100_000, 1000],
      [1001, 300_000, 500],
    ],
    gids: [[1, 200_000, 70]],
    count: 1500,
  });
});

test('what is missing is told with a command that gives a range nobody has', () => {
  const others = { subuid: 'bob:100000:65536\n', subgid: 'bob:100000:65536\ncarol:300000:65536\n', passwd };
  expect(subordinateIds(1000, others)).toEqual({
    problem: 'no range for "alice" in /etc/subuid (sudo usermod --add-subuids 365536-431071 --add-subgids 365536-431071 alice)',
  });
  expect(subordinateIds(1000, { subuid: 'alice:100000:65536\n', subgid: '', passwd })).toEqual({
    problem: 'no range for "alice" in /etc/subgid (sudo usermod --add-subuids 165536-231071 --add-subgids 165536-231071 alice)',
  });
});

test('a user that /etc/passwd does not list is known by number', () => {
  expect(subordinateIds(4242, { subuid: '4242:100000:9\n', subgid: '4242:100000:9\n', passwd })).toMatchObject({ count: 9 });
  expect(subordinateIds(4242, { subuid: '', subgid: '', passwd })).toMatchObject({ problem: expect.stringContaining('"4242"') });
});

test('each id maps to itself, but for the last of a namespace that has them all', () => {
  expect(identityMap('         0       1000          1\n         1     100000      65536\n')).toEqual([
    [0, 0, 1],
    [1, 1, 65_536],
  ]);
  expect(identityMap('         0          0 4294967295\n')).toEqual([[0, 0, 4_294_967_294]]);
});
