// Images to a registry: what is said, what is sent and what is not, and that other tools read it. Registries that break off, refuse and stall
// are in push-faults.test.ts.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type EmptyRegistry, startEmptyRegistry } from './support/empty-registry.ts';
import { startFakeRegistry } from './support/fake-registry.ts';
import { digestOf, imageOf, layerOf, writeLayout } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { makeAuthority, startPrivateRegistry } from './support/private-registry.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
let registry: EmptyRegistry;
beforeAll(async () => {
  registry = await startEmptyRegistry();
});
afterAll(() => registry.stop());

const ours = (name: string): string => `${registry.address}/${name}`;
const diffIds = async (name: string): Promise<string[]> =>
  JSON.parse(await box.ok(['image', 'inspect', '--format', '{{json .RootFS.Layers}}', name])).map((id: string) => id.slice(7, 19));

/** What skopeo reads: the bytes of a manifest. */
function rawManifest(reference: string): string {
  const { stdout, exitCode, stderr } = Bun.spawnSync(['skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${reference}`]);
  if (exitCode !== 0) throw new Error(stderr.toString());
  return stdout.toString();
}

/** Pulls with skopeo, which checks every blob, and says what came. */
function skopeoPulls(reference: string): { layers: number } {
  const folder = join(box.files, 'skopeo');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  const command = ['skopeo', '--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false', `docker://${reference}`, `dir:${folder}`];
  const { exitCode, stderr } = Bun.spawnSync(command, { stdin: 'ignore', stderr: 'pipe' });
  if (exitCode !== 0) throw new Error(stderr.toString());
  return { layers: JSON.parse(readFileSync(join(folder, 'manifest.json'), 'utf8')).layers.length };
}

async function pulledAs(name: string, target: string): Promise<void> {
  await box.ok(['pull', '--quiet', image(name)]);
  await box.ok(['tag', image(name), ours(target)]);
}

test('it says what Docker says: each layer by its diff-id, the top one first, and the digest last', async () => {
  await pulledAs('features', 'said');
  const layers = (await diffIds(ours('said'))).reverse();
  const manifest = rawManifest(image('features'));
  const last = `latest: digest: ${digestOf(Buffer.from(manifest))} size: ${manifest.length}`;
  const head = ['Using default tag: latest', `The push refers to repository [${ours('said')}]`, ...layers.map((id) => `${id}: Preparing`)];
  const printed = async () => {
    const { stdout, stderr, code } = await box.skiff(['push', ours('said')]);
    expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
    const lines = stdout.split('\n').filter((line) => !line.endsWith(': Waiting'));
    expect(lines.slice(0, head.length)).toEqual(head);
    expect(lines.slice(-2)).toEqual([last, '']);
    return lines.slice(head.length, -2).sort();
  };
  expect(await printed()).toEqual(layers.map((id) => `${id}: Pushed`).sort());
  expect(await printed()).toEqual(layers.map((id) => `${id}: Layer already exists`).sort());
});

test('what the registry has in another repository is mounted from there', async () => {
  await pulledAs('busybox', 'first');
  await box.ok(['push', '--quiet', ours('first')]);
  await box.ok(['tag', ours('first'), ours('team/second:v2')]);
  const { stdout } = await box.skiff(['push', ours('team/second:v2')]);
  expect(stdout).toMatch(/^[0-9a-f]{12}: Mounted from (?:first|said)$/m);
  expect(stdout).not.toContain('Using default tag');
  expect(skopeoPulls(ours('team/second:v2'))).toEqual({ layers: 1 });
});

test('--quiet prints the reference alone', async () => {
  await pulledAs('busybox', 'quiet');
  expect(await box.skiff(['push', '-q', ours('quiet')])).toEqual({ stdout: `${ours('quiet')}:latest\n`, stderr: '', code: 0 });
});

test.each(['busybox', 'app-zstd', 'schema2', 'unusual'])(
  '%s keeps its manifest byte for byte, and skopeo pulls it',
  async (name) => {
    await pulledAs(name, `copy/${name}`);
    await box.ok(['push', '--quiet', ours(`copy/${name}`)]);
    expect(rawManifest(ours(`copy/${name}`))).toBe(rawManifest(image(name)));
    expect(skopeoPulls(ours(`copy/${name}`)).layers).toBe(JSON.parse(rawManifest(image(name))).layers.length);
  },
  120_000,
);

test.each(['multi', 'manifest-list'])('of %s the one platform that is here is pushed, as the index names it', async (name) => {
  await pulledAs(name, `one/${name}`);
  const index: { manifests: { digest: string; platform: { architecture: string } }[] } = JSON.parse(rawManifest(image(name)));
  const wanted = index.manifests.find(({ platform }) => platform.architecture === (process.arch === 'x64' ? 'amd64' : process.arch));
  const printed = await box.ok(['push', ours(`one/${name}`)]);
  expect(printed).toContain(`latest: digest: ${wanted?.digest} size: `);
  expect(rawManifest(ours(`one/${name}`))).toBe(rawManifest(`${image(name)}@${wanted?.digest}`));
});

test('the digest that was pushed is among those of the image, and names it', async () => {
  await pulledAs('busybox', 'digests');
  const digest = /digest: (\S+)/.exec(await box.ok(['push', ours('digests')]))?.[1];
  const listed: string[] = JSON.parse(await box.ok(['image', 'inspect', '--format', '{{json .RepoDigests}}', ours('digests')]));
  expect(listed).toContain(`${ours('digests')}@${digest}`);
  expect(await box.ok(['run', '--rm', '--pull', 'never', `${ours('digests')}@${digest}`, 'echo', 'by digest'])).toBe('by digest');
});

test('what a commit made is pushed, and comes back the same', async () => {
  await box.ok(['pull', '--quiet', image('busybox')]);
  await box.ok(['run', '--name', 'changed', image('busybox'), 'sh', '-c', 'echo made > /made']);
  await box.ok(['commit', 'changed', ours('committed:v1')]);
  const id = await box.ok(['image', 'inspect', '--format', '{{.Id}}', ours('committed:v1')]);
  await box.ok(['push', '--quiet', ours('committed:v1')]);
  expect(skopeoPulls(ours('committed:v1'))).toEqual({ layers: 2 });
  await box.ok(['rm', 'changed']);
  await box.ok(['rmi', ours('committed:v1')]);
  expect(await box.ok(['run', '--rm', ours('committed:v1'), 'cat', '/made'])).toBe('made');
  expect(await box.ok(['image', 'inspect', '--format', '{{.Id}}', ours('committed:v1')])).toBe(id);
});

test('--all-tags pushes every tag of the repository and no other', async () => {
  await pulledAs('busybox', 'tags:two');
  await box.ok(['tag', ours('tags:two'), ours('tags:one')]);
  await box.ok(['tag', ours('tags:two'), ours('tags-of-another:three')]);
  const printed = await box.ok(['push', '--all-tags', ours('tags')]);
  expect(printed.match(/^\w+: digest: /gm)).toEqual(['one: digest: ', 'two: digest: ']);
  expect(await (await fetch(`http://${registry.address}/v2/tags/tags/list`)).json()).toEqual({
    name: 'tags',
    tags: ['one', 'two'],
  });
  expect((await fetch(`http://${registry.address}/v2/tags-of-another/tags/list`)).status).toBe(404);
});

test('the image that the executable carries can be pushed', async () => {
  await box.ok(['pull', '--quiet', 'localhost/hello']);
  await box.ok(['tag', 'localhost/hello', ours('hello')]);
  await box.ok(['push', '--quiet', ours('hello')]);
  expect(skopeoPulls(ours('hello'))).toEqual({ layers: 1 });
});

test('it is recorded as an event of the reference', async () => {
  await pulledAs('busybox', 'recorded:v3');
  await box.ok(['push', '--quiet', ours('recorded:v3')]);
  const until = String(Math.ceil(Date.now() / 1000));
  const events = await box.ok(['events', '--since', '0', '--until', until, '--filter', 'event=push', '--format', '{{json .}}']);
  const last = JSON.parse(events.split('\n').at(-1) ?? '');
  expect(last).toMatchObject({ Type: 'image', Action: 'push', Actor: { ID: ours('recorded:v3'), Attributes: { name: ours('recorded') } } });
});

test('a compressed layer that is missing here is fetched again from where it came, and said', async () => {
  await pulledAs('features', 'incomplete');
  const { layers }: { layers: { digest: string }[] } = JSON.parse(rawManifest(image('features')));
  const missing = layers.at(-1)?.digest ?? '';
  rmSync(join(box.root, 'images/blobs/sha256', missing.slice(7)));
  const elsewhere = await startEmptyRegistry();
  try {
    await box.ok(['tag', image('features'), `${elsewhere.address}/incomplete`]);
    const { code, stderr } = await box.skiff(['push', '--quiet', `${elsewhere.address}/incomplete`]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: expect.stringContaining(`layer ${missing} was missing, and is restored now\n`) });
    expect(readdirSync(join(box.root, 'images/blobs/sha256'))).toContain(missing.slice(7));
    expect(rawManifest(`${elsewhere.address}/incomplete`)).toBe(rawManifest(image('features')));
  } finally {
    elsewhere.stop();
  }
});

test('a layer of two images, compressed in two ways, is here in both', async () => {
  const tar = tarOf([{ path: 'file', content: 'x'.repeat(100_000) }]);
  const served = {
    gzip: imageOf({ layers: [layerOf(tar, 'gzip')], config: { Labels: { is: 'gzip' } } }),
    zstd: imageOf({ layers: [layerOf(tar, 'zstd')], config: { Labels: { is: 'zstd' } } }),
  };
  const source = startFakeRegistry(served);
  try {
    for (const name of ['gzip', 'zstd'] as const) {
      await box.ok(['pull', '--quiet', `${source.address}/${name}`]);
      await box.ok(['tag', `${source.address}/${name}`, ours(`in-two-ways/${name}`)]);
      expect(await box.ok(['push', ours(`in-two-ways/${name}`)])).toContain(`digest: ${served[name].manifest.digest} `);
      expect(skopeoPulls(ours(`in-two-ways/${name}`))).toEqual({ layers: 1 });
    }
  } finally {
    source.stop();
  }
});

test('of two manifests with one config the last that was pulled is pushed', async () => {
  for (const name of ['app', 'app-zstd', 'app']) {
    await pulledAs(name, 'of-one-config');
    await box.ok(['push', '--quiet', ours('of-one-config')], { timeoutMs: 120_000 });
    expect(rawManifest(ours('of-one-config'))).toBe(rawManifest(image(name)));
  }
}, 240_000);

describe('layers that are not compressed', () => {
  const plain = imageOf({ layers: [layerOf(tarOf([{ path: 'file', content: 'x'.repeat(200_000) }]), 'none')], config: { Cmd: ['/file'] } });
  const typesAt = (name: string): string[] => JSON.parse(rawManifest(name)).layers.map(({ mediaType }: { mediaType: string }) => mediaType);

  test('of an image that came from a registry go as they came', async () => {
    const source = startFakeRegistry({ plain });
    try {
      await box.ok(['pull', '--quiet', `${source.address}/plain`]);
      await box.ok(['tag', `${source.address}/plain`, ours('plain/pulled')]);
      expect(await box.ok(['push', ours('plain/pulled')])).toContain(`digest: ${plain.manifest.digest} `);
      expect(typesAt(ours('plain/pulled'))).toEqual(['application/vnd.oci.image.layer.v1.tar']);
      await box.ok(['rmi', `${source.address}/plain`, ours('plain/pulled')]);
    } finally {
      source.stop();
    }
  });

  test('of one that was loaded are compressed, once and always to the same bytes', async () => {
    const layout = join(box.files, 'layout');
    const archive = join(box.files, 'plain.tar');
    writeLayout(layout, plain);
    const copy = ['skopeo', '--insecure-policy', 'copy', '--quiet', `oci:${layout}:latest`, `docker-archive:${archive}:local/plain:v1`];
    expect(Bun.spawnSync(copy, { stderr: 'inherit' }).exitCode).toBe(0);
    const printed: string[] = [];
    const plainBlob = JSON.parse(Buffer.from(plain.blobs.get(plain.manifest.digest) ?? []).toString()).layers[0].digest.slice(7);
    for (const name of ['plain/one', 'plain/two']) {
      await box.ok(['load', '--input', archive]);
      const id = await box.ok(['image', 'inspect', '--format', '{{.Id}}', 'local/plain:v1']);
      await box.ok(['tag', 'local/plain:v1', ours(name)]);
      printed.push(/digest: (\S+)/.exec(await box.ok(['push', ours(name)]))?.[1] ?? '');
      expect(typesAt(ours(name))).toEqual(['application/vnd.oci.image.layer.v1.tar+gzip']);
      expect(skopeoPulls(ours(name))).toEqual({ layers: 1 });
      expect(await box.ok(['image', 'inspect', '--format', '{{.Id}}', ours(name)])).toBe(id);
      expect(await box.ok(['push', ours(name)])).toContain(`digest: ${printed[0]} `);
      expect(readdirSync(join(box.root, 'images/blobs/sha256'))).not.toContain(plainBlob);
      await box.ok(['rmi', ours(name), 'local/plain:v1']);
    }
    expect(new Set(printed).size).toBe(1);
    expect(await box.ok(['system', 'check'])).toMatch(/\d objects checked, 0 problems$/);
  });
});

test('TLS of an authority of its own, and a login', async () => {
  const { ca, server } = makeAuthority(join(box.files, 'authority'));
  const own = await startPrivateRegistry({ users: { me: 'secret-word' }, tls: server });
  try {
    const name = `${own.address}/team/private`;
    await box.ok(['pull', '--quiet', image('busybox')]);
    await box.ok(['tag', image('busybox'), name]);
    const env = { SSL_CERT_FILE: ca, DOCKER_CONFIG: join(box.files, 'docker') };
    const denied = await box.skiff(['push', name], { env });
    expect(denied.code).toBe(1);
    expect(denied.stderr).toContain(`push access denied for ${name}, repository does not exist or may require authorization`);
    await box.ok(['login', '--username', 'me', '--password-stdin', own.address], { env, stdin: 'secret-word' });
    expect(await box.ok(['push', '--quiet', name], { env })).toBe(`${name}:latest`);
    expect((await box.skiff(['push', name])).stderr).toContain('certificate signed by unknown authority');
    await box.ok(['rmi', name]);
    expect(await box.ok(['run', '--rm', name, 'echo', 'came back'], { env })).toBe('came back');
  } finally {
    own.stop();
  }
}, 60_000);

test.each(['busybox', 'schema2', 'multi'])(
  'podman runs %s from where it was pushed',
  async (name) => {
    await pulledAs(name, `podman/${name}`);
    await box.ok(['push', '--quiet', ours(`podman/${name}`)]);
    const folders = [join(box.files, 'podman'), join(box.files, 'podman-run')] as const;
    const storage = ['--root', folders[0], '--runroot', folders[1], '--storage-driver', 'vfs'];
    const options = ['run', '--rm', '--quiet', '--network', 'none', '--tls-verify=false', '--entrypoint', 'echo'];
    const run = Bun.spawn(['podman', ...storage, ...options, ours(`podman/${name}`), 'from podman'], {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...box.peerEnv, TMPDIR: box.files },
    });
    const [stdout, stderr, code] = await Promise.all([run.stdout.text(), run.stderr.text(), run.exited]);
    Bun.spawnSync(['podman', 'unshare', 'rm', '-rf', ...folders], { env: box.peerEnv });
    expect({ stdout, code, stderr: code === 0 ? '' : stderr }).toEqual({ stdout: 'from podman\n', code: 0, stderr: '' });
  },
  120_000,
);

test('podman pulls layers that are compressed by zstd', async () => {
  const source = startFakeRegistry({
    zstd: imageOf({ layers: [layerOf(tarOf([{ path: 'file', content: 'x'.repeat(50_000) }]), 'zstd')] }),
  });
  const name = ours('podman/zstd');
  try {
    await box.ok(['pull', '--quiet', `${source.address}/zstd`]);
    await box.ok(['tag', `${source.address}/zstd`, name]);
  } finally {
    source.stop();
  }
  await box.ok(['push', '--quiet', name]);
  const folders = [join(box.files, 'podman'), join(box.files, 'podman-run')] as const;
  const storage = ['--root', folders[0], '--runroot', folders[1], '--storage-driver', 'vfs'];
  const pulled = Bun.spawnSync(['podman', ...storage, 'pull', '--quiet', '--tls-verify=false', name], {
    env: { ...box.peerEnv, TMPDIR: box.files },
  });
  Bun.spawnSync(['podman', 'unshare', 'rm', '-rf', ...folders], { env: box.peerEnv });
  expect({ id: `sha256:${pulled.stdout.toString().trim()}`, stderr: pulled.exitCode ? pulled.stderr.toString() : '' }).toEqual({
    id: await box.ok(['image', 'inspect', '--format', '{{.Id}}', name]),
    stderr: '',
  });
});

test('buildah and umoci read what was pushed', async () => {
  await pulledAs('busybox', 'read/by-others');
  await box.ok(['push', '--quiet', ours('read/by-others')]);
  const folders = ['buildah', 'buildah-run', 'umoci'].map((name) => join(box.files, name));
  const [root = '', runroot = '', layout = ''] = folders;
  const spawn = (...command: string[]) => Bun.spawnSync(command, { env: { ...box.peerEnv, TMPDIR: box.files } });
  const storage = ['--root', root, '--runroot', runroot, '--storage-driver', 'vfs'];
  const pulled = spawn('buildah', ...storage, 'pull', '--quiet', '--tls-verify=false', ours('read/by-others'));
  const id = await box.ok(['image', 'inspect', '--format', '{{.Id}}', ours('read/by-others')]);
  expect({ id: `sha256:${pulled.stdout.toString().trim()}`, stderr: pulled.exitCode ? pulled.stderr.toString() : '' }).toEqual({
    id,
    stderr: '',
  });
  spawn('buildah', 'unshare', 'rm', '-rf', root, runroot);
  const copy = ['skopeo', '--insecure-policy', 'copy', '--quiet', '--src-tls-verify=false'];
  expect(spawn(...copy, `docker://${ours('read/by-others')}`, `oci:${layout}:latest`).exitCode).toBe(0);
  const { stdout } = spawn('umoci', 'stat', '--image', `${layout}:latest`, '--json');
  expect(JSON.parse(stdout.toString()).history[0].layer.digest).toBe(JSON.parse(rawManifest(image('busybox'))).layers[0].digest);
});

test.each([
  [['push', 'no-such-image'], 'An image does not exist locally with the tag: no-such-image\n'],
  [['push', 'Upper/Case'], 'must be lowercase'],
  [['push', `busybox@sha256:${'0'.repeat(64)}`], 'cannot push a digest reference\n'],
  [['push', '--all-tags', 'busybox:one'], "tag can't be used with --all-tags/-a\n"],
  [['push', '--all-tags', 'no-such-image'], 'An image does not exist locally with the tag: no-such-image\n'],
  [['push', '--tls-verify=perhaps', 'busybox'], 'must be one of "true", "false"'],
])('%j is refused in one sentence', async (args, said) => {
  expect(await box.skiff(args)).toMatchObject({ code: expect.any(Number), stderr: expect.stringContaining(said) });
});

test('an image for another platform than the one asked for is refused, a platform that is none as well', async () => {
  await pulledAs('busybox', 'platform');
  const refused = await box.skiff(['push', '--platform', 'linux/s390x', ours('platform')]);
  expect(refused).toMatchObject({
    code: 1,
    stderr: expect.stringContaining(
      `image with reference ${ours('platform')}:latest was found but does not provide the specified platform (linux/s390x)`,
    ),
  });
  expect((await box.skiff(['push', '--platform', 'a b', ours('platform')])).stderr).toContain('"a b" is an invalid platform');
  expect((await fetch(`http://${registry.address}/v2/platform/tags/list`)).status).toBe(404);
  expect(await box.ok(['push', '--quiet', '--platform', 'linux/amd64', ours('platform')])).toBe(`${ours('platform')}:latest`);
});
