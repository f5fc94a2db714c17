// An image of what a container changed: skiff runs it and shows the same files, podman runs it, and whatever breaks off leaves nothing.
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig, ImageRecord } from '../../src/storage/records.ts';
import { type ArchiveEntry, entriesOf, exported } from './support/archive.ts';
import { eventsOf } from './support/events.ts';
import { eventually } from './support/eventually.ts';
import { image, openSandbox, type Sandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  for (const name of ['busybox', 'unusual', 'features']) await box.ok(['pull', '--quiet', image(name)]);
});

const CHANGES = [
  'mkdir -p /made/deep',
  'echo one >/made/deep/one',
  'ln /made/deep/one /made/two',
  'ln -s ../made /made/away',
  'mkfifo /made/pipe',
  'chmod 4755 /made/deep/one',
  'rm /etc/passwd',
  'rm -rf /home; mkdir /home; chown 7:8 /home; echo new >/home/new',
  'chmod 700 /tmp',
].join('; ');

const imageRecord = (id: string, { root }: Sandbox = box): ImageRecord =>
  JSON.parse(readFileSync(join(root, 'images/records', `${id.replace('sha256:', '')}.json`), 'utf8'));
const blob = (digest: string): Buffer => readFileSync(join(box.root, 'images/blobs/sha256', digest.replace('sha256:', '')));
const imageConfig = (id: string): ImageConfig => JSON.parse(blob(id).toString());
const idOf = (name: string): Promise<string> => box.ok(['inspect', '--type', 'image', '--format', '{{.Id}}', name]);

/** The files of a container, without mount points and what a mount made younger. */
async function files(name: string): Promise<Map<string, ArchiveEntry>> {
  const entries = entriesOf(await exported(box, name));
  for (const mount of ['etc/hosts', 'etc/hostname', 'etc/resolv.conf']) entries.delete(mount);
  const etc = entries.get('etc/');
  if (etc) entries.set('etc/', { ...etc, mtimeSeconds: 0, mtimeNanoseconds: 0 });
  return entries;
}

describe.each(['overlay', 'fuse-overlayfs', 'copy'])('with the storage driver %s', (driver) => {
  test('the image holds the files of the container, and runs', async () => {
    const name = `made-by-${driver}`;
    await box.ok(['run', '--network', 'none', '--storage-driver', driver, '--name', name, busybox, 'sh', '-c', CHANGES]);
    const id = await box.ok(['commit', name, `local/${driver}:1`]);
    expect(id).toMatch(/^sha256:[0-9a-f]{64}$/);
    await box.ok(['create', '--name', `copy-${name}`, `local/${driver}:1`, 'true']);
    expect(await files(`copy-${name}`)).toEqual(await files(name));
    const script = 'cat /made/away/two; ls -a /home; test ! -e /etc/passwd && echo no passwd';
    expect(await box.ok(['run', '--rm', '--network', 'none', `local/${driver}:1`, 'sh', '-c', script])).toBe('one\n.\n..\nnew\nno passwd');
  });
});

test('every driver makes the same layer', async () => {
  const layers = await Promise.all(
    ['overlay', 'fuse-overlayfs', 'copy'].map(async (driver) => {
      const name = `same-${driver}`;
      const script =
        'rm -r /home /etc/group; mkdir /x; echo y >/x/y; touch -d 2020-01-01 /x/y /x; rm -rf /www; echo file >/www; touch -d 2020-01-01 /www';
      await box.ok(['run', '--network', 'none', '--storage-driver', driver, '--name', name, busybox, 'sh', '-c', script]);
      const id = await box.ok(['commit', name]);
      const layer = imageRecord(id).layers.at(-1);
      const entries = entriesOf(Bun.gunzipSync(new Uint8Array(blob(layer?.digest ?? ''))));
      return [...entries.values()].map(({ name: path, type, mode, uid, gid, body }) => ({ path, type, mode, uid, gid, body }));
    }),
  );
  expect(layers[0]?.map(({ path }) => path)).toEqual(['etc/', 'etc/.wh.group', '.wh.home', 'www', 'x/', 'x/y']);
  expect(layers[1]).toEqual(layers[0]);
  expect(layers[2]).toEqual(layers[0]);
});

test('manifest, config, history and inspect say what was made', async () => {
  const container = await box.ok([
    'run',
    '--network',
    'none',
    '-d',
    '--name',
    'told',
    '-e',
    'MINE=1',
    '-w',
    '/tmp',
    busybox,
    'sleep',
    '1000',
  ]);
  await box.ok(['exec', 'told', 'sh', '-c', 'echo x >/x']);
  const changes = [
    '-c',
    'ENV A=b PATH=$PATH:/opt',
    '-c',
    'EXPOSE 80',
    '-c',
    'LABEL l="a b"',
    '-c',
    'CMD ["echo", "changed"]',
    '--change',
    'USER 5',
  ];
  const id = await box.ok(['container', 'commit', '-a', 'A. Uthor <a@b>', '-m', 'a message', ...changes, 'told', 'local/told']);
  const base = imageRecord(await idOf(busybox));
  const record = imageRecord(id);
  const config = imageConfig(id);
  expect(await idOf('local/told:latest')).toBe(id);
  expect(record.layers.slice(0, -1).map(({ digest, diffId }) => [digest, diffId])).toEqual(
    base.layers.map(({ digest, diffId }) => [digest, diffId]),
  );
  const manifest = JSON.parse(blob(record.manifest.digest).toString());
  expect(manifest).toEqual({
    schemaVersion: 2,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: id, size: blob(id).length },
    layers: record.layers.map(({ digest, size }) => ({ mediaType: 'application/vnd.oci.image.layer.v1.tar+gzip', digest, size })),
  });
  const layer = blob(record.layers.at(-1)?.digest ?? '');
  const hash = (data: Uint8Array): string => `sha256:${new Bun.CryptoHasher('sha256').update(data).digest('hex')}`;
  expect([hash(layer), hash(Bun.gunzipSync(new Uint8Array(layer)))]).toEqual([record.layers.at(-1)?.digest, config.rootfs.diff_ids.at(-1)]);
  expect(config).toMatchObject({
    author: 'A. Uthor <a@b>',
    architecture: process.arch === 'x64' ? 'amd64' : 'arm64',
    os: 'linux',
    config: {
      User: '5',
      Env: ['MINE=1', expect.stringMatching(/^PATH=.+:\/opt$/), 'A=b'],
      Cmd: ['echo', 'changed'],
      ExposedPorts: { '80/tcp': {} },
      WorkingDir: '/tmp',
      Labels: { 'test.image': 'busybox', l: 'a b' },
    },
  });
  expect(config.history?.at(-1)).toEqual({
    created: config.created,
    created_by: 'sleep 1000',
    author: 'A. Uthor <a@b>',
    comment: 'a message',
  });
  expect(config.history?.filter(({ empty_layer }) => !empty_layer).length).toBe(record.layers.length);
  const format = '{{.Comment}}|{{.Author}}|{{.Config.User}}|{{json .Config.Cmd}}|{{.RepoTags}}|{{len .RootFS.Layers}}';
  expect(await box.ok(['inspect', '--type', 'image', '--format', format, 'local/told'])).toBe(
    'a message|A. Uthor <a@b>|5|["echo","changed"]|[local/told:latest]|2',
  );
  expect(await box.ok(['run', '--rm', '--network', 'none', 'local/told'])).toBe('changed');
  expect(eventsOf(box, container).filter(([action]) => ['commit', 'pause', 'unpause'].includes(action ?? ''))).toEqual([
    ['pause'],
    ['unpause'],
    ['commit', 'comment=a message', `imageID=${id}`, 'imageRef=docker.io/local/told:latest'],
  ]);
});

test('a container that changed nothing gives an image of the same layers, and a line of history', async () => {
  await box.ok(['run', '--network', 'none', '--name', 'nothing', busybox, 'true']);
  const id = await box.ok(['commit', '-m', 'nothing', 'nothing']);
  expect(imageConfig(id).rootfs.diff_ids).toEqual(imageRecord(await idOf(busybox)).layers.map(({ diffId }) => diffId));
  expect(imageConfig(id).history?.at(-1)).toMatchObject({ created_by: 'true', comment: 'nothing', empty_layer: true });
  expect(await box.ok(['run', '--rm', '--network', 'none', id, 'echo', 'runs'])).toBe('runs');
});

test('one that never ran can be committed, and a commit can be committed again', async () => {
  await box.ok(['create', '--name', 'never', busybox, 'true']);
  const id = await box.ok(['commit', 'never', 'chain:1']);
  for (const step of [2, 3]) {
    await box.ok(['run', '--network', 'none', '--name', `chain-${step}`, `chain:${step - 1}`, 'sh', '-c', `echo ${step} >>/steps`]);
    await box.ok(['commit', `chain-${step}`, `chain:${step}`]);
  }
  expect(await box.ok(['run', '--rm', '--network', 'none', 'chain:3', 'cat', '/steps'])).toBe('2\n3');
  expect(imageRecord(await idOf('chain:3')).layers.length).toBe(imageRecord(id).layers.length + 2);
});

test('what is in volumes and other mounts is not committed', async () => {
  const flags = ['-v', '/data', '-v', `${box.files}:/shared`, '--tmpfs', '/scratch'];
  const script = 'echo x | tee /data/x /shared/x /scratch/x /dev/shm/x >/mine';
  await box.ok(['run', '--network', 'none', '--name', 'mounted', ...flags, busybox, 'sh', '-c', script]);
  const layer = imageRecord(await box.ok(['commit', 'mounted'])).layers.at(-1);
  const entries = entriesOf(Bun.gunzipSync(new Uint8Array(blob(layer?.digest ?? ''))));
  expect([...entries.keys()]).toEqual(['data/', 'mine', 'scratch/', 'shared/']);
});

test('owners, capabilities and the root’s own mode survive', async () => {
  const script = 'chmod 750 /bin/busybox-capable; chown 9:9 /owned; mv /hard-one /moved';
  await box.ok(['run', '--network', 'none', '--name', 'odd', image('unusual'), 'sh', '-c', script]);
  await box.ok(['commit', 'odd', 'local/odd']);
  await box.ok(['create', '--name', 'odd-copy', 'local/odd', 'true']);
  const [before, after] = [await files('odd'), await files('odd-copy')];
  expect(after).toEqual(before);
  expect(after.get('owned')).toMatchObject({ uid: 9, gid: 9 });
  expect(after.get('bin/busybox-capable')?.mode).toBe(0o750);
  await box.ok(['run', '--network', 'none', '-u', '0', '--entrypoint', '/bin/busybox', '--name', 'root', image('features'), 'touch', '/x']);
  await box.ok(['commit', 'root', 'local/root']);
  const stat = ['run', '--rm', '--network', 'none', '--entrypoint', 'stat', 'local/root', '-c', '%a %u %g', '/'];
  expect(await box.ok(stat)).toBe('751 1000 1000');
});

test('podman runs what was committed', async () => {
  await box.ok(['run', '--network', 'none', '--name', 'for-podman', busybox, 'sh', '-c', CHANGES]);
  const { manifest } = imageRecord(
    await box.ok(['commit', '-c', 'CMD ["sh", "-c", "cat /made/two; ls /home; stat -c %a:%u /tmp /home"]', 'for-podman']),
  );
  const layout = join(box.files, 'layout');
  mkdirSync(join(layout, 'blobs'), { recursive: true });
  cpSync(join(box.root, 'images/blobs/sha256'), join(layout, 'blobs/sha256'), { recursive: true });
  writeFileSync(join(layout, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  const annotations = { 'org.opencontainers.image.ref.name': 'made' };
  writeFileSync(join(layout, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [{ ...manifest, annotations }] }));
  const storage = ['--root', join(box.files, 'podman'), '--runroot', join(box.files, 'podman-run'), '--storage-driver', 'vfs'];
  const run = Bun.spawn(['podman', ...storage, 'run', '--rm', '--quiet', '--network', 'none', `oci:${layout}:made`], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: box.peerEnv,
  });
  const [stdout, stderr, code] = await Promise.all([new Response(run.stdout).text(), new Response(run.stderr).text(), run.exited]);
  Bun.spawnSync(['podman', 'unshare', 'rm', '-rf', join(box.files, 'podman'), join(box.files, 'podman-run')], { env: box.peerEnv });
  rmSync(layout, { recursive: true });
  expect({ stdout, code }).toEqual({ stdout: 'one\nnew\n700:0\n755:7\n', code: 0 });
  expect(stderr).not.toContain('rror');
});

describe('names', () => {
  test('move from one image to the next, which leaves the first without one', async () => {
    await box.ok(['run', '--network', 'none', '--name', 'moving', busybox, 'touch', '/x']);
    const first = await box.ok(['commit', 'moving', 'local/moves']);
    const second = await box.ok(['commit', 'moving', 'local/moves:latest']);
    expect(second).not.toBe(first);
    expect(await idOf('local/moves')).toBe(second);
    expect(await box.ok(['inspect', '--type', 'image', '--format', '{{len .RepoTags}}', first])).toBe('0');
    // Equal changes are one layer in the store, and stay for as long as one of the images does.
    expect(imageRecord(first).layers).toEqual(imageRecord(second).layers);
    await box.ok(['rmi', first]);
    expect(await box.ok(['run', '--rm', '--network', 'none', 'local/moves', 'ls', '/x'])).toBe('/x');
  });

  test('two commits at once both stand', async () => {
    await box.ok([
      'run',
      '-d',
      '--network',
      'none',
      '--name',
      'twice',
      busybox,
      'sh',
      '-c',
      'dd if=/dev/urandom of=/big bs=1M count=20 2>/dev/null; exec sleep 1000',
    ]);
    const ids = await Promise.all(['a', 'b', 'c'].map((tag) => box.ok(['commit', 'twice', `local/twice:${tag}`])));
    // Of equal contents in the same millisecond two are one image.
    for (const [index, tag] of ['a', 'b', 'c'].entries()) expect(await idOf(`local/twice:${tag}`)).toBe(ids[index]);
    expect(await box.ok(['inspect', '--format', '{{.State.Status}}', 'twice'])).toBe('running');
    await box.ok(['rm', '-f', 'twice']);
  });
});

describe('the container rests while it is committed', () => {
  /** Enough to read that a commit can be met on its way. */
  const BIG =
    'dd if=/dev/urandom of=/big bs=1M count=150 2>/dev/null; touch /ready; i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.02; done';
  const status = (name: string) => box.ok(['inspect', '--format', '{{.State.Status}}', name]);
  const counts = async (id: string): Promise<void> => {
    const count = () => Number(readFileSync(join(box.root, 'containers', id, 'upper/count'), 'utf8'));
    const from = count();
    await eventually('it counts on', () => count() > from + 2);
  };
  let id = '';

  beforeAll(async () => {
    id = await box.ok(['run', '-d', '--network', 'none', '--name', 'rests', busybox, 'sh', '-c', BIG]);
    await eventually('it is ready', async () => (await box.skiff(['exec', 'rests', 'test', '-e', '/ready'])).code === 0, 120_000);
    await counts(id);
  });
  afterAll(() => box.ok(['rm', '-f', 'rests']));

  test('and goes on afterwards', async () => {
    const child = box.start(['commit', 'rests', 'local/rests']);
    await eventually('it is paused', async () => (await status('rests')) === 'paused');
    expect(await child.exited).toBe(0);
    expect(await status('rests')).toBe('running');
    await counts(id);
  }, 120_000);

  test('and goes on when the command is killed, which leaves nothing', async () => {
    const before = await box.ok(['images', '-aq', '--no-trunc']);
    const blobs = readdirSync(join(box.root, 'images/blobs/sha256'));
    const child = box.start(['commit', 'rests', 'local/killed']);
    await eventually('it is paused', async () => (await status('rests')) === 'paused');
    child.kill('SIGKILL');
    await eventually('it runs', async () => (await status('rests')) === 'running');
    await counts(id);
    await eventually('nothing is left', () => readdirSync(join(box.root, 'tmp')).join() === 'claims');
    expect(readdirSync(join(box.root, 'images/blobs/sha256'))).toEqual(blobs);
    expect(await box.ok(['images', '-aq', '--no-trunc'])).toBe(before);
    expect((await box.skiff(['inspect', '--type', 'image', 'local/killed'])).code).toBe(1);
  }, 120_000);

  test('Ctrl-C ends it in order', async () => {
    const child = box.start(['commit', 'rests', 'local/cut']);
    await eventually('it is paused', async () => (await status('rests')) === 'paused');
    child.kill('SIGINT');
    expect(await child.exited).toBe(130);
    expect(await status('rests')).toBe('running');
    expect(readdirSync(join(box.root, 'tmp'))).toEqual(['claims']);
    expect((await box.skiff(['inspect', '--type', 'image', 'local/cut'])).code).toBe(1);
  }, 120_000);

  test('and may end meanwhile: what it had written is committed', async () => {
    const child = box.start(['commit', 'rests', 'local/ended']);
    await eventually('it is paused', async () => (await status('rests')) === 'paused');
    await box.ok(['kill', 'rests']);
    expect(await new Response(child.stderr).text()).toBe('');
    expect(await child.exited).toBe(0);
    expect(await status('rests')).toBe('exited');
    const size = ['run', '--rm', '--network', 'none', 'local/ended', 'stat', '-c', '%s', '/big'];
    expect(await box.ok(size)).toBe(String(150 << 20));
  }, 120_000);

  test('unless it was paused before, or is not to be paused', async () => {
    await box.ok(['run', '-d', '--network', 'none', '--name', 'paused', busybox, 'sleep', '1000']);
    await box.ok(['pause', 'paused']);
    await box.ok(['commit', 'paused']);
    expect(await status('paused')).toBe('paused');
    await box.ok(['unpause', 'paused']);
    await box.ok(['commit', '--pause=false', 'paused']);
    const container = await box.ok(['inspect', '--format', '{{.Id}}', 'paused']);
    expect(eventsOf(box, container).filter(([action]) => /pause/.test(action ?? ''))).toEqual([['pause'], ['unpause']]);
    await box.ok(['rm', '-f', 'paused']);
  });
});

describe('refuses in one sentence, and makes nothing:', () => {
  test.each([
    [['nobody'], 'No such container: nobody'],
    [['never', 'local/Case'], 'invalid reference format: repository name (local/Case) must be lowercase'],
    [['never', 'a b'], 'invalid reference format'],
    [['never', `a@sha256:${'0'.repeat(64)}`], 'refusing to create a tag with a digest reference'],
    [['-c', 'FROM busybox', 'never'], 'FROM is not a valid change command'],
    [['-c', 'ENV A', 'never'], 'Cannot apply the change: ENV must have two arguments'],
    [['--pause=maybe', 'never'], 'invalid argument "maybe" for "-p, --pause" flag: must be true or false'],
    [[], "'skiff commit' requires at least 1 and at most 2 arguments"],
  ])('%j', async (args, said) => {
    const before = await box.ok(['images', '-aq']);
    const { stdout, stderr, code } = await box.skiff(['commit', ...args]);
    expect({ stdout, said: stderr.split('\n')[0]?.includes(said) || stderr, isError: code !== 0 }).toEqual({
      stdout: '',
      said: true,
      isError: true,
    });
    expect(await box.ok(['images', '-aq'])).toBe(before);
  });

  test('a container whose image is gone', async () => {
    await box.ok(['run', '--network', 'none', '--name', 'orphan-maker', busybox, 'touch', '/y']);
    await box.ok(['commit', 'orphan-maker', 'local/orphan']);
    await box.ok(['create', '--name', 'orphan', 'local/orphan', 'true']);
    await box.ok(['rmi', '-f', 'local/orphan']);
    const { stderr, code } = await box.skiff(['commit', 'orphan']);
    expect(stderr).toContain('skiff: No such image: local/orphan, which the container was made from');
    expect(code).toBe(1);
  });
});

const disk = process.env.SKIFF_TEST_SMALL_DISK;

(disk ? describe : describe.skip)('on a disk of 24 MB (needs root to make one)', () => {
  const small = openSandbox({ storage: disk ?? '/var/tmp' });

  test('a commit that does not fit says so, and leaves nothing', async () => {
    await small.ok(['pull', '--quiet', busybox]);
    await small.ok(['run', '--network', 'none', '--name', 'big', busybox, 'dd', 'if=/dev/urandom', 'of=/big', 'bs=1M', 'count=10']);
    const blobs = readdirSync(join(small.root, 'images/blobs/sha256'));
    const { stdout, stderr, code } = await small.skiff(['commit', 'big', 'local/big'], { timeoutMs: 120_000 });
    expect({ stdout, first: stderr.split('\n')[0], code }).toEqual({
      stdout: '',
      first: 'skiff: Cannot commit the container "big": no space left on the device',
      code: 1,
    });
    expect(readdirSync(join(small.root, 'images/blobs/sha256'))).toEqual(blobs);
    expect(readdirSync(join(small.root, 'tmp'))).toEqual(['claims']);
    expect(await small.ok(['images', '--format', '{{.Repository}}'])).toBe(busybox);
    expect((await small.skiff(['system', 'check'])).code).toBe(0);
    expect(await small.ok(['diff', 'big'])).toBe('A /big');
  });

  test('a file of holes that is larger than the disk fits', async () => {
    await small.ok(['rm', 'big']);
    await small.ok(['run', '--network', 'none', '--name', 'holes', busybox, 'sh', '-c', 'truncate -s 100M /holes; echo end >>/holes']);
    await small.ok(['commit', 'holes', 'local/holes'], { timeoutMs: 120_000 });
    const script = 'stat -c %s /holes; tail -c 4 /holes';
    expect(await small.ok(['run', '--rm', '--network', 'none', 'local/holes', 'sh', '-c', script])).toBe(`${(100 << 20) + 4}\nend`);
  });
});

test('the store is whole after all this', async () => {
  expect(await box.skiff(['system', 'check'])).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^\d+ objects checked, 0 problems/),
  });
});

describe('where the user has one id', () => {
  const single = openSandbox({ env: { SKIFF_USERNS_STEP: 'single' } });

  test('the owners that could not be given are exported and committed all the same', async () => {
    await single.ok(['pull', '--quiet', image('unusual')]);
    await single.ok(['create', '--name', 'odd', image('unusual'), 'true']);
    const owners = (entries: Map<string, ArchiveEntry>) =>
      ['owned', 'noble', 'home/app/'].map((name) => [entries.get(name)?.uid, entries.get(name)?.gid]);
    expect(owners(entriesOf(await exported(single, 'odd')))).toEqual([
      [1000, 50],
      [65_534, 65_534],
      [1000, 1000],
    ]);
    await single.ok([
      'run',
      '--network',
      'none',
      '--name',
      'changed',
      image('unusual'),
      'sh',
      '-c',
      'echo more >>/owned; echo mine >/mine',
    ]);
    const id = await single.ok(['commit', 'changed', 'local/odd']);
    const layer = imageRecord(id, single).layers.at(-1)?.digest.replace('sha256:', '') ?? '';
    const entries = entriesOf(Bun.gunzipSync(new Uint8Array(readFileSync(join(single.root, 'images/blobs/sha256', layer)))));
    expect([...entries.values()].map(({ name, uid, gid }) => [name, uid, gid])).toEqual([
      ['mine', 0, 0],
      ['owned', 1000, 50],
    ]);
  });
});
