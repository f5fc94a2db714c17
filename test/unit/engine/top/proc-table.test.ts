// The table from /proc beside that of ps for the same processes, this test's own and a sleeping child.

import { procTable } from '../../../../src/engine/top/proc-table.ts';
import { parsePs } from '../../../../src/engine/top/ps-output.ts';

test('has the columns of ps -ef, with what ps has in them', () => {
  const child = Bun.spawn(['sleep', '1000']);
  try {
    const pids = new Set([child.pid, 1]);
    const ps = Bun.spawnSync(['ps', '-ef', `-q1,${child.pid}`]);
    const expected = parsePs(ps.stdout.toString(), pids);
    const table = procTable(pids);
    expect(table.titles).toEqual(expected.titles);
    // Shares and times move between two looks.
    const steady = (rows: string[][]) => rows.map(([, pid, parent, , , terminal, , command]) => [pid, parent, terminal, command]);
    expect(steady(table.rows)).toEqual(steady(expected.rows));
    const [, own] = table.rows;
    expect([own?.[3], own?.[6]]).toEqual(['0', '00:00:00']);
    expect(own?.[4]).toMatch(/^\d\d:\d\d$/);
  } finally {
    child.kill();
  }
});

test('leaves out who is gone', () => {
  expect(procTable(new Set([2 ** 22 + 1])).rows).toEqual([]);
});
