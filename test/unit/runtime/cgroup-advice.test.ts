import { type CgroupFacts, limitAdvice } from '../../../src/runtime/cgroup-advice.ts';

const procCgroups = '#subsys_name\thierarchy\tnum_cgroups\tenabled\ncpu\t0\t9\t1\nmemory\t4\t9\t1\nblkio\t0\t9\t0\n';
const facts: CgroupFacts = { root: '/sys/fs/cgroup', rootControllers: ['cpu', 'pids'], procCgroups, isSystemd: false };
const scope = { step: 'systemd', reason: 'a transient scope' } as const;
const cpus = { flag: '--cpus', needs: 'cpu' };

test('what systemd does not hand on is to be had by a drop-in for the user manager, said once for all limits', () => {
  expect(
    limitAdvice([cpus, { flag: '--cpu-shares', needs: 'cpu' }, { flag: '--pids-limit', needs: 'pids' }], scope, {
      ...facts,
      isSystemd: true,
    }),
  ).toEqual([
    '--cpus, --cpu-shares and --pids-limit are not enforced: the cgroup controllers cpu and pids are not delegated to you (a transient scope); to get them: ' +
      "sudo mkdir -p /etc/systemd/system/user@.service.d && printf '[Service]\\nDelegate=cpu cpuset io memory pids\\n' | " +
      'sudo tee /etc/systemd/system/user@.service.d/delegate.conf && sudo systemctl daemon-reload, then log out and in again',
  ]);
});

test('without systemd every cgroup above ours has to hand the controller down', () => {
  expect(limitAdvice([cpus], { step: 'cgroupfs', reason: 'writable cgroup "/a/b"', base: '/a/b' }, facts)).toEqual([
    '--cpus is not enforced: the cgroup controller cpu is not delegated to you (writable cgroup "/a/b"); to get it: ' +
      'for d in /sys/fs/cgroup /sys/fs/cgroup/a; do echo +cpu | sudo tee $d/cgroup.subtree_control; done',
  ]);
});

test('without a writable cgroup the advice makes one', () => {
  expect(limitAdvice([cpus], { step: 'disabled', reason: 'no writable cgroup above "/"' }, facts)).toEqual([
    '--cpus is not enforced: the cgroup controller cpu is not delegated to you (no writable cgroup above "/"); to get it: ' +
      'sudo mkdir /sys/fs/cgroup/$USER && sudo chown -R $USER /sys/fs/cgroup/$USER && echo $$ | sudo tee /sys/fs/cgroup/$USER/cgroup.procs',
  ]);
});

test('systemd without a manager of this user is to be given one', () => {
  expect(limitAdvice([cpus], { step: 'disabled', reason: 'why' }, { ...facts, isSystemd: true })).toEqual([
    '--cpus is not enforced: the cgroup controller cpu is not delegated to you (why); to get it, let systemd run your user manager: ' +
      'sudo loginctl enable-linger $USER, then log in again',
  ]);
});

test('what the kernel keeps back is to be had at boot, and is a line for each cause', () => {
  const missing = ['memory', 'io', 'cpuset', 'memory.swap.max'].map((needs) => ({ flag: `--${needs}`, needs }));
  expect(limitAdvice(missing, scope, facts)).toEqual([
    '--memory is not enforced: the cgroup controller memory is in use by cgroup v1; to get it, boot with the kernel parameter cgroup_no_v1=all',
    '--io is not enforced: the cgroup controller io is switched off; to get it, boot with the kernel parameter cgroup_enable=io',
    '--cpuset is not enforced: this kernel has no cgroup controller cpuset',
    '--memory.swap.max is not enforced: this kernel has no memory.swap.max',
  ]);
});

test('without any cgroup v2 one is to be mounted', () => {
  const bare = { ...facts, root: undefined, rootControllers: [] };
  const place = { step: 'disabled', reason: 'no cgroup v2 is mounted' } as const;
  expect(limitAdvice([cpus], place, bare)).toEqual([
    '--cpus is not enforced: no cgroup v2 is mounted; to get it: sudo mount -t cgroup2 cgroup2 /sys/fs/cgroup',
  ]);
  expect(limitAdvice([cpus], place, { ...bare, isSystemd: true })).toEqual([
    '--cpus is not enforced: no cgroup v2 is mounted; to get it, boot with the kernel parameter systemd.unified_cgroup_hierarchy=1',
  ]);
});
