// Flags of `run` and `create` that change what the container is: each test looks from inside, where the flag must show.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const shell = async (flags: string[], script: string, env: Record<string, string> = {}) =>
  (await box.ok(['run', '--rm', ...flags, busybox, 'sh', '-c', script], { env })).trimEnd();

describe('environment', () => {
  test('-e sets, takes over, and empties; the later wins', async () => {
    const flags = ['-e', 'A=1', '-e', 'A=two words', '-e', 'FROM_HOST', '-e', 'NOT_SET', '-e', 'EMPTY='];
    const seen = await shell(flags, 'env | grep -e ^A= -e ^FROM_HOST= -e ^NOT_SET= -e ^EMPTY= | sort', { FROM_HOST: 'host' });
    expect(seen).toBe('A=two words\nEMPTY=\nFROM_HOST=host');
  });

  test('--env-file is read line by line, comments left out, and -e wins over it', async () => {
    const file = join(box.files, 'env');
    writeFileSync(file, '# a comment\nONE=1\nQUOTED="kept as it is"\nFROM_HOST\n\nTWO=file\n');
    const seen = await shell(['--env-file', file, '-e', 'TWO=flag'], 'echo "$ONE|$QUOTED|$FROM_HOST|$TWO"', { FROM_HOST: 'host' });
    expect(seen).toBe('1|"kept as it is"|host|flag');
  });

  test('PATH, HOME and HOSTNAME are there; TERM only with a terminal; nothing of the host leaks in', async () => {
    const names = await shell(['--hostname', 'ship'], 'env | sort | grep -v -e ^PWD= -e ^SHLVL= -e ^OLDPWD=', { SECRET: 'x' });
    expect(names).toBe('HOME=/root\nHOSTNAME=ship\nPATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin');
  });
});

describe('user and folder', () => {
  test.each([
    ['app', 'uid=1000(app) gid=1000(app) groups=50(staff),1000(app)'],
    ['1000', 'uid=1000(app) gid=1000(app) groups=50(staff),1000(app)'],
    ['app:daemon', 'uid=1000(app) gid=1(daemon) groups=1(daemon)'],
    ['4711:4712', 'uid=4711 gid=4712 groups=4712'],
    ['65534', 'uid=65534(nobody) gid=65534(nogroup) groups=65534(nogroup)'],
  ])('-u %s is %s', async (user, expected) => {
    expect(await shell(['-u', user], 'id')).toBe(expected);
  });

  test('-u of a name that the image does not know is refused', async () => {
    const { stderr, code } = await box.skiff(['run', '--rm', '-u', 'stranger', busybox, 'id']);
    expect(code).toBe(125);
    expect(stderr).toContain('unable to find user stranger');
  });

  test('-w is made where it is missing', async () => {
    expect(await shell(['-w', '/made/for/me'], 'pwd')).toBe('/made/for/me');
  });
});

describe('mounts', () => {
  test('-v shows a folder of the host, writable, and the files are ours', async () => {
    const folder = join(box.files, 'shared');
    mkdirSync(folder);
    writeFileSync(join(folder, 'in'), 'from the host\n');
    expect(await shell(['-v', `${folder}:/mnt`], 'cat /mnt/in; echo back >/mnt/out')).toBe('from the host');
    expect(readFileSync(join(folder, 'out'), 'utf8')).toBe('back\n');
  });

  test('-v …:ro refuses to write', async () => {
    expect(await shell(['-v', `${box.files}:/mnt:ro`], 'touch /mnt/x 2>&1 || true')).toContain('Read-only file system');
  });

  test('-v shows one file', async () => {
    const file = join(box.files, 'single');
    writeFileSync(file, 'one\n');
    expect(await shell(['-v', `${file}:/etc/single:ro`], 'cat /etc/single')).toBe('one');
  });

  test('-v of a source that is not there is refused and named', async () => {
    const { stderr, code } = await box.skiff(['run', '--rm', '-v', '/no/such/source:/mnt', busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain('/no/such/source');
    expect(await box.ok(['ps', '-aq'])).toBe('');
  });

  test('a relative destination is refused', async () => {
    const { code, stderr } = await box.skiff(['run', '--rm', '-v', `${box.files}:relative`, busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain('relative');
  });

  test('--read-only keeps the root as it is; --tmpfs and /dev/shm can be written', async () => {
    const script =
      'touch /x 2>&1; touch /scratch/x /dev/shm/x && stat -f -c %T /scratch; grep " /scratch " /proc/mounts | grep -o size=[0-9]*k';
    expect(await shell(['--read-only', '--tmpfs', '/scratch:size=4m'], script)).toBe('touch: /x: Read-only file system\ntmpfs\nsize=4096k');
  });
});

describe('privileges', () => {
  const status = (field: string) => `grep ^${field}: /proc/self/status | cut -f2`;

  test('capabilities are the usual fourteen, fewer or more on demand', async () => {
    expect(await shell([], status('CapEff'))).toBe('00000000a80425fb');
    expect(await shell(['--cap-drop', 'ALL'], status('CapEff'))).toBe('0000000000000000');
    expect(await shell(['--cap-drop', 'ALL', '--cap-add', 'NET_BIND_SERVICE'], status('CapEff'))).toBe('0000000000000400');
    expect(await shell(['--cap-add', 'CAP_SYS_PTRACE'], status('CapEff'))).toBe('00000000a80c25fb');
    expect(await shell(['-u', 'app'], status('CapEff'))).toBe('0000000000000000');
    expect(await shell(['-u', 'app'], status('CapBnd'))).toBe('00000000a80425fb');
  });

  test('an unknown capability is refused by name', async () => {
    const { stderr, code } = await box.skiff(['run', '--rm', '--cap-add', 'FLYING', busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain('FLYING');
  });

  test('seccomp filters unless it is told not to; no-new-privileges is off unless asked for', async () => {
    expect(await shell([], `${status('Seccomp')}; ${status('NoNewPrivs')}`)).toBe('2\n0');
    expect(await shell(['--security-opt', 'seccomp=unconfined'], status('Seccomp'))).toBe('0');
    expect(await shell(['--security-opt', 'no-new-privileges'], status('NoNewPrivs'))).toBe('1');
  });

  test('a seccomp profile of the user is the one that holds', async () => {
    const profile = join(box.files, 'profile.json');
    const rule = { names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 };
    writeFileSync(profile, JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW', syscalls: [rule] }));
    expect(await shell(['--security-opt', `seccomp=${profile}`], 'mkdir /x 2>&1 || true')).toContain('Function not implemented');
  });

  test('some paths of /proc and /sys are hidden or read-only', async () => {
    expect(
      await shell(
        [],
        'wc -c </proc/timer_list; touch /proc/sys/kernel/hostname 2>&1 | grep -o "Read-only file system"; ls /sys/firmware | wc -l',
      ),
    ).toBe('0\nRead-only file system\n0');
  });

  test('--privileged gives every capability that the user namespace has, and no filter', async () => {
    const [effective, bounding, seccomp] = (
      await shell(['--privileged'], `${status('CapEff')}; ${status('CapBnd')}; ${status('Seccomp')}`)
    ).split('\n');
    expect(effective).toBe(bounding);
    expect(BigInt(`0x${effective}`) & 0x1fn).toBe(0x1fn);
    expect(BigInt(`0x${effective}`) & (1n << 21n)).toBe(1n << 21n); // CAP_SYS_ADMIN
    expect(seccomp).toBe('0');
  });

  test('in the container one is root, and on the host the user one was', async () => {
    const file = join(box.files, 'owner');
    await shell(['-v', `${box.files}:/mnt`], 'id -u >/mnt/owner');
    expect(readFileSync(file, 'utf8')).toBe('0\n');
    expect(Bun.spawnSync(['stat', '-c', '%u', file]).stdout.toString().trim()).toBe(String(process.getuid?.()));
  });
});

describe('processes', () => {
  test('the container sees its own processes alone, and its command is 1', async () => {
    expect(await shell([], 'echo $$; ls /proc | grep -c "^[0-9]*$"')).toMatch(/^1\n[1-4]$/);
  });

  test('--init puts a small init before the command, which reaps orphans', async () => {
    expect(await shell(['--init'], 'echo $$; cat /proc/1/comm')).not.toMatch(/^1\n/);
    const script = 'sh -c "sleep 0.1 & exec true"; sleep 0.5; grep -l "^State:.Z" /proc/[0-9]*/status 2>/dev/null | wc -l';
    expect(await shell(['--init'], script)).toBe('0');
  });

  test('limits that cannot be enforced are said, one line each, and those that can hold', async () => {
    const { stdout, stderr, code } = await box.skiff(['run', '--rm', '--memory', '64m', busybox, 'echo', 'ran']);
    expect({ stdout, code }).toEqual({ stdout: 'ran\n', code: 0 });
    const controllers = readFileSync('/sys/fs/cgroup/cgroup.controllers', 'utf8');
    if (!controllers.includes('memory')) expect(stderr).toMatch(/memory/i);
  });
});

describe('network', () => {
  test('--network none has loopback alone', async () => {
    expect(await shell(['--network', 'none'], 'ls /sys/class/net')).toBe('lo');
  });

  test('--network host is that of the host', async () => {
    const host = readFileSync('/proc/self/net/dev', 'utf8')
      .match(/^\s*\S+:/gm)
      ?.map((name) => name.trim().slice(0, -1));
    const inside = await shell(['--network', 'host'], 'cut -s -d: -f1 /proc/net/dev');
    expect(
      inside
        .split('\n')
        .map((name) => name.trim())
        .sort(),
    ).toEqual(host?.sort());
  });

  test('an unknown network is refused', async () => {
    const { stderr, code } = await box.skiff(['run', '--rm', '--network', 'no-such-net', busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain('network no-such-net not found');
  });
});

test('--platform takes the image of another machine, which then cannot be executed: which and why is said', async () => {
  const { stderr, code } = await box.skiff(['run', '--rm', '--platform', 'linux/arm64', image('multi')]);
  expect(code).toBe(126);
  expect(stderr).toMatch(/arm64/);
  expect(stderr).toMatch(/exec format error|qemu/i);
});

test("a flag that does not exist is refused with 125 and Docker's words", async () => {
  const { stdout, stderr, code } = await box.skiff(['run', '--no-such-flag', busybox]);
  expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
  expect(stderr).toContain('unknown flag: --no-such-flag');
});
