// Namespaces that a container has in common with the host or with another container: --ipc, --pid, --uts, --cgroupns, --network container.
// Docker's rules for what may be joined, and that nothing of a container outlives it where no pid namespace of its own dies with it.
import { existsSync, readlinkSync } from 'node:fs';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

afterEach(async () => {
  const ids = (await box.ok(['ps', '-aq'])).split('\n').filter(Boolean);
  if (ids.length > 0) await box.ok(['rm', '-f', ...ids]);
});

const none = ['--network', 'none'];
const shell = (flags: string[], script: string) => box.ok(['run', '--rm', ...flags, busybox, 'sh', '-c', script]);
const start = (name: string, flags: string[], ...command: string[]) =>
  box.ok(['run', '-d', '--name', name, ...flags, busybox, ...(command.length ? command : ['sleep', '100000'])]);
const exec = (name: string, script: string) => box.ok(['exec', name, 'sh', '-c', script]);
const format = (name: string, template: string) => box.ok(['inspect', '--format', template, name]);
const idOf = (name: string) => format(name, '{{.Id}}');
const statusOf = (name: string) => format(name, '{{.State.Status}} {{.State.ExitCode}}');
const remove = (...names: string[]) => box.ok(['rm', '-f', ...names]);
const hosts = (kind: string) => readlinkSync(`/proc/self/ns/${kind}`);

const pgrep = (...args: string[]): number[] =>
  Bun.spawnSync(['pgrep', ...args])
    .stdout.toString()
    .split('\n')
    .filter(Boolean)
    .map(Number);
const sleepers = (seconds: string) => pgrep('-f', `^sleep ${seconds}$`);

/** The first line of what a refused `run` says; the container must not be left. */
async function refused(...flags: string[]): Promise<string> {
  const { stderr, code } = await box.skiff(['run', '--rm', '--name', 'refused', ...flags, busybox, 'true']);
  expect(code).toBe(125);
  expect(await box.ok(['ps', '-aq', '--filter', 'name=refused'])).toBe('');
  return (stderr.split('\n')[0] ?? '').replace('skiff: ', '');
}

describe('--ipc', () => {
  test('two containers share /dev/shm and the message queues of one that is shareable', async () => {
    await start('donor', ['--ipc', 'shareable', ...none], 'sh', '-c', 'echo given >/dev/shm/file; sleep 100000');
    await start('joiner', ['--ipc', 'container:donor', ...none]);
    await eventually('the file is there', async () => (await exec('donor', 'cat /dev/shm/file 2>/dev/null || true')) === 'given');
    expect(await exec('joiner', 'cat /dev/shm/file; echo back >/dev/shm/other; touch /dev/mqueue/queue')).toBe('given');
    expect(await exec('donor', 'cat /dev/shm/other; ls /dev/mqueue')).toBe('back\nqueue');
    const link = 'readlink /proc/self/ns/ipc';
    expect(await exec('joiner', link)).toBe(await exec('donor', link));
    expect(await format('joiner', '{{.HostConfig.IpcMode}}')).toBe(`container:${await idOf('donor')}`);
    // A third one by way of the second.
    expect(await shell(['--ipc', 'container:joiner', ...none], 'cat /dev/shm/other')).toBe('back');
    // Who joined keeps what it joined.
    await box.ok(['rename', 'donor', 'renamed']);
    await box.ok(['stop', '-t', '0', 'renamed']);
    expect(await exec('joiner', 'cat /dev/shm/file')).toBe('given');
    // Started again, it has to join anew.
    await box.ok(['start', 'renamed']);
    await box.ok(['restart', '-t', '0', 'joiner']);
    expect(await exec('joiner', 'ls /dev/shm')).toBe('file');
  });

  test('a private one is not shared, nor one that does not run', async () => {
    await start('donor', none);
    const id = await idOf('donor');
    expect(await refused('--ipc', 'container:donor')).toBe(`Can't join IPC of container ${id}: non-shareable IPC`);
    await box.ok(['stop', '-t', '0', 'donor']);
    expect(await refused('--ipc', 'container:donor')).toBe(`Can't join IPC of container ${id}: container ${id} is not running`);
  });

  test('host shows the host’s, none has no /dev/shm, and private is the default', async () => {
    expect(await shell(['--ipc', 'host', ...none], 'readlink /proc/self/ns/ipc; stat -c %d /dev/shm')).toBe(
      `${hosts('ipc')}\n${(await Bun.$`stat -c %d /dev/shm`.text()).trim()}`,
    );
    expect(await shell(['--ipc', 'none', ...none], 'ls -d /dev/shm 2>/dev/null; ls -d /dev/mqueue || true')).toBe('/dev/mqueue');
    expect(await shell(['--ipc', 'private', ...none], 'readlink /proc/self/ns/ipc')).not.toBe(hosts('ipc'));
    await box.ok(['create', '--name', 'plain', busybox]);
    expect(
      await format('plain', '{{.HostConfig.IpcMode}} {{.HostConfig.CgroupnsMode}} [{{.HostConfig.PidMode}}{{.HostConfig.UTSMode}}]'),
    ).toBe('private private []');
  });
});

describe('--network container', () => {
  test('a server in one is reached by the other on 127.0.0.1, with the same names and files', async () => {
    await start(
      'server',
      ['--hostname', 'ship', '--add-host', 'other:10.1.1.1'],
      'sh',
      '-c',
      'while true; do echo hello | nc -l -p 80; done',
    );
    const client = ['--network', 'container:server'];
    await eventually('the server listens', () => shell(client, 'nc 127.0.0.1 80 || true').then((said) => said === 'hello'));
    const files = 'hostname; cat /etc/hostname /etc/hosts /etc/resolv.conf; readlink /proc/self/ns/net';
    expect(await shell(client, files)).toBe(await exec('server', files));
    expect(await shell(client, 'readlink /proc/self/ns/uts')).not.toBe(await exec('server', 'readlink /proc/self/ns/uts'));
    await box.ok(['create', '--name', 'client', ...client, busybox]);
    expect(await format('client', '{{.HostConfig.NetworkMode}} {{.Config.Hostname}} {{json .NetworkSettings.Networks}}')).toBe(
      `container:${await idOf('server')} ship {}`,
    );
  });

  test('what belongs to the network is the other’s to set', async () => {
    await start('server', none);
    const joined = (...flags: string[]) => refused('--network', 'container:server', ...flags);
    expect(await joined('--hostname', 'x')).toBe('Conflicting options: hostname and the network mode');
    expect(await joined('--dns', '1.1.1.1')).toBe('Conflicting options: dns and the network mode');
    expect(await joined('--add-host', 'a:1.1.1.1')).toBe('Conflicting options: custom host-to-IP mapping and the network mode');
    expect(await joined('-p', '80')).toBe('Conflicting options: port publishing and the container type network mode');
    expect(await joined('-P')).toBe('Conflicting options: port publishing and the container type network mode');
    expect(await refused('--network', 'container:')).toBe('Invalid network mode: invalid container format container:<name|id>');
    expect(await refused('--network', 'container:nobody')).toBe('No such container: nobody');
    const id = await idOf('server');
    await box.ok(['create', '--name', 'client', '--network', 'container:server', busybox]);
    await box.ok(['stop', '-t', '0', 'server']);
    const late = await box.skiff(['start', 'client']);
    expect(late.stderr).toContain(`Cannot join network of a non running container: ${id}`);
    expect(late.code).toBe(1);
    expect(await format('client', '{{.State.Status}} {{.State.Error}}')).toBe(
      `created Cannot join network of a non running container: ${id}`,
    );
    await remove('server');
    expect((await box.skiff(['start', 'client'])).stderr).toContain(`No such container: ${id}`);
  });

  test('who joins one that has the host’s network has it too', async () => {
    await start('server', ['--network', 'host']);
    expect(await shell(['--network', 'container:server'], 'readlink /proc/self/ns/net')).toBe(hosts('net'));
  });
});

describe('--pid container', () => {
  test('both see the same processes; its own end with it, those of the other stay', async () => {
    await start('donor', ['--init', ...none], 'sleep', '100021');
    await start('joiner', ['--pid', 'container:donor', ...none], 'sh', '-c', 'sleep 100022 & exec sleep 100023');
    await box.ok(['exec', '-d', 'joiner', 'sleep', '100024']);
    await eventually('all run', () => sleepers('10002[1-4]').length === 4);
    expect(await exec('donor', 'ps -o args | grep -c "^sleep 10002[1-4]"')).toBe('4');
    expect(await exec('joiner', 'readlink /proc/self/ns/pid')).toBe(await exec('donor', 'readlink /proc/1/ns/pid'));
    await box.ok(['kill', '-s', 'TERM', 'joiner']);
    // An ordinary process there: the signal ends it.
    expect(await box.ok(['wait', 'joiner'])).toBe('143');
    expect(sleepers('10002[2-4]')).toEqual([]);
    expect(sleepers('100021')).toHaveLength(1);
    expect((await box.skiff(['run', '--rm', '--pid', 'container:donor', ...none, busybox, 'sh', '-c', 'exit 7'])).code).toBe(7);
  });

  test('the end of the other ends it', async () => {
    await start('donor', none);
    await start('joiner', ['--pid', 'container:donor', ...none]);
    await box.ok(['stop', '-t', '0', 'donor']);
    expect(await box.ok(['wait', 'joiner'])).toBe('137');
    const id = await idOf('donor');
    const late = await box.skiff(['start', 'joiner']);
    expect(late.stderr).toContain(`Can't join PID namespace of container ${id}: container ${id} is not running`);
  });

  test('a kill -9 of its supervisor leaves no process of it, and rm -f nothing at all', async () => {
    await start('donor', none, 'sleep', '100021');
    await start('joiner', ['--pid', 'container:donor'], 'sh', '-c', 'sleep 100022 & exec sleep 100023');
    await box.ok(['exec', '-d', 'joiner', 'sh', '-c', 'setsid sleep 100024']);
    await eventually('all run', () => sleepers('10002[2-4]').length === 3);
    const [supervisor = 0] = pgrep('-f', `__supervise ${await idOf('joiner')}`);
    const [guard = 0] = pgrep('-P', String(supervisor), '-x', 'sh');
    process.kill(supervisor, 'SIGKILL');
    await eventually('all of it has ended', () => sleepers('10002[2-4]').length === 0);
    expect(await statusOf('joiner')).toBe('exited 137');
    await eventually('its guard has ended too', () => !existsSync(`/proc/${guard}/ns/mnt`));
    expect(sleepers('100021')).toHaveLength(1);
    await box.ok(['start', 'joiner']);
    // Not even with its guard killed.
    const [again = 0] = pgrep('-f', `__supervise ${await idOf('joiner')}`);
    for (const pid of [...pgrep('-P', String(again), '-x', 'sh'), again]) process.kill(pid, 'SIGKILL');
    await remove('joiner');
    expect(sleepers('10002[2-4]')).toEqual([]);
  });
});

describe('the host’s', () => {
  test('--pid host shows the processes of the host, and leaves none behind', async () => {
    const inside = await shell(['--pid', 'host', ...none], `readlink /proc/self/ns/pid; test -d /proc/${process.pid} && (sleep 100031 &)`);
    expect(inside).toBe(hosts('pid'));
    expect(sleepers('100031')).toEqual([]);
    await start('both', ['--pid', 'host', '--uts', 'host', ...none], 'sh', '-c', 'sleep 100031 & exec sleep 100032');
    expect(await exec('both', 'readlink /proc/self/ns/uts')).toBe(hosts('uts'));
    const [supervisor = 0] = pgrep('-f', `__supervise ${await idOf('both')}`);
    process.kill(supervisor, 'SIGKILL');
    await eventually('all of it has ended', () => sleepers('10003[12]').length === 0);
    await remove('both');
    expect(await refused('--pid', 'host', '--uts', 'host', '--ipc', 'host')).toBe(
      'Conflicting options: --pid, --ipc and --uts cannot all be shared',
    );
  });

  test('--uts host has the host’s name, and none of its own', async () => {
    const name = (await Bun.$`hostname`.text()).trim();
    expect(await shell(['--uts', 'host', ...none], 'hostname; readlink /proc/self/ns/uts; cat /etc/hostname')).toBe(
      `${name}\n${hosts('uts')}\n${name}`,
    );
    expect(await refused('--uts', 'host', '--hostname', 'x')).toBe('Conflicting options: hostname and the UTS mode');
  });

  test('--cgroupns host shows its whole path, private its own root alone', async () => {
    expect(await shell(['--cgroupns', 'host', ...none], 'readlink /proc/self/ns/cgroup')).toBe(hosts('cgroup'));
    expect(await shell(['--cgroupns', 'private', ...none], 'grep ^0:: /proc/self/cgroup')).toBe('0::/');
  });

  test.each([
    [['--pid', 'hosts'], 'Invalid PID mode: hosts'],
    [['--pid', 'container:'], 'Invalid PID mode: container:'],
    [['--pid', 'container:nobody'], 'No such container: nobody'],
    [['--ipc', 'sharable'], 'Invalid IPC mode: sharable'],
    [['--ipc', 'container:nobody'], 'No such container: nobody'],
    [['--ipc', 'host', '--shm-size', '1m'], 'Conflicting options: shm-size and the IPC mode host'],
    [['--ipc', 'host', '--sysctl', 'kernel.sem=1'], 'sysctl "kernel.sem" is not allowed in the host\'s ipc namespace'],
    [['--uts', 'container:x'], 'Invalid UTS mode: container:x'],
    [['--cgroupns', 'shared'], 'Invalid CGROUP mode: shared'],
  ])('%j is refused', async (flags, message) => {
    expect(await refused(...flags)).toBe(message);
  });
});

test('where containers have no pid namespace at all, they can still join each other', async () => {
  const env = { SKIFF_PIDNS_STEP: 'shared' };
  await box.ok(['run', '-d', '--name', 'donor', '--ipc', 'shareable', ...none, busybox, 'sleep', '100041'], { env });
  const flags = ['--pid', 'container:donor', '--ipc', 'container:donor', ...none];
  const script = 'readlink /proc/self/ns/pid; touch /dev/shm/here; sleep 100042 & true';
  expect(await box.ok(['run', '--rm', ...flags, busybox, 'sh', '-c', script], { env })).toBe(hosts('pid'));
  expect(await exec('donor', 'ls /dev/shm')).toBe('here');
  expect(sleepers('100042')).toEqual([]);
});
