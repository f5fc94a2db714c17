import { cgroup2Mount } from '../../../src/runtime/cgroup-tree.ts';

const line = (point: string, type: string): string => `30 24 0:26 / ${point} rw,relatime shared:4 - ${type} ${type} rw`;

const found = (lines: string[], hidden: string[] = []) => cgroup2Mount(lines.join('\n'), (point) => !hidden.includes(point));

test('the cgroup2 mount is found on a pure host', () => {
  expect(found([line('/proc', 'proc'), line('/sys/fs/cgroup', 'cgroup2')])).toBe('/sys/fs/cgroup');
});

test('the cgroup2 mount is found below version 1 controllers', () => {
  expect(found([line('/sys/fs/cgroup/memory', 'cgroup'), line('/sys/fs/cgroup/unified', 'cgroup2')])).toBe('/sys/fs/cgroup/unified');
});

test('a host with version 1 alone has none', () => {
  expect(found([line('/sys/fs/cgroup/memory', 'cgroup')])).toBeUndefined();
});

test('a mount that another one hides is not taken', () => {
  const lines = [line('/sys/fs/cgroup', 'cgroup2'), line('/sys/fs/cgroup', 'tmpfs'), line('/sys/fs/cgroup/unified', 'cgroup2')];
  expect(found(lines, ['/sys/fs/cgroup'])).toBe('/sys/fs/cgroup/unified');
  expect(found(lines.slice(0, 2), ['/sys/fs/cgroup'])).toBeUndefined();
});
