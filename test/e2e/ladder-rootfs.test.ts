// Every step of the rootfs ladder shows a container the same files, keeps what it writes over a restart, and leaves nothing behind.

import { eventually } from './support/eventually.ts';
import { type FakeRegistry, startFakeRegistry } from './support/fake-registry.ts';
import { makeCatalogue } from './support/images/catalogue.ts';
import { imageOf, type Layer, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { rootOfRange, surrounded } from './support/surrounded.ts';

const box = openSandbox();
const unusual = image('unusual');
const drivers = ['overlay', 'fuse-overlayfs', 'copy'];

beforeAll(async () => {
  await box.ok(['pull', '--quiet', unusual]);
});

/** A shell script in a new container of the image with all that layers may hold. */
const run = (driver: string, script: string, ...flags: string[]) =>
  box.ok(['--storage-driver', driver, 'run', '--rm', '--network', 'none', ...flags, unusual, 'sh', '-c', script]);

const processes = (pattern: string): number[] =>
  Bun.spawnSync(['pgrep', '-f', pattern]).stdout.toString().split('\n').filter(Boolean).map(Number);
const fuseProcesses = (): number => processes(`^\\S*fuse-overlayfs .*${box.root}`).length;

describe.each(drivers)('%s', (driver) => {
  test('shows what is left of the layers: whiteouts, opaque folders, files that became folders', async () => {
    expect(await run(driver, 'ls whiteouts opaque becomes-folder; cat becomes-file opaque/upper')).toBe(
      'becomes-folder:\ninside\n\nopaque:\nupper\n\nwhiteouts:\nkept\nnow a file\nupper',
    );
  });

  test('keeps owners, modes, times, links, fifos and file capabilities', async () => {
    const shown = await run(
      driver,
      'stat -c "%n %u:%g %a %Y" owned noble; stat -c "%n %F %a" fifo bin/setuid; readlink absolute; readlink dangling; ' +
        '[ $(stat -c %i hard-one) = $(stat -c %i hard-two) ] && stat -c %h hard-one',
    );
    expect(shown.split('\n')).toEqual([
      'owned 1000:50 640 981173106',
      'noble 65534:65534 644 1700000000',
      'fifo fifo 622',
      'bin/setuid regular file 4755',
      '/etc/passwd',
      'nowhere/at/all',
      '2',
    ]);
    // CAP_NET_BIND_SERVICE, from the file's capabilities.
    expect(await run(driver, 'busybox-capable grep CapEff /proc/self/status', '-u', 'app')).toBe('CapEff:\t0000000000000400');
    // BusyBox as `su` works only from a setuid file: then app, whom nobody asks for root's password, is root.
    const become = (file: string) => `sed -i s/^root:x:/root::/ /etc/passwd; su app -c "exec -a su ${file} -c 'id -u'" 2>&1; true`;
    expect(await run(driver, become('/bin/setuid'))).toBe('0');
    expect(await run(driver, become('/bin/busybox'))).toBe('su: must be suid to work properly');
  });

  test('lets users that are not root read and write what is theirs, and no more', async () => {
    const script = 'echo mine >/home/app/file && cat /home/app/file /etc/passwd | head -2; (echo no >/etc/no) 2>/dev/null; echo $?';
    expect(await run(driver, script, '-u', 'app')).toBe('mine\nroot:x:0:0:root:/root:/bin/sh\n1');
  });

  test('keeps what a container changed over its restart, and changes no layer', async () => {
    const change = [
      'rm whiteouts/kept hard-one; rm -rf opaque; mkdir opaque; echo new >opaque/new; echo more >>becomes-file',
      'chown 1000:50 na*; chmod 600 becomes-folder/inside; mv becomes-folder moved; ln hard-two hard-three; mkfifo f',
    ].join('; ');
    const look =
      'ls whiteouts opaque moved; cat becomes-file hard-three; stat -c "%u:%g" na*; stat -c %a moved/inside; [ -p f ] && [ ! -e hard-one ]';
    const name = `changes-${driver}`;
    const script = `if [ -e /changed ]; then ${look}; else ${change}; touch /changed; fi`;
    const first = ['--storage-driver', driver, 'run', '--network', 'none', '--name', name, unusual, 'sh', '-ec', script];
    expect(await box.ok(first)).toBe('');
    const changed = 'moved:\ninside\n\nopaque:\nnew\n\nwhiteouts:\nnow a file\nmore\nlinked\n1000:50\n600';
    expect(await box.ok(['start', '--attach', name])).toBe(changed);
    // The driver is the container's own: what is asked for now is for new ones.
    const other = driver === 'copy' ? 'overlay' : 'copy';
    expect(await box.ok(['start', '--attach', name], { env: { SKIFF_STORAGE_DRIVER: other } })).toBe(changed);
    expect(await run(driver, 'cat whiteouts/kept hard-one; ls /')).not.toContain('changed');
    expect(await box.ok(['system', 'check'])).toMatch(/ 0 problems$/m);
    await box.ok(['rm', name]);
  });

  test('exec sees what the container wrote, and the container what exec wrote; rm -f takes all of it', async () => {
    const name = `exec-${driver}`;
    await box.ok(['--storage-driver', driver, 'run', '-d', '--network', 'none', '--name', name, unusual, 'sleep', '100000']);
    await box.ok(['exec', name, 'sh', '-c', 'echo from exec >/file; rm /hard-two']);
    expect(await box.ok(['exec', name, 'sh', '-c', 'cat /file; [ ! -e /hard-two ] && cat /hard-one'])).toBe('from exec\nlinked');
    expect(await box.ok(['exec', '-u', 'app', '-w', '/home/app', name, 'sh', '-c', 'id -un; pwd'])).toBe('app\n/home/app');
    expect((await box.skiff(['exec', name, 'no-such-program'])).code).toBe(127);
    expect((await box.skiff(['exec', '-u', 'no-such-user', name, 'true'])).stderr).toMatch(/unable to find user no-such-user/);
    expect(fuseProcesses()).toBe(driver === 'fuse-overlayfs' ? 1 : 0);
    await box.ok(['rm', '-f', name]);
    await eventually('fuse-overlayfs has ended', () => fuseProcesses() === 0);
  });

  test('what was written survives a kill -9 of the supervisor', async () => {
    const name = `killed-${driver}`;
    const script = '[ -e /written ] && exec cat /written; echo safe >/written; echo ready; exec sleep 100000';
    await box.ok(['--storage-driver', driver, 'run', '-d', '--network', 'none', '--name', name, unusual, 'sh', '-c', script]);
    await eventually('it has written', async () => (await box.skiff(['logs', name])).stdout === 'ready\n');
    const id = await box.ok(['inspect', '--format', '{{.Id}}', name]);
    for (const pid of processes(`__supervise ${id}`)) process.kill(pid, 'SIGKILL');
    await eventually('it has ended', async () => (await box.ok(['inspect', '--format', '{{.State.Status}}', name])) === 'exited');
    expect(await box.ok(['start', '--attach', name])).toBe('safe');
    await box.ok(['rm', name]);
  });
});

describe('which step is taken', () => {
  const driverOf = (format: string, env: Record<string, string> = {}, ...flags: string[]) =>
    box.ok([...flags, 'info', '--format', format], { env });

  test('native overlay, where it works, and info says why', async () => {
    expect(await driverOf('{{.Driver}}: {{.Rootless.Storage.Reason}}')).toBe('overlay: native overlay works in the user namespace');
  });

  test.each(drivers)('%s is forced by a flag and by SKIFF_STORAGE_DRIVER', async (driver) => {
    expect(await driverOf('{{.Driver}}: {{.Rootless.Storage.Reason}}', { SKIFF_STORAGE_DRIVER: driver })).toBe(`${driver}: asked for`);
    expect(await driverOf('{{.Driver}}', {}, '--storage-driver', driver)).toBe(driver);
  });

  test('an unknown one is refused with those that there are', async () => {
    const result = await box.skiff(['run', '--rm', unusual, 'true'], { env: { SKIFF_STORAGE_DRIVER: 'zfs' } });
    expect(result).toEqual({
      stdout: '',
      stderr: 'skiff: Unknown storage driver "zfs"\nUse one of: overlay, fuse-overlayfs, copy\n',
      code: 125,
    });
  });

  // An overlay cannot hold the upper folder of another: so it is in most containers.
  const onOverlay = (folder: string) =>
    [
      `mkdir ${folder} && cd ${folder} && mkdir l u w m && mount -t overlay overlay -o lowerdir=l,upperdir=u,workdir=w m`,
      'export SKIFF_ROOT=$PWD/m/data SKIFF_RUNROOT=$PWD/m/run',
      '"$SKIFF" info --format "{{.Driver}}: {{.Rootless.Storage.Reason}}"',
      '"$SKIFF" run --rm --network none localhost/hello | grep Hello',
    ].join(' && ');

  test('where overlay does not work fuse-overlayfs does', async () => {
    const { stdout } = await surrounded(box, onOverlay('with-fuse'), { by: rootOfRange });
    expect(stdout).toMatch(/^fuse-overlayfs: native overlay does not work here: mount: .*\nHello from a skiff container\.\n$/);
  });

  test('where neither works the layers are copied', async () => {
    const hidden = 'mount --bind /dev/null /dev/fuse';
    const { stdout } = await surrounded(box, `${hidden} && ${onOverlay('without-fuse')}`, { by: rootOfRange });
    expect(stdout).toMatch(/^copy: native overlay does not work here: .*; nor does fuse-overlayfs: .*\nHello from a skiff container\.\n$/);
  });
});

describe('many layers', () => {
  let registry: FakeRegistry;
  let name: string;

  beforeAll(async () => {
    registry = startFakeRegistry({ many: manyLayers() });
    name = `${registry.address}/many`;
    await box.ok(['pull', '--quiet', name]);
  });
  afterAll(() => registry.stop());

  test.each(drivers)('%s stacks 127 of them, the same ones among them several times', async (driver) => {
    const shown = await box.ok([
      '--storage-driver',
      driver,
      'run',
      '--rm',
      '--network',
      'none',
      name,
      'sh',
      '-c',
      'ls /l | wc -l; cat /top',
    ]);
    // 121 layers of one file each, less the one that a layer above them removes again.
    expect(shown).toBe('120\nblue');
  });
});

/** busybox, then layers that each add a file, with two layers that repeat: red, blue, red, blue say who is on top. */
function manyLayers() {
  const busybox = makeCatalogue().busybox?.();
  if (!busybox) throw new Error('No busybox image');
  const manifest = JSON.parse(Buffer.from(busybox.blobs.get(busybox.manifest.digest) ?? []).toString());
  const config = JSON.parse(Buffer.from(busybox.blobs.get(manifest.config.digest) ?? []).toString());
  const [descriptor] = manifest.layers;
  const first: Layer = { descriptor, diffId: config.rootfs.diff_ids[0], blob: busybox.blobs.get(descriptor.digest) ?? new Uint8Array() };
  const colour = (text: string) => layerOf(tarOf([{ path: 'top', content: text }]));
  const [red, blue] = [colour('red'), colour('blue')];
  const numbered = Array.from({ length: 121 }, (_, index) =>
    layerOf(
      tarOf([
        { path: 'l', type: 'dir' },
        { path: `l/file-${index}`, content: `${index}\n` },
      ]),
    ),
  );
  const last = layerOf(tarOf([{ path: 'l', type: 'dir' }, { path: 'l/.wh.file-7' }]));
  return imageOf({ layers: [first, red, blue, ...numbered, last, red, blue], config: config.config });
}
