// `update`: what is changed in the record, and what is refused in Docker's words with nothing changed. That a running container's cgroup
// follows is shown where there are controllers (test/vm).
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const limits = (name: string): Promise<string> =>
  box.ok([
    'inspect',
    '--format',
    '{{with .HostConfig}}{{.Memory}} {{.MemorySwap}} {{.NanoCpus}} {{.CpuShares}} {{.PidsLimit}} {{.RestartPolicy.Name}}:{{.RestartPolicy.MaximumRetryCount}}{{end}}',
    name,
  ]);

test('changes limits and the restart policy of several containers, and leaves the others of their limits', async () => {
  await box.ok(['create', '--name', 'one', '--memory', '64m', '--pids-limit', '20', busybox, 'true']);
  await box.ok(['create', '--name', 'two', '--memory', '32m', busybox, 'true']);
  const flags = ['--memory', '128m', '--memory-swap', '-1', '-c', '512', '--cpus', '0.5', '--restart', 'on-failure:3'];
  expect(await box.ok(['update', ...flags, 'one', 'two'])).toBe('one\ntwo');
  expect(await limits('one')).toBe('134217728 -1 500000000 512 20 on-failure:3');
  expect(await limits('two')).toBe('134217728 -1 500000000 512 <nil> on-failure:3');
  expect(await box.ok(['container', 'update', '--pids-limit', '-1', '--memory', '0', 'one'])).toBe('one');
  expect(await limits('one')).toBe('0 0 500000000 512 <nil> on-failure:3');
  await box.ok(['rm', 'one', 'two']);
});

test('each refused value leaves the container as it was', async () => {
  await box.ok(['create', '--name', 'kept', '--memory', '64m', '--cpus', '1', busybox, 'true']);
  await box.ok(['create', '--name', 'quick', '--rm', '--cpu-period', '50000', busybox, 'true']);
  const before = [await limits('kept'), await limits('quick')];
  const id = await box.ok(['inspect', '--format', '{{.Id}}', 'kept']);
  const quickId = await box.ok(['inspect', '--format', '{{.Id}}', 'quick']);
  const refused: [string[], string][] = [
    [['--memory', '1m', 'kept'], 'Minimum memory limit allowed is 6MB'],
    [
      ['--pids-limit', '10', '--cpu-period', '5', 'kept'],
      'CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)',
    ],
    [
      ['--memory', '256m', 'kept'],
      `Cannot update container ${id}: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at the same time`,
    ],
    [['--memory-swap', '32m', 'kept'], 'Minimum memoryswap limit should be larger than memory limit'],
    [
      ['--cpu-quota', '20000', 'kept'],
      `Cannot update container ${id}: Conflicting options: CPU Quota cannot be updated as NanoCPUs has already been set`,
    ],
    [
      ['--cpus', '1', 'quick'],
      `Cannot update container ${quickId}: Conflicting options: Nano CPUs cannot be updated as CPU Period has already been set`,
    ],
    [
      ['--restart', 'always', 'quick'],
      `Cannot update container ${quickId}: Restart policy cannot be updated because AutoRemove is enabled for the container`,
    ],
    [['--restart', 'sometimes', 'kept'], "Invalid restart policy: unknown policy 'sometimes'"],
    [['--memory', '128m', '--memory-swap', '-1', 'nobody'], 'No such container: nobody'],
  ];
  for (const [args, message] of refused) {
    const { stdout, stderr, code } = await box.skiff(['update', ...args]);
    expect({ args, stdout, first: stderr.split('\n')[0], code }).toEqual({ args, stdout: '', first: `skiff: ${message}`, code: 1 });
  }
  const { stderr } = await box.skiff(['update', '--cpu-quota', '20000', 'kept']);
  expect(stderr.split('\n')[1]).toBe('Change --cpus instead, which this container is limited by');
  expect([await limits('kept'), await limits('quick')]).toEqual(before);
  await box.ok(['rm', 'kept', 'quick']);
});

test('bad words on the command line are told before any container is looked at', async () => {
  const { stderr, code } = await box.skiff(['update', 'nobody']);
  expect({ first: stderr.split('\n')[0], code }).toEqual({
    first: 'skiff: You must provide one or more flags when using this command',
    code: 1,
  });
  const { stderr: bad } = await box.skiff(['update', '--memory', 'lots', 'nobody']);
  expect(bad.split('\n')[0]).toBe(`skiff: invalid argument "lots" for "-m, --memory" flag: invalid size: 'lots'`);
});

test('one container that is not there does not keep the others from their change', async () => {
  await box.ok(['create', '--name', 'there', busybox, 'true']);
  const { stdout, stderr, code } = await box.skiff(['update', '--pids-limit', '9', 'nobody', 'there']);
  expect({ stdout, first: stderr.split('\n')[0], code }).toEqual({ stdout: 'there\n', first: 'skiff: No such container: nobody', code: 1 });
  expect(await box.ok(['inspect', '--format', '{{.HostConfig.PidsLimit}}', 'there'])).toBe('9');
  await box.ok(['rm', 'there']);
});

test('a running container follows the new restart policy at its next end', async () => {
  await box.ok(['run', '-d', '--name', 'comes-back', '--network', 'none', busybox, 'sleep', '100000']);
  await box.ok(['update', '--restart', 'on-failure', 'comes-back']);
  await killInit('comes-back');
  const state = () => box.ok(['inspect', '--format', '{{.State.Status}} {{.RestartCount}}', 'comes-back']);
  await eventually('the restart', async () => (await state()) === 'running 1');
  await box.ok(['update', '--restart', 'no', 'comes-back']);
  await killInit('comes-back');
  await eventually('the end', async () => (await state()) === 'exited 1');
  await box.ok(['rm', 'comes-back']);
});

async function killInit(name: string): Promise<void> {
  const pid = Number(await box.ok(['inspect', '--format', '{{.State.Pid}}', name]));
  // Signalled, 0 would be this very test.
  expect(pid).toBeGreaterThan(1);
  process.kill(pid, 'SIGKILL');
}

test('an update is an event', async () => {
  await box.ok(['create', '--name', 'noted', busybox, 'true']);
  const since = String(Math.floor(Date.now() / 1000) - 100);
  await box.ok(['update', '--pids-limit', '9', 'noted']);
  const args = [
    'events',
    '--since',
    since,
    '--until',
    String(Math.ceil(Date.now() / 1000)),
    '--filter',
    'container=noted',
    '--format',
    '{{.Action}}',
  ];
  expect((await box.ok(args)).split('\n')).toContain('update');
  await box.ok(['rm', 'noted']);
});
