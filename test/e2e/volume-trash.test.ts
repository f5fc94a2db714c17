// The trash: what `volume rm` and the prunes take away can be had back, for as long as the settings say, or until the disk is full.
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox, type Sandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const settings = join(box.files, 'config');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  mkdirSync(join(settings, 'skiff'), { recursive: true });
});
afterEach(async () => {
  const all = await names();
  if (all.length > 0) await box.ok(['volume', 'rm', '--purge', ...all]);
  await box.ok(['system', 'prune', '-f', '--trash']);
});

const withSettings = (text: string) => {
  writeFileSync(join(settings, 'skiff/volumes.json'), text);
  return { env: { XDG_CONFIG_HOME: settings } };
};
const names = async () => (await box.ok(['volume', 'ls', '-q'])).split('\n').filter(Boolean);
const fill = async (name: string, text: string) => {
  await box.ok(['volume', 'create', '--label', `of=${name}`, name]);
  await box.ok([
    'run',
    '--rm',
    '--network',
    'none',
    '-v',
    `${name}:/data`,
    busybox,
    'sh',
    '-c',
    `echo ${text} >/data/file; chown 1000:1000 /data/file; chmod 600 /data/file`,
  ]);
};
const read = (name: string) =>
  box.ok(['run', '--rm', '--network', 'none', '-v', `${name}:/data`, busybox, 'sh', '-c', 'cat /data/file; stat -c "%u:%g %a" /data/file']);
const trash = (of: Sandbox = box): string[] => {
  const folder = join(of.root, 'trash');
  return existsSync(folder)
    ? readdirSync(folder)
        .flatMap((removal) => readdirSync(join(folder, removal)))
        .sort()
    : [];
};
const refused = async (args: string[]) => {
  const { stdout, stderr, code } = await box.skiff(args);
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  return stderr;
};

test('a removed volume comes back with its files, owners, modes and labels', async () => {
  await fill('data', 'precious');
  await box.ok(['volume', 'rm', 'data']);
  expect(await names()).toEqual([]);
  expect(await box.ok(['system', 'undo'])).toBe('data');
  expect(await read('data')).toBe('precious\n1000:1000 600');
  expect(await box.ok(['volume', 'inspect', '-f', '{{.Labels.of}}', 'data'])).toBe('data');
  expect(await refused(['system', 'undo'])).toContain('skiff: Nothing to undo: the trash is empty');
});

test('several undos go further back, a command at a time; --list shows what there is', async () => {
  for (const name of ['one', 'two', 'three']) await box.ok(['volume', 'create', name]);
  await box.ok(['volume', 'rm', 'one', 'three']);
  await box.ok(['volume', 'prune', '-af']);
  expect((await box.ok(['system', 'undo', '--list'])).split('\n').map((line) => line.split(/ {2,}/))).toEqual([
    ['REMOVED', 'KEPT FOR', 'VOLUMES'],
    [expect.stringMatching(/ ago$/), 'another 24 hours', 'two'],
    [expect.stringMatching(/ ago$/), 'another 24 hours', 'one, three'],
  ]);
  expect(await box.ok(['system', 'undo'])).toBe('two');
  expect(await box.ok(['system', 'undo'])).toBe('one\nthree');
  expect(await names()).toEqual(['one', 'three', 'two']);
});

test('a name that is taken by then is told of, and nothing comes back until it is free', async () => {
  await fill('data', 'old');
  await box.ok(['volume', 'create', 'other']);
  await box.ok(['volume', 'rm', 'data', 'other']);
  await fill('data', 'new');
  expect(await refused(['system', 'undo'])).toContain(
    'skiff: Cannot bring back the volume "data": there is another volume of that name by now',
  );
  expect(await names()).toEqual(['data']);
  expect(await read('data')).toBe('new\n1000:1000 600');
  await box.ok(['volume', 'rm', '--purge', 'data']);
  expect(await box.ok(['system', 'undo'])).toBe('data\nother');
  expect(await read('data')).toBe('old\n1000:1000 600');
});

test('system prune --volumes keeps what it takes, too; rm -v and --rm do not', async () => {
  const anonymous = await box.ok(['volume', 'create']);
  expect(await box.ok(['system', 'prune', '-f', '--volumes'])).toMatch(new RegExp(`^Deleted Volumes:\n${anonymous}\n`, 'm'));
  expect(await names()).toEqual([]);
  expect(await box.ok(['system', 'undo'])).toBe(anonymous);
  await box.ok(['create', '--name', 'own', '-v', '/own', busybox, 'true']);
  await box.ok(['rm', '-v', 'own']);
  await box.ok(['run', '--rm', '--network', 'none', '-v', '/own', busybox, 'true']);
  expect(trash()).toEqual([]);
});

test('system df counts it in a line of its own, which is there only while there is something', async () => {
  const types = async () => (await box.ok(['system', 'df', '--format', '{{.Type}}'])).split('\n');
  expect(await types()).toEqual(['Images', 'Containers', 'Local Volumes', 'Build Cache']);
  await fill('data', 'x');
  await box.ok(['volume', 'rm', 'data']);
  expect(await types()).toEqual(['Images', 'Containers', 'Local Volumes', 'Build Cache', 'Trash']);
  const [, total, active, size, reclaimable] = (await box.ok(['system', 'df'])).split('\n').at(-1)?.split(/ {2,}/) ?? [];
  expect([total, active, reclaimable]).toEqual(['1', '0', `${size} (100%)`]);
  expect(await box.ok(['system', 'df', '-v'])).toMatch(/\nTrash space usage:\n\nREMOVED +VOLUMES +SIZE\n.* ago +data +[\d.]+kB$/);
});

test('system prune --trash empties it, and says so before', async () => {
  await box.ok(['volume', 'create', 'data']);
  await box.ok(['volume', 'rm', 'data']);
  const asked = await box.skiff(['system', 'prune', '--trash'], { stdin: 'n\n' });
  expect(asked.stdout).toContain('\n  - all removed volumes that could be brought back\n');
  await box.ok(['system', 'prune', '-f', '--trash', '--dry-run']);
  expect(trash()).toEqual(['data']);
  await box.ok(['system', 'prune', '-f', '--trash']);
  expect(trash()).toEqual([]);
});

test('keepRemoved 0 and --purge delete at once', async () => {
  await box.ok(['volume', 'create', 'one']);
  await box.ok(['volume', 'create', 'two']);
  await box.ok(['volume', 'rm', 'one'], withSettings('{"keepRemoved": "0"}'));
  await box.ok(['volume', 'rm', '--purge', 'two']);
  await box.ok(['volume', 'create', 'three']);
  await box.ok(['volume', 'prune', '-a', '-f', '--purge']);
  expect(trash()).toEqual([]);
  expect(await refused(['system', 'undo'])).toContain('the trash is empty');
});

test('settings that cannot be used are named before anything is removed', async () => {
  await box.ok(['volume', 'create', 'data']);
  const options = withSettings('{"keepRemoved": "soon"}');
  const { stdout, stderr, code } = await box.skiff(['volume', 'rm', 'data'], options);
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  expect(stderr).toContain(`Cannot use "${join(settings, 'skiff/volumes.json')}": "keepRemoved" is a time`);
  expect(await names()).toEqual(['data']);
});

test('what is older goes with the next command that sweeps, what is younger stays', async () => {
  for (const name of ['old', 'young']) {
    await fill(name, name);
    await box.ok(['volume', 'rm', name]);
  }
  const [old = ''] = readdirSync(join(box.root, 'trash')).sort();
  renameSync(join(box.root, 'trash', old), join(box.root, 'trash', '20200101T000000000Z-00000000'));
  await box.ok(['image', 'prune', '-f']);
  expect(trash()).toEqual(['young']);
});

const disk = process.env.SKIFF_TEST_SMALL_DISK;

(disk ? describe : describe.skip)('on a disk of 24 MB (needs root to make one)', () => {
  const small = openSandbox({ storage: disk ?? '/var/tmp' });
  const kept = () => trash(small);
  const big = async (name: string, megabytes: number) => {
    await small.ok([
      'run',
      '--rm',
      '--network',
      'none',
      '-v',
      `${name}:/data`,
      busybox,
      'dd',
      'if=/dev/urandom',
      'of=/data/big',
      'bs=1M',
      `count=${megabytes}`,
    ]);
  };

  /** Leaves room for `parts` of 256 kB. */
  const fillUp = (parts = 0): void => {
    const path = (part: number): string => join(small.files, `fill-${part}`);
    let part = 0;
    for (let isFull = false; !isFull; part++) {
      try {
        writeFileSync(path(part), Buffer.alloc(1 << 18));
      } catch {
        isFull = true;
      }
    }
    // The last one is not whole.
    for (let left = 2; left < parts + 2; left++) rmSync(path(part - left), { force: true });
  };
  afterEach(() => {
    for (const name of readdirSync(small.files)) rmSync(join(small.files, name));
  });

  test('a command that meets a full disk empties the trash, says so, and is done at the second try', async () => {
    await small.ok(['pull', '--quiet', busybox]);
    await big('data', 14);
    await small.ok(['volume', 'rm', 'data']);
    expect(kept()).toEqual(['data']);
    fillUp();
    const { stdout, stderr, code } = await small.skiff(['pull', '--quiet', image('features')]);
    expect({ stdout, code }).toEqual({ stdout: `${image('features')}:latest\n`, code: 0 });
    expect(stderr).toContain('skiff: The disk is full: the removed volume in the trash had to go for good\n');
    expect(kept()).toEqual([]);
  });

  test('a run whose new volume cannot be filled empties the trash, and starts then', async () => {
    await big('more', 8);
    await small.ok(['volume', 'rm', 'more']);
    fillUp(3);
    const { stdout, stderr, code } = await small.skiff([
      'run',
      '--rm',
      '--network',
      'none',
      '-v',
      'programs:/bin',
      busybox,
      'echo',
      'room',
    ]);
    expect({ stdout, stderr, code }).toEqual({
      stdout: 'room\n',
      stderr: expect.stringContaining('the removed volume in the trash had to go for good\n'),
      code: 0,
    });
    expect(kept()).toEqual([]);
  });
});
