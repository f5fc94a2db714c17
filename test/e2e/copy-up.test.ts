// A new volume starts with what its image has at the place: all of it or nothing, once, however many containers start, stop or are killed at it.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox, type Sandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const unusual = image('unusual');
const features = image('features');
const many = 'localhost/many';

beforeAll(async () => {
  for (const name of [busybox, unusual, features]) await box.ok(['pull', '--quiet', name]);
  const make = 'for d in $(seq 60); do mkdir -p /many/$d; for f in $(seq 100); do echo $f >/many/$d/$f; done; done';
  await box.ok(['run', '--name', 'maker', '--network', 'none', busybox, 'sh', '-c', make]);
  await box.ok(['commit', 'maker', many]);
  await box.ok(['rm', 'maker']);
}, 120_000);

const run = (...args: string[]) => box.ok(['run', '--rm', '--network', 'none', ...args], { timeoutMs: 120_000 });
const folderOf = (name: string) => join(box.root, 'volumes', name);
const inFolder = (name: string) => readdirSync(folderOf(name)).toSorted();
// Enough files to be met while they are copied.
const FILES = '6000';
const countFiles = 'find /many -type f | wc -l';

describe('what a new volume holds', () => {
  // Sizes and links of folders are the file system's business.
  const listing = (place: string) => [
    ...[
      'sh',
      '-c',
      `find ${place} -type d | xargs -r stat -c "%n %a %u %g %Y"; find ${place} ! -type d | sort | xargs -r stat -c "%N %a %u %g %h %s %Y"`,
    ],
  ];

  test.each([
    ['from one layer', features, '/data', [], '/data 755 1000 1000 1700000000\n/data/seed 644 1000 1000 1 15 1700000000'],
    ['an empty folder’s owner and mode', features, '/cache', [], '/cache 700 1000 1000 1700000000'],
    ['from several layers, with hard links and setuid bits', unusual, '/bin', [], '/bin/setuid 4755 0 0'],
    ['without what upper layers hide', unusual, '/opaque', [], '/opaque/upper'],
    ['by fuse-overlayfs', unusual, '/bin', ['--storage-driver', 'fuse-overlayfs'], '/bin/setuid 4755 0 0'],
    ['by copies', unusual, '/bin', ['--storage-driver', 'copy'], '/bin/setuid 4755 0 0'],
  ])('%s', async (_, name, place, flags, known) => {
    const user = ['--user', '0', '--entrypoint', ''];
    const plain = await run(
      ...flags,
      ...user,
      '--mount',
      `type=volume,dst=${place === '/bin' ? '/other' : '/bin2'}`,
      name,
      ...listing(place),
    );
    expect(plain).toContain(known);
    const withVolume = await run(...flags, ...user, '-v', place, name, ...listing(place));
    expect(withVolume).toBe(plain);
  });

  test('file capabilities', async () => {
    const look = ['--user', '1000', unusual, '/bin/busybox-capable', 'grep', 'CapEff', '/proc/self/status'];
    expect(await run(...look)).toBe('CapEff:\t0000000000000400');
    expect(await run('-v', '/bin', ...look)).toBe('CapEff:\t0000000000000400');
  });

  test('under --userns keep-id the same as the image shows there', async () => {
    const keep = ['--userns', 'keep-id:uid=1000,gid=1000', '--user', '1000', '--entrypoint', ''];
    const plain = await run(...keep, features, ...listing('/data'));
    expect(plain).toContain('/data/seed 644 1000 1000 1 15');
    expect(await run(...keep, '-v', '/data', features, ...listing('/data'))).toBe(plain);
  });

  test('nothing with nocopy, for a file, or where the image has nothing', async () => {
    expect(await run('-v', 'bare:/etc:nocopy', busybox, 'ls', '/etc')).toBe('hostname\nhosts\nresolv.conf');
    expect(await run('-v', '/nowhere', busybox, 'ls', '/nowhere')).toBe('');
  });

  test('what a volume holds is never replaced, and what its container empties stays empty', async () => {
    await run('-v', 'mine:/elsewhere', busybox, 'touch', '/elsewhere/mine');
    expect(await run('-v', 'mine:/etc', busybox, 'sh', '-c', 'ls /etc/mine /etc/passwd 2>&1; true')).toMatch(/No such file/);
    const twice = ['--name', 'twice', '-v', 'twice:/home', '--network', 'none'];
    await box.ok(['run', ...twice, busybox, 'sh', '-c', 'ls /home; rm -rf /home/*']);
    expect(await box.ok(['logs', 'twice'])).toBe('app');
    await box.ok(['start', '-a', 'twice']);
    expect(await box.ok(['logs', 'twice'])).toBe('app');
    await box.ok(['rm', '-v', 'twice']);
  });

  test('a volume that stands for a folder is filled there', async () => {
    const device = join(box.files, 'device');
    mkdirSync(device);
    await run('--mount', `src=stands,dst=/home,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=${device}`, busybox, 'true');
    expect(readdirSync(device)).toEqual(['app']);
    expect(readdirSync(join(folderOf('stands'), '_data'))).toEqual([]);
  });
});

describe('must survive', () => {
  test('six containers that are the first to use one volume all see all of it', async () => {
    const counts = await Promise.all(Array.from({ length: 6 }, () => run('-v', 'crowded:/many', many, 'sh', '-c', countFiles)));
    expect(counts).toEqual(Array.from({ length: 6 }, () => FILES));
    expect(inFolder('crowded')).toEqual(['_data', 'lock', 'volume.json']);
  }, 180_000);

  test('kill -9 while it copies: the volume is empty, and the next start fills it', async () => {
    const child = box.start(['run', '-d', '--name', 'killed', '--network', 'none', '-v', 'cut:/many', many, 'sh', '-c', countFiles]);
    await eventually('it copies', () => existsSync(folderOf('cut')) && inFolder('cut').some((name) => name.startsWith('.skiff-filling-')));
    process.kill(supervisorOf(box, 'killed'), 'SIGKILL');
    expect(await child.exited).toBe(125);
    expect(readdirSync(join(folderOf('cut'), '_data'))).toEqual([]);
    expect(await box.ok(['start', '-a', 'killed'], { timeoutMs: 120_000 })).toBe(FILES);
    expect(inFolder('cut')).toEqual(['_data', 'lock', 'volume.json']);
    await box.ok(['rm', 'killed']);
  }, 180_000);

  test('a container answers while its volume is filled, and can be stopped', async () => {
    const child = box.start(['run', '-d', '--name', 'stopped', '--network', 'none', '-v', 'halted:/many', many, 'true']);
    await eventually('it copies', () => existsSync(folderOf('halted')) && inFolder('halted').some((name) => name.startsWith('.skiff-')));
    await box.ok(['stop', '-t', '0', 'stopped']);
    expect(await child.exited).toBe(125);
    expect(await new Response(child.stderr).text()).toContain('The container was stopped while it started');
    expect(inFolder('halted')).toEqual(['_data', 'lock', 'volume.json']);
    expect(readdirSync(join(folderOf('halted'), '_data'))).toEqual([]);
    await box.ok(['rm', 'stopped']);
  });

  test('a container that has the volume already and writes in it loses nothing', async () => {
    // Told by a file, which is faster than a command in the container.
    const script = 'until [ -e /told/go ]; do sleep 0.01; done; ln -sn /etc /w/1; echo mine >/w/mine; exec sleep 1000';
    const told = join(box.files, 'told');
    mkdirSync(told);
    const mounts = ['-v', 'shared:/w:nocopy', '-v', `${told}:/told`];
    await box.ok(['run', '-d', '--name', 'writer', '--network', 'none', ...mounts, busybox, 'sh', '-c', script]);
    const filling = run('-v', 'shared:/many', many, 'true');
    await eventually('it copies', () => inFolder('shared').some((name) => name.startsWith('.skiff-')));
    writeFileSync(join(told, 'go'), '');
    await filling;
    expect(await box.ok(['exec', 'writer', 'sh', '-c', 'readlink /w/1; cat /w/mine; ls /w | wc -l'])).toBe('/etc\nmine\n61');
    await box.ok(['rm', '-f', 'writer']);
  }, 120_000);
});

test('a container that moves the copy about and puts symlinks in its place leads it nowhere', async () => {
  const [device, victim] = [join(box.files, 'contested'), join(box.files, 'victim')];
  for (const path of [device, victim]) mkdirSync(path);
  const swap = `mv $s /d/.moved-\${s##*/} && ln -s ${victim} $s`;
  const attack = `while :; do for s in /d/.skiff-fill*/*; do [ -L $s ] || [ ! -d $s ] || { ${swap}; }; done; done`;
  await box.ok(['run', '-d', '--name', 'hostile', '--network', 'none', '-v', `${device}:/d`, busybox, 'sh', '-c', attack]);
  const volume = `src=contested,dst=/many,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=${device}`;
  const { code, stderr } = await box.skiff(['run', '--rm', '--network', 'none', '--mount', volume, many, 'true']);
  expect(await box.ok(['inspect', '-f', '{{.State.Status}}', 'hostile'])).toBe('running');
  await box.ok(['rm', '-f', 'hostile']);
  // On a slow machine the copy may win.
  if (code !== 0) {
    expect(stderr).toMatch(/^skiff: Cannot fill the new volume "contested" with the image's files at "\d+(?:\/\d+)?": E[A-Z]+\n/);
    expect(readdirSync(device).some((name) => name.startsWith('.moved-'))).toBe(true);
  }
  expect(readdirSync(victim)).toEqual([]);
});

const disk = process.env.SKIFF_TEST_SMALL_DISK;
(disk ? describe : describe.skip)('a disk of 24 MB (needs root to make one)', () => {
  const small = openSandbox({ storage: disk ?? '/var/tmp' });

  test('a copy that does not fit says so in one sentence, and leaves the volume as it was', async () => {
    await small.ok(['pull', '--quiet', busybox]);
    const make = 'mkdir /big; dd if=/dev/urandom of=/big/file bs=1M count=4 2>/dev/null';
    await small.ok(['run', '--name', 'maker', '--network', 'none', busybox, 'sh', '-c', make]);
    await small.ok(['commit', 'maker', 'localhost/big']);
    await small.ok(['rm', 'maker']);
    const { bavail, bsize } = statfsSync(small.files);
    writeFileSync(join(small.files, 'filler'), Buffer.alloc(bavail * bsize - 2_500_000));
    const first = ['run', '--rm', '--network', 'none', '-v', 'full:/big', 'localhost/big', 'ls', '/big'];
    expect(await small.skiff(first)).toEqual({
      stdout: '',
      stderr:
        'skiff: Cannot fill the new volume "full" with the image\'s files at "file": no space left on device\n' +
        'Free some disk space, or mount the volume with the option "nocopy"\n',
      code: 125,
    });
    expect(readdirSync(join(small.root, 'volumes/full')).toSorted()).toEqual(['_data', 'lock', 'volume.json']);
    expect(readdirSync(join(small.root, 'volumes/full/_data'))).toEqual([]);
    rmSync(join(small.files, 'filler'));
    expect(await small.ok(first)).toBe('file');
  });
});

function supervisorOf({ root, run: runFolder }: Sandbox, name: string): number {
  const id = readdirSync(join(root, 'containers')).find((entry) => {
    const record = JSON.parse(readFileSync(join(root, 'containers', entry, 'config.json'), 'utf8'));
    return record.Name === name;
  });
  expect(id).toBeDefined();
  expect(runFolder).not.toBe('');
  return JSON.parse(readFileSync(join(root, 'containers', id ?? '', 'state.json'), 'utf8')).SupervisorPid;
}
