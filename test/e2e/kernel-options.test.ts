// What a container asks of the kernel beside namespaces and limits: groups, sysctls, the score for the OOM killer; and annotations, which
// are the runtime's. Each test looks from inside, where the flag must show.
import { readFileSync } from 'node:fs';
import { image, openSandbox } from './support/sandbox.ts';
import { rootOfRange, surrounded } from './support/surrounded.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const shell = (flags: string[], script: string) => box.ok(['run', '--rm', '--network', 'none', ...flags, busybox, 'sh', '-c', script]);
const format = (name: string, template: string) => box.ok(['inspect', '--format', template, name]);

async function refused(flags: string[]): Promise<string> {
  const { stderr, code } = await box.skiff(['run', '--rm', '--name', 'refused', ...flags, busybox, 'true']);
  expect(code).toBe(125);
  expect(await box.ok(['ps', '-aq'])).toBe('');
  return stderr.split('\n')[0] ?? '';
}

describe('--group-add', () => {
  test('names are the image’s, numbers need none; exec as another user has them too', async () => {
    expect(await shell(['-u', 'app', '--group-add', 'daemon', '--group-add', '4711'], 'id -G')).toBe('1000 1 50 4711');
    await box.ok(['run', '-d', '--name', 'groups', '--group-add', 'daemon', '--network', 'none', busybox, 'sleep', '1000']);
    expect(await box.ok(['exec', 'groups', 'id', '-G'])).toBe('0 1');
    expect(await box.ok(['exec', '-u', '5:6', 'groups', 'id', '-G'])).toBe('6 1');
    expect(await format('groups', '{{json .HostConfig.GroupAdd}}')).toBe('["daemon"]');
    await box.ok(['rm', '-f', 'groups']);
  });

  test('keep-groups leaves the caller’s groups as they are; without it there are none', async () => {
    const run = (...flags: string[]) => `"$SKIFF" run --rm --network none -u 5:6 ${flags.join(' ')} ${busybox} id -G`;
    const script = `export SKIFF_ROOT=$PWD/data SKIFF_RUNROOT=$PWD/run; "$SKIFF" pull -q ${busybox} >/dev/null && ${run('--group-add', 'keep-groups')} && ${run()}`;
    const inGroups = [...rootOfRange, 'setpriv', '--groups', '7,8', '--'];
    expect(await surrounded(box, script, { by: inGroups })).toEqual({ stdout: '6 7 8\n6\n', stderr: '', code: 0 });
  });

  test('a name that the image lacks, and a group that no id stands for, are refused', async () => {
    expect(await refused(['--group-add', 'strangers'])).toBe('skiff: unable to find group strangers: no matching entries in group file');
    expect(await refused(['--group-add', '4000000'])).toMatch(
      /^skiff: Cannot add the group 4000000: this user namespace has ids 0 to \d+ only$/,
    );
    expect(await refused(['--group-add', 'keep-groups', '--group-add', '5'])).toBe(
      'skiff: --group-add keep-groups cannot be used with other groups',
    );
  });

  test('in a namespace of one id no group can be added', async () => {
    const env = { SKIFF_USERNS_STEP: 'single', SKIFF_NETWORK_STEP: 'own', SKIFF_RUNROOT: `${box.run}-1` };
    const { stderr, code } = await box.skiff(['run', '--rm', '--group-add', '5', busybox, 'true'], { env });
    expect(stderr).toContain('Cannot add the group 5: this user namespace has one id only');
    expect(code).toBe(125);
    const holder = JSON.parse(readFileSync(`${box.run}-1/holder.json`, 'utf8')).pid;
    process.kill(holder, 'SIGKILL');
    await Bun.$`rm -rf ${box.run}-1`;
  });
});

describe('--sysctl', () => {
  test('those of the network and ipc namespaces are set, and the default ones stay', async () => {
    const flags = ['--sysctl', 'net.ipv4.ip_default_ttl=77', '--sysctl', 'kernel.msgmax=4096', '--sysctl', 'fs.mqueue.msg_max=5'];
    const files = ['net/ipv4/ip_default_ttl', 'kernel/msgmax', 'fs/mqueue/msg_max', 'net/ipv4/ip_unprivileged_port_start'];
    expect(await shell(flags, `cd /proc/sys; cat ${files.join(' ')}`)).toBe('77\n4096\n5\n0');
  });

  test('the host’s, unknown ones and bad values are refused', async () => {
    expect(await refused(['--sysctl', 'kernel.hostname=x'])).toBe(
      "skiff: sysctl 'kernel.hostname' is not allowed: it is not of the container's own namespaces",
    );
    expect(await refused(['--network', 'host', '--sysctl', 'net.ipv4.ip_forward=1'])).toBe(
      'skiff: sysctl "net.ipv4.ip_forward" is not allowed in the host\'s network namespace',
    );
    expect(await refused(['--network', 'none', '--sysctl', 'net.nothing=1'])).toBe(
      'skiff: Cannot set the sysctl "net.nothing": No such file or directory',
    );
    expect(await refused(['--network', 'none', '--sysctl', 'net.ipv4.ip_default_ttl=much'])).toBe(
      'skiff: Cannot set the sysctl "net.ipv4.ip_default_ttl": Invalid argument',
    );
    expect((await box.skiff(['run', '--sysctl', 'net.x', busybox])).stderr).toContain("sysctl 'net.x' must be written as name=value");
  });
});

describe('--oom-score-adj', () => {
  test('can be raised, and inspect shows it', async () => {
    await box.ok(['run', '-d', '--name', 'first', '--oom-score-adj', '900', '--network', 'none', busybox, 'sleep', '1000']);
    expect(await box.ok(['exec', 'first', 'cat', '/proc/1/oom_score_adj', '/proc/self/oom_score_adj'])).toBe('900\n900');
    expect(await format('first', '{{.HostConfig.OomScoreAdj}}')).toBe('900');
    await box.ok(['rm', '-f', 'first']);
  });

  test('cannot be lowered without root, nor leave its range', async () => {
    const own = readFileSync('/proc/self/oom_score_adj', 'utf8').trim();
    expect(await refused(['--oom-score-adj', '-900'])).toBe(
      `skiff: Cannot set --oom-score-adj -900: without root it can only be raised above your own, ${own}`,
    );
    expect(await refused(['--oom-score-adj', '1001'])).toBe('skiff: Invalid value 1001, range for oom score adj is [-1000, 1000]');
  });
});

test('--annotation reaches the runtime, and inspect shows it', async () => {
  await box.ok(['run', '-d', '--name', 'noted', '--annotation', 'org.a=1=2', '--annotation', 'empty', busybox, 'sleep', '1000']);
  expect(await format('noted', '{{json .HostConfig.Annotations}}')).toBe('{"empty":"","org.a":"1=2"}');
  const id = await format('noted', '{{.Id}}');
  const config = JSON.parse(readFileSync(`${box.run}/c/${id.slice(0, 24)}/bundle/config.json`, 'utf8'));
  expect(config.annotations).toMatchObject({ 'org.a': '1=2', empty: '' });
  await box.ok(['rm', '-f', 'noted']);
  expect((await box.skiff(['run', '--annotation', '=1', busybox])).stderr).toContain(
    'the empty string is not permitted as an annotation key',
  );
});
