// Bind mounts belong to the caller: what a container's user writes there is the caller's, whoever that user is, or one sentence says why not.
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { pathWithout } from './support/path-without.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { surrounded } from './support/surrounded.ts';

const box = openSandbox();
const busybox = image('busybox');
const features = image('features');
const { uid, gid } = userInfo();

beforeAll(async () => {
  for (const name of [busybox, features]) await box.ok(['pull', '--quiet', name]);
});

const run = (...args: string[]) => box.skiff(['run', '--rm', '--network', 'none', ...args]);

function folder(name: string): string {
  const path = join(box.files, name);
  mkdirSync(path, { mode: 0o755 });
  writeFileSync(join(path, 'mine'), 'mine\n', { mode: 0o600 });
  return path;
}

const owner = (path: string): [number, number] => [statSync(path).uid, statSync(path).gid];

describe('is the caller’s', () => {
  test.each([
    ['root', [], busybox, '0 0'],
    ['a user by number', ['-u', '1000'], busybox, '1000 1000'],
    ['a number that the image does not know', ['-u', '4321'], busybox, '4321 0'],
    ['user and group by number', ['-u', '1234:77'], busybox, '1234 77'],
    ['the caller’s own numbers', ['-u', `${uid}:${gid}`], busybox, `${uid} ${gid}`],
    ['a user by name', ['-u', 'app'], busybox, '1000 1000'],
    ['the user of the image', ['--entrypoint', ''], features, '1000 1000'],
  ])('what %s writes', async (who, flags, name, ids) => {
    const path = folder(`of ${who}`);
    const script =
      'cat /x/mine; echo more >>/x/mine; mkdir /x/made; touch /x/made/file; stat -c "%u %g" /x/mine /x/made/file; stat -c "%u %g" /bin';
    expect(await run(...flags, '-v', `${path}:/x`, name, 'sh', '-c', script)).toEqual({
      stdout: `mine\n${ids}\n${ids}\n0 0\n`,
      stderr: '',
      code: 0,
    });
    for (const made of ['mine', 'made', 'made/file']) expect([made, owner(join(path, made))]).toEqual([made, [uid, gid]]);
  });

  test('by --mount too, in a folder that is made for it, and with a second command in the container', async () => {
    const mount = 'type=bind,src=./fresh/deep,dst=/x,bind-create-src';
    await box.ok(['run', '-d', '--name', 'long', '--network', 'none', '-u', '1000', '--mount', mount, busybox, 'sleep', '1000']);
    await box.ok(['exec', 'long', 'touch', '/x/by-exec']);
    expect(owner(join(box.files, 'fresh/deep/by-exec'))).toEqual([uid, gid]);
    expect(await box.ok(['inspect', '-f', '{{.HostConfig.UsernsMode}} {{.Driver}} {{.Config.User}}', 'long'])).toBe(
      'keep-id:uid=1000,gid=1000 fuse-overlayfs 1000',
    );
    await box.ok(['rm', '-f', 'long']);
  });

  test('places for other mounts in it', async () => {
    const [path, other] = [folder('outer'), folder('inner')];
    const mounts = [`${path}:/x`, `${other}:/x/made/deep`, `${other}/mine:/x/files/mine`].flatMap((mount) => ['-v', mount]);
    expect(
      await run('-u', '1000', ...mounts, '--tmpfs', '/x/passing', busybox, 'sh', '-c', 'ls /x /x/made/deep; cat /x/files/mine'),
    ).toEqual({
      stdout: '/x:\nfiles\nmade\nmine\npassing\n\n/x/made/deep:\nmine\nmine\n',
      stderr: '',
      code: 0,
    });
    for (const made of ['made', 'made/deep', 'files', 'files/mine', 'passing']) {
      expect([made, owner(join(path, made))]).toEqual([made, [uid, gid]]);
    }
  });

  test('an anonymous volume beside it works as ever', async () => {
    const path = folder('with-anonymous');
    const { stdout, stderr } = await run(
      '--entrypoint',
      '',
      '-v',
      `${path}:/x`,
      features,
      'sh',
      '-c',
      'touch /x/new /data/new && ls /data',
    );
    expect({ stdout, stderr }).toEqual({ stdout: 'new\nseed\n', stderr: '' });
    expect(owner(join(path, 'new'))).toEqual([uid, gid]);
  });
});

describe('leaves all as it was', () => {
  const look = async (...flags: string[]) => {
    await box.ok(['create', '--name', 'plain', ...flags, busybox]);
    const seen = await box.ok(['inspect', '-f', '{{.HostConfig.UsernsMode}}{{.Driver}}', 'plain']);
    await box.ok(['rm', '-v', 'plain']);
    return seen;
  };

  test('where nothing of the caller’s can be written: a read-only mount, a file, the folder of somebody else, a volume', async () => {
    const path = folder('untouched');
    for (const mount of [`${path}:/x:ro`, `${path}/mine:/x`, '/usr/share:/x', 'named:/x']) {
      expect([mount, await look('-u', '1000', '-v', mount)]).toEqual([mount, 'overlay']);
    }
  });

  test('for root, with --userns host, and with the option noidmap', async () => {
    const path = folder('untouched-either');
    expect(await look('-v', `${path}:/x`)).toBe('overlay');
    expect(await look('-u', 'root', '-v', `${path}:/x`)).toBe('overlay');
    expect(await look('-u', '1000', '--userns', 'host', '-v', `${path}:/x`)).toBe('hostoverlay');
    expect(await look('-u', '1000', '-v', `${path}:/x:noidmap`)).toBe('overlay');
  });
});

describe('where it cannot be, one sentence says so', () => {
  test('a named volume would change owners; what is left can be deleted by unshare', async () => {
    const path = folder('shared');
    Bun.spawnSync(['chmod', '777', path]);
    const { stdout, stderr, code } = await run(
      '-u',
      '1000',
      '-v',
      `${path}:/x`,
      '-v',
      'kept:/v',
      busybox,
      'sh',
      '-c',
      'mkdir /x/left; touch /x/left/file',
    );
    expect({ stdout, stderr, code }).toEqual({
      stdout: '',
      stderr:
        'skiff: warning: What user 1000 writes below /x will not be yours: its volume "kept" would change owners by --userns keep-id:uid=1000,gid=1000\n',
      code: 0,
    });
    expect(statSync(join(path, 'left/file')).uid).not.toBe(uid);
    await box.ok(['unshare', 'rm', '-r', join(path, 'left')]);
    expect(readdirSync(path)).toEqual(['mine']);
  });

  test('without fuse-overlayfs', async () => {
    const path = folder('no-fuse');
    const PATH = pathWithout('fuse-overlayfs', box.files);
    const args = ['create', '--name', 'no-fuse', '-u', '1000', '-v', `${path}:/x`, busybox];
    const { stderr, code } = await box.skiff(args, { env: { PATH } });
    expect(stderr).toMatch(/^skiff: warning: What user 1000 writes below \/x will not be yours: .*"fuse-overlayfs"/);
    expect(code).toBe(0);
    await box.ok(['rm', 'no-fuse']);
  });

  test('without the device that it needs', async () => {
    const path = folder('no-device');
    const hidden = `mount --bind /dev/null /dev/fuse && "$SKIFF" create --name no-device -u 1000 -v "${path}:/x" ${busybox}`;
    const { stderr, code } = await surrounded(box, hidden, {
      by: ['unshare', '--user', '--map-current-user', '--keep-caps', '--mount', '--'],
    });
    expect({ stderr, code }).toEqual({
      stderr:
        'skiff: warning: What user 1000 writes below /x will not be yours: --userns keep-id needs /dev/fuse, which is not there or closed to you\n',
      code: 0,
    });
    expect(await box.ok(['inspect', '-f', '{{.Driver}}', 'no-device'])).toBe('overlay');
    await box.ok(['rm', 'no-device']);
  });

  test('and the option idmap makes it an error, with nothing made', async () => {
    const path = folder('insists');
    expect(await box.skiff(['create', '--name', 'insists', '-u', '1000', '-v', `${path}:/x:idmap`, '-v', 'never:/v', busybox])).toEqual({
      stdout: '',
      stderr:
        'skiff: What user 1000 writes below /x will not be yours: its volume "never" would change owners by --userns keep-id:uid=1000,gid=1000\n' +
        'Leave out the option "idmap", or run as root with -u 0: root is you\n',
      code: 125,
    });
    expect(await box.ok(['ps', '-aq', '--filter', 'name=insists'])).toBe('');
    expect(readdirSync(join(box.root, 'volumes'))).not.toContain('never');
  });
});
