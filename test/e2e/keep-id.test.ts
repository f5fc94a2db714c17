// --userns: keep-id shows the caller under the caller's own id, without copying or chowning a layer, and `host` is what there is anyway.
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { pathWithout } from './support/path-without.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const { uid, gid, username } = userInfo();
const none = ['--network', 'none'];
const keep = ['--userns', 'keep-id'];

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  await box.ok(['pull', '--quiet', image('app')]);
});

afterEach(async () => {
  const ids = (await box.ok(['ps', '-aq'])).split('\n').filter(Boolean);
  if (ids.length > 0) await box.ok(['rm', '-f', ...ids]);
});

const shell = (flags: string[], script: string) => box.ok(['run', '--rm', ...flags, busybox, 'sh', '-c', script]);
const exec = (name: string, ...args: string[]) => box.ok(['exec', ...args.slice(0, -1), name, 'sh', '-c', args.at(-1) ?? '']);

function folder(name: string): string {
  const path = join(box.files, name);
  mkdirSync(path, { mode: 0o755 });
  return path;
}

describe('keep-id', () => {
  test('runs as the caller, whose files on a bind mount are its own, while the image’s files are root’s', async () => {
    const shared = folder('kept');
    writeFileSync(join(shared, 'mine'), 'from outside\n', { mode: 0o600 });
    const script = 'id -u; id -g; id -un; cat /shared/mine; stat -c "%u %g" /shared/mine /bin /etc/passwd /home/app; touch /shared/made';
    expect(await shell([...keep, ...none, '-v', `${shared}:/shared`], script)).toBe(
      [uid, gid, username, 'from outside', `${uid} ${gid}`, '0 0', '0 0', '1000 1000'].join('\n'),
    );
    const made = statSync(join(shared, 'made'));
    expect([made.uid, made.gid]).toEqual([uid, gid]);
  });

  test('is no root: the image’s files are closed to it, and no capability is left', async () => {
    expect(await shell([...keep, ...none], 'touch /bin/x 2>/dev/null || echo refused; grep CapEff /proc/self/status')).toBe(
      'refused\nCapEff:\t0000000000000000',
    );
    expect(await shell([...keep, ...none, '-u', 'root'], 'id -u; touch /bin/x; stat -c "%u %g" /bin/x')).toBe('0\n0 0');
  });

  test('copies and chowns no layer: two containers stand on the very same folders, and what they write has the image’s ids', async () => {
    const layers = async () =>
      (await Bun.$`find ${box.root}/layers -mindepth 2 -printf '%p %i %U %G %T@ %C@\n' 2>/dev/null | sort`.nothrow().text()).trim();
    const before = await layers();
    await box.ok(['create', '--name', 'one', ...keep, busybox]);
    expect(await box.ok(['inspect', '--format', '{{.Driver}} {{.HostConfig.UsernsMode}} {{.Config.User}}', 'one'])).toBe(
      `fuse-overlayfs keep-id:uid=${uid},gid=${gid} ${uid}:${gid}`,
    );
    await box.ok(['rm', 'one']);
    await shell([...keep, ...none, '-u', 'root'], 'rm /etc/group; touch /new');
    expect(await layers()).toBe(before);
    expect(before).not.toBe('');
  });

  test('other ids can be kept, beyond those that the user has too', async () => {
    const shared = folder('others');
    const look = (mode: string) =>
      shell(['--userns', mode, ...none, '-v', `${shared}:/shared`], 'id -u; id -g; stat -c "%u %g" /shared /bin; touch /shared/made');
    expect(await look('keep-id:uid=4242,gid=77')).toBe('4242\n77\n4242 77\n0 0');
    expect(await look('keep-id:uid=987654321')).toBe(`987654321\n${gid}\n987654321 ${gid}\n0 0`);
    expect(await look('keep-id:uid=0,gid=0')).toBe('0\n0\n0 0\n0 0');
    expect(statSync(join(shared, 'made')).uid).toBe(uid);
  });

  test('gives the caller a name and a home: the working directory, or the own home where it is mounted', async () => {
    expect(await shell([...keep, ...none, '-w', '/made'], `echo $HOME; grep ^${username}: /etc/passwd; touch here`)).toBe(
      `/made\n${username}:*:${uid}:${gid}:${username}:/made:/bin/sh`,
    );
    const home = userInfo().homedir;
    const mounted = folder('home');
    expect(await shell([...keep, ...none, '-v', `${mounted}:${home}`], 'echo $HOME; cd; touch mine')).toBe(home);
    expect(statSync(join(mounted, 'mine')).uid).toBe(uid);
    // An image that knows the id keeps its own name for it.
    expect(await shell(['--userns', 'keep-id:uid=1000,gid=1000', ...none], 'id -un; echo $HOME')).toBe('app\n/home/app');
    // One that names a user runs as the caller all the same; -u has the last word.
    expect(await box.ok(['run', '--rm', ...keep, ...none, image('app'), 'id', '-u'])).toBe(String(uid));
    expect(await shell([...keep, ...none, '-u', 'app'], 'id -u')).toBe('1000');
  });

  test('has a network of its own: ports below 1024, published too, and for root the right to configure it', async () => {
    const server = 'while true; do echo hi | nc -l -p 80; done';
    await box.ok(['run', '-d', '--name', 'kept', ...keep, '-p', '127.0.0.1::80', busybox, 'sh', '-c', server]);
    await eventually('the server listens', async () => (await exec('kept', 'nc 127.0.0.1 80 || true')) === 'hi');
    const port = (await box.ok(['port', 'kept', '80'])).split(':').at(-1);
    const answer = () => Bun.$`timeout 5 bash -c ${`cat </dev/tcp/127.0.0.1/${port}`} 2>/dev/null`.nothrow().text();
    await eventually('it is reached from outside', async () => (await answer()) === 'hi\n');
    expect(
      await shell([...keep, '-u', 'root', '--cap-add', 'NET_ADMIN'], 'ip address add 10.77.0.1/24 dev lo; ip -o a show lo | grep -c 10.77'),
    ).toBe('1');
    expect(await shell([...keep, '-u', 'root', '--sysctl', 'net.ipv4.ip_default_ttl=77'], 'cat /proc/sys/net/ipv4/ip_default_ttl')).toBe(
      '77',
    );
  });

  test('exec joins it: as the caller, as root, as another user, on a terminal', async () => {
    const shared = folder('exec');
    await box.ok(['run', '-d', '--name', 'kept', ...keep, ...none, '-v', `${shared}:/shared`, busybox, 'sleep', '100000']);
    expect(await exec('kept', 'id -u; touch /shared/by-exec')).toBe(String(uid));
    expect(statSync(join(shared, 'by-exec')).uid).toBe(uid);
    expect(await exec('kept', '-u', '0', 'id -u; stat -c %u /shared/by-exec')).toBe(`0\n${uid}`);
    expect(await exec('kept', '-u', 'app', 'id -u; test -w /shared/by-exec || echo closed')).toBe('1000\nclosed');
    expect((await exec('kept', '-t', 'tty')).trim()).toBe('/dev/pts/0');
    await box.ok(['restart', '-t', '0', 'kept']);
    expect(await exec('kept', 'id -u; grep -c . /etc/passwd')).toBe(`${uid}\n${await exec('kept', 'sort -u /etc/passwd | grep -c .')}`);
  });

  test('mounts of every kind show the ids that they should', async () => {
    const flags = [...keep, ...none, '--tmpfs', '/t', '-v', 'data:/home', '--mount', `type=image,source=${busybox},target=/image`];
    expect(await shell(flags, 'stat -c "%n %u" /t /home /home/app /image/bin')).toBe('/t 0\n/home 0\n/home/app 1000\n/image/bin 0');
    await box.ok(['secret', 'create', 'word', '-'], { stdin: 'hush' });
    const secrets = ['--secret', 'word', '--secret', `source=word,target=own,uid=${uid},mode=400`];
    expect(await shell([...keep, ...none, ...secrets], 'cd /run/secrets; stat -c "%n %u" *; cat own')).toBe(`own ${uid}\nword 0\nhush`);
    await box.ok(['secret', 'rm', 'word']);
    await box.ok(['run', '--rm', ...none, '-v', 'data:/home', busybox, 'true']);
  });

  test('cp and commit speak of the container’s ids, whether it runs or not', async () => {
    const file = join(folder('cp'), 'file');
    writeFileSync(file, 'text\n');
    await box.ok(['run', '-d', '--name', 'kept', ...keep, ...none, busybox, 'sleep', '100000']);
    await box.ok(['cp', file, 'kept:/tmp/plain']);
    await box.ok(['cp', '-a', file, 'kept:/tmp/mine']);
    await box.ok(['stop', '-t', '0', 'kept']);
    await box.ok(['cp', file, 'kept:/tmp/down']);
    await box.ok(['cp', '-a', file, 'kept:/tmp/down-mine']);
    const expected = `down 0\ndown-mine ${uid}\nmine ${uid}\nplain 0`;
    await box.ok(['commit', 'kept', 'committed']);
    expect(await box.ok(['run', '--rm', ...none, 'committed', 'sh', '-c', 'cd /tmp; stat -c "%n %u" *'])).toBe(expected);
    const archive = await box.ok(['cp', 'kept:/tmp/.', '-']);
    const listed = await Bun.$`tar -tv --numeric-owner < ${Buffer.from(archive, 'latin1')}`.text();
    const owners = listed
      .split('\n')
      .map((line) => line.split(/\s+/))
      .filter((fields) => /\w$/.test(fields[5] ?? ''));
    expect(
      owners
        .map(([, owner = '', , , , name = '']) => `${name.replace('./', '')} ${owner.split('/')[0]}`)
        .sort()
        .join('\n'),
    ).toBe(expected);
    await box.ok(['start', 'kept']);
    expect(await exec('kept', 'cd /tmp; stat -c "%n %u" *')).toBe(expected);
    await box.ok(['rmi', '-f', 'committed']);
  });

  test('goes with what is shared: the host’s namespaces, and those of a container that keeps the same', async () => {
    expect(await shell([...keep, '--network', 'host', '--ipc', 'host', '--uts', 'host'], 'id -u')).toBe(String(uid));
    expect(await shell([...keep, ...none, '--pid', 'host', '--hostname', 'ship'], 'id -u; hostname')).toBe(`${uid}\nship`);
    await box.ok(['run', '-d', '--name', 'kept', '--ipc', 'shareable', ...keep, busybox, 'sh', '-c', 'echo hi >/dev/shm/f; sleep 100000']);
    const join_ = ['--ipc', 'container:kept', '--pid', 'container:kept', '--network', 'container:kept'];
    const script = 'cat /dev/shm/f; readlink /proc/self/ns/user; readlink /proc/self/ns/net';
    expect(await shell([...keep, ...join_], script)).toBe(await exec('kept', script));
    expect(await shell(join_, 'id -u; cat /dev/shm/f')).toBe('0\nhi');
    const other = await box.skiff(['run', '--rm', '--userns', 'keep-id:uid=5', ...join_, busybox, 'true']);
    expect(other.stderr).toContain('Cannot join container kept with --userns keep-id: its user namespace is another');
    expect(other.code).toBe(125);
  });

  test('where containers have no pid namespace it works as well', async () => {
    const env = { SKIFF_PIDNS_STEP: 'shared' };
    expect(await box.ok(['run', '--rm', ...keep, ...none, '-h', 'ship', busybox, 'sh', '-c', 'id -u; hostname'], { env })).toBe(
      `${uid}\nship`,
    );
  });
});

test('host is the user’s own namespace, as without --userns', async () => {
  const map = 'cat /proc/self/uid_map';
  expect(await shell(['--userns', 'host', ...none], map)).toBe(await shell(none, map));
});

describe('refused', () => {
  async function refused(flags: string[], env: Record<string, string> = {}): Promise<string> {
    const { stderr, code } = await box.skiff(['run', '--rm', ...flags, busybox, 'true'], { env });
    expect(code).toBe(125);
    expect(await box.ok(['ps', '-aq'])).toBe('');
    return (stderr.split('\n').find((line) => line.startsWith('skiff: ')) ?? '').replace('skiff: ', '');
  }

  test.each([
    ['auto', '--userns auto is not supported: all containers have the ids of your own user namespace'],
    ['nomap', '--userns nomap is not supported: all containers have the ids of your own user namespace'],
    ['container:x', 'Invalid USER mode: container:x'],
    ['keep-id:uid=x', 'Invalid option "uid=x" of --userns keep-id'],
    ['keep-id:size=1', 'Invalid option "size=1" of --userns keep-id'],
  ])('--userns %s', async (mode, message) => {
    expect(await refused(['--userns', mode])).toBe(message);
  });

  test('what cannot show files under other ids, and a user of one id', async () => {
    expect(await refused([...keep, '--storage-driver', 'overlay'])).toBe(
      '--userns keep-id cannot be used with the storage driver overlay: only fuse-overlayfs shows files under other ids',
    );
    expect(await refused(keep, { PATH: pathWithout('fuse-overlayfs', box.files) })).toMatch(
      /^Cannot find the program "fuse-overlayfs" in PATH, which --userns keep-id needs/,
    );
    const run = `${box.run}-1`;
    expect(await refused(keep, { SKIFF_USERNS_STEP: 'single', SKIFF_RUNROOT: run })).toBe(
      "--userns keep-id needs more ids than your own: the image's files are to be those of root",
    );
    process.kill(JSON.parse(readFileSync(join(run, 'holder.json'), 'utf8')).pid, 'SIGKILL');
    await Bun.$`rm -rf ${run}`;
  });
});
