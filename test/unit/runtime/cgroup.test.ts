import { cgroup2Mount } from '../../../src/runtime/cgroup.ts';

const line = (point: string, type: string): string => `30 24 0:26 / ${point} rw,relatime shared:4 - ${type} ${type} rw`;

test('the cgroup2 mount is found on a pure host', () => {
  expect(cgroup2Mount([line('/proc', 'proc'), line('/sys/fs/cgroup', 'cgroup2')].join('\n'))).toBe('/sys/fs/cgroup');
});

test('the cgroup2 mount is found below version 1 controllers', () => {
  expect(cgroup2Mount([line('/sys/fs/cgroup/memory', 'cgroup'), line('/sys/fs/cgroup/unified', 'cgroup2')].join('\n'))).toBe(
    '/sys/fs/cgroup/unified',
  );
});

test('a host with version 1 alone has none', () => {
  expect(cgroup2Mount(line('/sys/fs/cgroup/memory', 'cgroup'))).toBeUndefined();
});
