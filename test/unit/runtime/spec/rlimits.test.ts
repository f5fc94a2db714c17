import { readFileSync } from 'node:fs';
import { cutUlimits, rlimits } from '../../../../src/runtime/spec/rlimits.ts';

describe('rlimits', () => {
  const limits = [
    'Limit                     Soft Limit           Hard Limit           Units     ',
    'Max core file size        0                    unlimited            bytes     ',
    'Max open files            1024                 4096                 files     ',
  ].join('\n');

  test('are cut to what the host allows', () => {
    const asked = [
      { Name: 'nofile', Soft: 100, Hard: 200 },
      { Name: 'nofile', Soft: 5000, Hard: -1 },
      { Name: 'core', Soft: -1, Hard: -1 },
    ];
    expect(rlimits(asked, limits)).toEqual([
      { type: 'RLIMIT_NOFILE', soft: 100, hard: 200 },
      { type: 'RLIMIT_NOFILE', soft: 4096, hard: 4096 },
      { type: 'RLIMIT_CORE', soft: -1, hard: -1 },
    ]);
    expect(cutUlimits(asked, limits)).toEqual(['nofile']);
  });
});

test('/proc/self/limits has the rows that they are cut by', () => {
  expect(readFileSync('/proc/self/limits', 'utf8')).toMatch(/^Max open files +\d+ +\d+/m);
});
