import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CreateOptions } from '../../../src/engine/create/options.ts';
import { createContainer } from '../../../src/engine/create.ts';
import { putBlob } from '../../../src/storage/blob.ts';
import { readContainer } from '../../../src/storage/container.ts';
import { putImage, tagImage } from '../../../src/storage/image.ts';
import type { ImageConfig, ImageRunConfig, Platform } from '../../../src/storage/records.ts';
import type { Ctx } from '../../../src/sys/context.ts';
import { isLocked } from '../../../src/sys/lock.ts';

const root = mkdtempSync(join(tmpdir(), 'skiff-create-'));
const ctx: Ctx = {
  paths: { data: join(root, 'data'), run: join(root, 'run') },
  env: { SKIFF_STORAGE_DRIVER: 'copy', HOME: root },
  warn: () => undefined,
  now: () => new Date(1_700_000_000_000),
};
const here: Platform = { os: 'linux', architecture: process.arch === 'x64' ? 'amd64' : process.arch };

/** Puts an image without layers into the store. */
function putTestImage(reference: string, config: ImageRunConfig, platform = here): string {
  const blob: ImageConfig = { ...platform, config, rootfs: { type: 'layers', diff_ids: [] } };
  const id = putBlob(ctx, Buffer.from(JSON.stringify(blob)));
  const manifest = {
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    digest: putBlob(ctx, Buffer.from(`{"for":"${id}"}`)),
    size: 1,
  };
  putImage(ctx, {
    version: 1,
    id,
    manifest,
    target: manifest,
    platform,
    layers: [],
    sizeBytes: 0,
    repoDigests: [],
    created: '',
    storedAt: '',
  });
  tagImage(ctx, `docker.io/library/${reference}:latest`, id);
  return id;
}

let imageId: string;
beforeAll(() => {
  imageId = putTestImage('app', {
    Entrypoint: ['/entry'],
    Cmd: ['serve'],
    Env: ['A=1'],
    Volumes: { '/data': {} },
    ExposedPorts: { '80/tcp': {} },
  });
  putTestImage('plain', { Cmd: ['sh'] });
  putTestImage('foreign', { Cmd: ['sh'] }, { os: 'linux', architecture: 's390x' });
  putTestImage('empty', {});
});
afterAll(() => rmSync(root, { recursive: true }));

const create = (change: Partial<CreateOptions> & { image?: string } = {}) =>
  createContainer(ctx, { HostConfig: {}, ...change, Config: { Image: change.image ?? 'plain', ...change.Config } });

async function recordOf(change: Parameters<typeof create>[0]) {
  const { id } = await create(change);
  const view = readContainer(ctx, id);
  if (!view) throw new Error('The container is not there');
  return view.record;
}

/** Every path below the store but images, for "nothing is left". */
function traces(): string[] {
  return ['containers', 'names', 'volumes', 'tmp'].flatMap((folder) => list(join(ctx.paths.data, folder))).toSorted();
}

function list(folder: string): string[] {
  return existsSync(folder) ? readdirSync(folder, { recursive: true }).map((name) => join(folder, String(name))) : [];
}

test('the record says what was asked for and what the image adds', async () => {
  const record = await recordOf({ name: 'first', image: 'app', Config: { Image: 'app', Env: ['B=2'], Cmd: ['now'] } });
  expect(record).toMatchObject({
    version: 1,
    Name: 'first',
    Image: imageId,
    Layers: [],
    Platform: here,
    Path: '/entry',
    Args: ['now'],
    Driver: 'copy',
    Created: '2023-11-14T22:13:20.000Z',
    Config: { Hostname: record.Id.slice(0, 12), Env: ['B=2', 'A=1'], Image: 'app' },
    HostConfig: { NetworkMode: 'bridge' },
  });
  expect(record.Id).toMatch(/^[0-9a-f]{64}$/);
});

test('the lock is free once the container stands', async () => {
  const { id } = await create({ name: 'unlocked' });
  expect(isLocked(join(ctx.paths.run, 'locks', `c-${id}`))).toBe(false);
});

test('a container without a name gets one, and a leading slash is dropped', async () => {
  expect((await create()).name).toMatch(/^[a-z]+_[a-z]+$/);
  expect((await create({ name: '/slashed' })).name).toBe('slashed');
});

test('an image is found by its id and a prefix of it too', async () => {
  expect((await recordOf({ image: imageId.slice(7, 20) })).Image).toBe(imageId);
});

test('VOLUMEs of the image become anonymous volumes, but not where something is mounted', async () => {
  const anonymous = await recordOf({ image: 'app' });
  expect(anonymous.Mounts).toEqual([
    {
      Type: 'volume',
      Name: expect.stringMatching(/^[0-9a-f]{64}$/),
      Source: expect.stringMatching(/\/volumes\/[0-9a-f]{64}\/_data$/),
      Destination: '/data',
      Driver: 'local',
      Mode: '',
      RW: true,
      Propagation: '',
      Anonymous: true,
    },
  ]);
  expect(existsSync(anonymous.Mounts[0]?.Source ?? '')).toBe(true);
  expect((await recordOf({ image: 'app', HostConfig: { Tmpfs: { '/data': '' } } })).Mounts).toEqual([]);
  expect((await recordOf({ image: 'app', HostConfig: { Binds: ['/tmp:/data'] } })).Mounts.map(({ Type }) => Type)).toEqual(['bind']);
});

test('a named volume is made once and found again', async () => {
  const one = await recordOf({ HostConfig: { Binds: ['shared:/a'] } });
  const two = await recordOf({ HostConfig: { Binds: ['shared:/b:ro'] } });
  expect(one.Mounts[0]).toMatchObject({ Type: 'volume', Name: 'shared', RW: true });
  expect(two.Mounts[0]).toMatchObject({ Source: one.Mounts[0]?.Source, RW: false, Mode: 'ro' });
  expect(one.Mounts[0]?.Anonymous).toBeUndefined();
});

test('on the host’s network the host’s name is used', async () => {
  const { hostname } = await import('node:os');
  expect((await recordOf({ HostConfig: { NetworkMode: 'host' } })).Config.Hostname).toBe(hostname());
});

test('the ID file holds the id, and one that is there is refused', async () => {
  const path = join(root, 'cid');
  const { id } = await create({ HostConfig: { ContainerIDFile: path } });
  expect(readFileSync(path, 'utf8')).toBe(id);
  await expect(create({ HostConfig: { ContainerIDFile: path } })).rejects.toThrow(
    `Container ID file found, make sure the other container isn't running or delete ${path}`,
  );
  expect(readFileSync(path, 'utf8')).toBe(id);
});

test('an image for another machine is warned of, unless it was asked for', async () => {
  expect((await create({ image: 'foreign' })).warnings).toEqual([
    `The requested image's platform (linux/s390x) does not match the detected host platform (linux/${here.architecture}) and no specific platform was requested`,
  ]);
  expect((await create({ image: 'foreign', platform: 'linux/s390x' })).warnings).toEqual([]);
  await expect(create({ image: 'plain', platform: 'linux/s390x' })).rejects.toThrow('No such image: plain:latest');
});

test('published ports that no network mode can carry are warned of', async () => {
  const PortBindings = { '80/tcp': [{ HostIp: '', HostPort: '8080' }] };
  expect((await create({ HostConfig: { NetworkMode: 'none', PortBindings } })).warnings).toEqual([
    'Published ports are discarded when using none network mode',
  ]);
});

describe('what is refused leaves nothing', () => {
  const cases: [string, Parameters<typeof create>[0], string][] = [
    ['an unknown image', { image: 'nosuch' }, 'No such image: nosuch:latest'],
    ['a bad reference', { image: 'Bad' }, 'invalid reference format: repository name (library/Bad) must be lowercase'],
    ['no command', { image: 'empty' }, 'No command specified'],
    ['a name already taken', { name: 'taken', image: 'app' }, 'Conflict. The container name "/taken" is already in use by container'],
    ['a bad name', { name: 'a b' }, 'Invalid container name (a b), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed'],
    ['a missing bind source', { HostConfig: { Binds: ['/no/such:/a'] } }, 'bind source path does not exist: /no/such'],
    ['a duplicate mount', { HostConfig: { Binds: ['/tmp:/a', 'new:/a'] } }, 'Duplicate mount point: /a'],
    ['a bad working directory', { Config: { Image: 'plain', WorkingDir: 'x' } }, "The working directory 'x' is invalid"],
    ['a bad host name', { Config: { Image: 'plain', Hostname: 'a b' } }, 'Invalid hostname format: a b'],
    ['a bad stop signal', { Config: { Image: 'plain', StopSignal: 'FOO' } }, 'Invalid signal: FOO'],
    [
      'a missing device',
      { HostConfig: { Devices: [{ PathOnHost: '/dev/nosuch', PathInContainer: '/dev/x', CgroupPermissions: 'rwm' }] } },
      'custom device "/dev/nosuch": no such file or directory',
    ],
    ['a bad storage driver', { HostConfig: { StorageDriver: 'zfs' } }, 'Unknown storage driver "zfs"'],
    [
      'an ID file in no folder',
      { image: 'app', HostConfig: { Binds: ['fresh:/v'], ContainerIDFile: '/no/such/cid' } },
      'Failed to create the container ID file "/no/such/cid": ENOENT',
    ],
  ];

  beforeAll(async () => {
    await create({ name: 'taken' });
  });

  test.each(cases)('%s', async (_, change, message) => {
    const before = traces();
    await expect(create(change)).rejects.toThrow(message);
    expect(traces()).toEqual(before);
  });

  test('a failure after volumes were made takes them back', async () => {
    const before = traces();
    // The second volume cannot be made: a file is in its place.
    mkdirSync(join(ctx.paths.data, 'volumes'), { recursive: true });
    writeFileSync(join(ctx.paths.data, 'volumes/blocked'), '');
    const cid = join(root, 'cid-never');
    await expect(
      create({ name: 'undone', image: 'app', HostConfig: { Binds: ['one:/1', 'blocked:/2'], ContainerIDFile: cid } }),
    ).rejects.toThrow();
    rmSync(join(ctx.paths.data, 'volumes/blocked'));
    expect(traces()).toEqual(before);
    expect(existsSync(cid)).toBe(false);
  });

  test('a port that someone has is refused before anything is made, when the container is to start', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const address = server.address();
    const port = typeof address === 'object' && address ? String(address.port) : '';
    const HostConfig = { PortBindings: { '80/tcp': [{ HostIp: '127.0.0.1', HostPort: port }] } };
    const before = traces();
    await expect(create({ HostConfig, startsNow: true })).rejects.toThrow(`Bind for 127.0.0.1:${port} failed: port is already allocated`);
    expect(traces()).toEqual(before);
    expect((await create({ HostConfig })).warnings).toEqual([]);
    server.close();
  });
});
