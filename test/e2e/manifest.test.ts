// Manifest lists: put together, annotated, looked at and pushed as Docker's client does it, whose own words are compared where it is installed;
// what was pushed runs by platform, here and with other tools. And what a registry has, looked at without a pull.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type EmptyRegistry, startEmptyRegistry } from './support/empty-registry.ts';
import { digestOf } from './support/images/layout.ts';
import { image, openSandbox, type Result } from './support/sandbox.ts';

const box = openSandbox();
let registry: EmptyRegistry;
beforeAll(async () => {
  registry = await startEmptyRegistry();
  for (const name of ['busybox', 'schema2', 'foreign']) {
    const copy = ['skopeo', '--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false', '--dest-tls-verify=false'];
    expect(Bun.spawnSync([...copy, `docker://${image(name)}`, `docker://${ours(name)}`], { stderr: 'inherit' }).exitCode).toBe(0);
  }
}, 60_000);
afterAll(() => registry.stop());

const ours = (name: string): string => `${registry.address}/${name}`;
const manifest = (...args: string[]): Promise<Result> => box.skiff(['manifest', ...args]);
const hasDocker = Bun.which('docker') !== null;

/** The same by Docker's client, which needs no daemon for it. */
async function dockers(...args: string[]): Promise<Result> {
  const [command = '', ...rest] = args;
  const insecure = command === 'annotate' || command === 'rm' ? [] : ['--insecure'];
  const child = Bun.spawn(['docker', 'manifest', command, ...insecure, ...rest], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...box.peerEnv, DOCKER_CONFIG: join(box.files, 'docker') },
  });
  const [stdout, stderr, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited]);
  return { stdout, stderr, code };
}

/** Both say the same on standard output and end alike; in a refusal ours begins with Docker's sentence. */
async function expectLikeDocker(...args: string[]): Promise<Result> {
  const [own, theirs] = [await manifest(...args), await dockers(...args)];
  expect({ stdout: own.stdout, code: own.code }).toEqual({ stdout: theirs.stdout, code: theirs.code });
  expect(own.stderr.split('\n')[0]?.replace(/^skiff: /, '')).toBe(theirs.stderr.split('\n')[0]);
  return own;
}

function rawManifest(reference: string): string {
  const { stdout, exitCode, stderr } = Bun.spawnSync(['skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${reference}`]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString();
}

test.each(['busybox', 'schema2', 'multi', 'manifest-list'])('inspect of %s shows all that its manifest says', async (name) => {
  const raw = rawManifest(image(name));
  const { stdout, code } = await manifest('inspect', image(name));
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toEqual(JSON.parse(raw));
  const verbose: { Ref: string; Raw: string; Descriptor: { digest: string; platform: object } }[] = [
    JSON.parse(await box.ok(['manifest', 'inspect', '-v', image(name)])),
  ].flat();
  for (const { Raw, Descriptor } of verbose) expect(digestOf(Buffer.from(Raw, 'base64'))).toBe(Descriptor.digest);
  expect(verbose[0]?.Ref).toMatch(`${image(name)}:latest`);
});

(hasDocker ? test : test.skip)('inspect prints what Docker prints, byte for byte (needs the docker client)', async () => {
  for (const name of ['busybox', 'schema2', 'manifest-list']) {
    await expectLikeDocker('inspect', image(name));
    await expectLikeDocker('inspect', '-v', image(name));
  }
  await expectLikeDocker('inspect', image('no-such-image'));
});

test('a list is made, annotated, looked at, pushed and removed', async () => {
  const list = ours('list');
  expect(await manifest('create', list, ours('busybox'), ours('foreign'))).toEqual({
    stdout: `Created manifest list ${list}:latest\n`,
    stderr: '',
    code: 0,
  });
  expect((await manifest('create', list, ours('busybox'))).stderr).toContain(
    'refusing to amend an existing manifest list with no --amend flag\n',
  );
  await box.ok(['manifest', 'create', '--amend', list, ours('schema2')]);
  await box.ok(['manifest', 'annotate', '--arch', 'arm', '--variant', 'v7', '--os-features', 'one,two', list, ours('schema2')]);
  const shown = JSON.parse(await box.ok(['manifest', 'inspect', list]));
  expect(shown.mediaType).toBe('application/vnd.oci.image.index.v1+json');
  expect(shown.manifests.map(({ platform }: { platform: object }) => platform)).toEqual([
    { architecture: 'amd64', os: 'linux' },
    { architecture: 'arm64', os: 'linux' },
    { architecture: 'arm', os: 'linux', variant: 'v7', 'os.features': ['one', 'two'] },
  ]);
  expect(await box.ok(['manifest', 'inspect', list, ours('foreign')])).toBe(await box.ok(['manifest', 'inspect', ours('foreign')]));
  const { stdout } = await manifest('push', '--purge', list);
  const pushed = rawManifest(list);
  expect(stdout.split('\n').at(-2)).toBe(digestOf(Buffer.from(pushed)));
  expect(stdout.match(/^Pushed ref \S+@(sha256:\w+) with digest: \1$/gm)).toHaveLength(3);
  expect(JSON.parse(pushed)).toEqual(shown);
  expect(readdirSync(join(box.root, 'images/manifest-lists'))).toEqual([]);
  expect(await manifest('rm', list)).toMatchObject({ code: 1, stderr: expect.stringContaining(`No such manifest: ${list}:latest\n`) });
});

test('a list that was pushed runs by platform, and each of its manifests is what it was', async () => {
  const list = ours('by-platform:v1');
  await box.ok(['manifest', 'create', list, ours('busybox'), ours('foreign')]);
  await box.ok(['manifest', 'push', list]);
  expect(await box.ok(['run', '--rm', list, 'echo', 'runs'])).toBe('runs');
  expect(await box.ok(['image', 'inspect', '--format', '{{.Architecture}}', list])).toBe('amd64');
  const index: { manifests: { digest: string; platform: { architecture: string } }[] } = JSON.parse(rawManifest(list));
  const digests = Object.fromEntries(index.manifests.map(({ digest, platform }) => [platform.architecture, digest]));
  expect(rawManifest(`${ours('by-platform')}@${digests.arm64}`)).toBe(rawManifest(ours('foreign')));
  const skopeo = [
    'skopeo',
    'inspect',
    '--tls-verify=false',
    '--override-arch',
    'arm64',
    '--format',
    '{{.Architecture}}',
    `docker://${list}`,
  ];
  expect(Bun.spawnSync(skopeo).stdout.toString()).toBe('arm64\n');
  await box.ok(['pull', '--quiet', '--platform', 'linux/arm64', list]);
  expect(await box.ok(['image', 'inspect', '--format', '{{.Architecture}}', list])).toBe('arm64');
  // With both platforms here, the whole index is pushed, and keeps its digest.
  await box.ok(['pull', '--quiet', list]);
  await box.ok(['tag', list, ours('whole:v1')]);
  expect(await box.ok(['push', ours('whole:v1')])).toContain(`v1: digest: ${digestOf(Buffer.from(rawManifest(list)))} `);
  expect(rawManifest(ours('whole:v1'))).toBe(rawManifest(list));
  expect(rawManifest(`${ours('whole')}@${digests.arm64}`)).toBe(rawManifest(ours('foreign')));
  // Asked for one platform, it is that one alone.
  await box.ok(['tag', list, ours('one:v1')]);
  expect(await box.ok(['push', '--platform', 'linux/amd64', ours('one:v1')])).toContain(`v1: digest: ${digests.amd64} `);
  await box.ok(['manifest', 'rm', list]);
});

test('podman runs a list that was pushed', async () => {
  const list = ours('for-podman');
  await box.ok(['manifest', 'create', list, ours('foreign'), ours('busybox')]);
  await box.ok(['manifest', 'push', '--purge', list]);
  const folders = [join(box.files, 'podman'), join(box.files, 'podman-run')] as const;
  const storage = ['--root', folders[0], '--runroot', folders[1], '--storage-driver', 'vfs'];
  const run = Bun.spawn(
    ['podman', ...storage, 'run', '--rm', '--quiet', '--network', 'none', '--tls-verify=false', list, 'echo', 'from podman'],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...box.peerEnv, TMPDIR: box.files },
    },
  );
  const [stdout, stderr, code] = await Promise.all([run.stdout.text(), run.stderr.text(), run.exited]);
  Bun.spawnSync(['podman', 'unshare', 'rm', '-rf', ...folders], { env: box.peerEnv });
  expect({ stdout, code, stderr: code === 0 ? '' : stderr }).toEqual({ stdout: 'from podman\n', code: 0, stderr: '' });
}, 120_000);

(hasDocker ? test : test.skip)(
  'every step is what Docker does: words, order, digests (needs the docker client)',
  async () => {
    const list = ours('like/docker');
    await expectLikeDocker('create', list, ours('schema2'), ours('busybox'));
    await expectLikeDocker('create', list, ours('busybox'));
    await expectLikeDocker('create', '-a', list, ours('foreign'));
    await expectLikeDocker('create', ours('of/a-list'), image('multi'));
    await expectLikeDocker('create', ours('of/nothing'), ours('no-such-image'));
    await expectLikeDocker(
      'annotate',
      list,
      ours('foreign'),
      '--arch',
      'arm',
      '--variant',
      'v7',
      '--os-version',
      '5',
      '--os-features',
      'a,b',
    );
    await expectLikeDocker('annotate', list, ours('no-such-image'), '--arch', 'arm');
    await expectLikeDocker('annotate', ours('no-such-list'), ours('foreign'), '--arch', 'arm');
    await expectLikeDocker('inspect', list);
    await expectLikeDocker('inspect', '-v', list);
    await expectLikeDocker('inspect', list, ours('foreign'));
    await expectLikeDocker('push', '-p', list);
    await expectLikeDocker('inspect', list);
    await expectLikeDocker('push', list);
    await expectLikeDocker('create', list, image('busybox'));
    const { stderr } = await expectLikeDocker('push', list);
    expect(stderr).toContain('cannot use source images from a different registry than the target image: ');
    await expectLikeDocker('rm', list, ours('no-such-list'));
  },
  120_000,
);

test.each([
  [['create', 'one'], 'requires at least 2 arguments'],
  [['create', `one@sha256:${'0'.repeat(64)}`, 'two'], 'a list has a tag'],
  [['annotate', 'no-such-list', 'two', '--arch', 'arm'], 'manifest for image two does not exist in no-such-list\n'],
  [['push', 'no-such-list'], 'No such manifest: no-such-list:latest\n'],
  [['rm', 'no-such-list'], 'No such manifest: no-such-list:latest\n'],
  [['inspect', 'no-such-list', 'two'], 'No such manifest: no-such-list:latest\n'],
])('%j is refused in one sentence', async (args, said) => {
  const { stdout, stderr, code } = await box.skiff(['manifest', ...args]);
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  expect(stderr).toContain(said);
});

test('an unsupported platform is refused, and nothing has changed', async () => {
  await box.ok(['manifest', 'create', ours('kept'), ours('busybox')]);
  const before = await box.ok(['manifest', 'inspect', ours('kept')]);
  const { stderr, code } = await manifest('annotate', ours('kept'), ours('busybox'), '--os', 'linux', '--arch', 'nothing');
  expect(code).toBe(1);
  expect(stderr).toContain('manifest entry for image has unsupported os/arch combination: linux/nothing\n');
  expect(await box.ok(['manifest', 'inspect', ours('kept')])).toBe(before);
});

describe('image inspect --remote', () => {
  const inspect = (...args: string[]) => box.skiff(['image', 'inspect', '--remote', ...args]);

  test('shows what a pull would bring, and stores nothing', async () => {
    const [found] = JSON.parse((await inspect(image('features'))).stdout);
    expect(await box.skiff(['image', 'inspect', image('features')])).toMatchObject({ code: 1, stdout: '[]\n' });
    await box.ok(['pull', '--quiet', image('features')]);
    const [stored] = JSON.parse(await box.ok(['image', 'inspect', image('features')]));
    for (const one of [found, stored]) {
      one.GraphDriver.Data = {};
      one.Metadata.LastTagTime = '';
    }
    const { layers }: { layers: { size: number }[] } = JSON.parse(rawManifest(image('features')));
    expect(found).toEqual({ ...stored, Size: layers.reduce((sum, { size }) => sum + size, 0) });
  });

  test('of an index, the platform asked for', async () => {
    const { stdout } = await inspect('--platform', 'linux/arm64', '--format', '{{.Architecture}}', image('multi'), image('manifest-list'));
    expect(stdout).toBe('arm64\narm64\n');
    expect(await inspect('--platform', 'linux/s390x', image('multi'))).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('It has linux/arm64, linux/arm/v7, linux/amd64: choose one with --platform\n'),
    });
  });

  test('what is not there is said in one sentence', async () => {
    const { stdout, stderr, code } = await inspect(image('no-such-image'), image('busybox'), '--format', '{{.Os}}');
    expect({ stdout, code }).toEqual({ stdout: 'linux\n', code: 1 });
    expect(stderr).toContain(`no such manifest: ${image('no-such-image')}:latest\n`);
  });
});
