// Who else reads what skiff builds: podman and buildah run it, from an archive and from a registry, skopeo and umoci read it, and its configuration is
// what `podman build` makes of the same file where the two agree. Programs that are not installed leave out their tests.
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { contextOf } from './support/build-context.ts';
import { type EmptyRegistry, startEmptyRegistry } from './support/empty-registry.ts';
import { imageEvents } from './support/events.ts';
import { digestOf } from './support/images/layout.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const DOCKERFILE = `FROM busybox
COPY plain /data/plain
RUN echo made > /data/made && rm /www/index.html
CMD ["cat", "/data/made"]
`;
let registry: EmptyRegistry;
let context = '';

beforeAll(async () => {
  registry = await startEmptyRegistry();
  await box.ok(['pull', '--quiet', image('busybox')]);
  await box.ok(['tag', image('busybox'), 'busybox']);
  const scratch = 'FROM scratch\nARG TARGETARCH\nCOPY plain /plain-$TARGETARCH\n';
  context = contextOf(box, 'context', { Dockerfile: DOCKERFILE, Scratch: scratch, plain: 'plain\n' });
});
afterAll(() => {
  registry.stop();
  if (Bun.which('podman')) Bun.spawnSync(['podman', 'unshare', 'rm', '-rf', at('podman'), at('podman-run')], { env: box.peerEnv });
});

const at = (name: string): string => join(box.files, name);
const ours = (name: string): string => `${registry.address}/${name}`;
const built = (...args: string[]): Promise<string> => box.ok(['build', '--progress', 'quiet', ...args, context]);
const when = (program: string): typeof test => (Bun.which(program) ? test : test.skip);

function tool(...command: string[]): string {
  const { stdout, stderr, exitCode } = Bun.spawnSync(command, { cwd: box.files, env: box.peerEnv, stdin: 'ignore', stderr: 'pipe' });
  if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with ${exitCode}: ${stderr}`);
  return stdout.toString().trim();
}

/** podman and buildah with a store of their own. */
const peer = (program: string, ...args: string[]): string =>
  tool(program, '--root', at('podman'), '--runroot', at('podman-run'), '--storage-driver', 'vfs', ...args);
const raw = (reference: string) => JSON.parse(tool('skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${reference}`));

when('podman')('podman runs what was saved as an archive of either kind (needs podman)', async () => {
  await built('-t', 'saved:1', '-o', 'type=docker,dest=d.tar', '-o', 'type=oci,dest=o.tar');
  for (const source of ['docker-archive:d.tar', 'oci-archive:o.tar']) {
    expect(peer('podman', 'run', '--rm', '--quiet', '--network', 'none', source)).toBe('made');
  }
});

when('buildah')('buildah begins a container with it (needs buildah)', async () => {
  await built('-o', 'type=oci,dest=b.tar');
  const container = peer('buildah', 'from', '--quiet', 'oci-archive:b.tar');
  expect(peer('buildah', 'run', '--isolation', 'chroot', container, 'cat', '/data/made')).toBe('made');
  peer('buildah', 'rm', container);
});

when('umoci')('umoci unpacks the layout (needs umoci)', async () => {
  await built('-t', 'layout:one', '-o', 'type=oci,tar=false,dest=layout');
  expect(tool('umoci', 'ls', '--layout', 'layout')).toBe('one');
  tool('umoci', 'unpack', '--rootless', '--image', 'layout:one', 'bundle');
  expect(readFileSync(at('bundle/rootfs/data/made'), 'utf8')).toBe('made\n');
  expect(readdirSync(at('bundle/rootfs/www'))).toEqual([]);
});

describe('a registry', () => {
  when('skopeo')('--push sends every name; podman runs it from there, and here it is as well (needs skopeo)', async () => {
    const names = [ours('pushed:1'), ours('pushed:2')];
    const { code, stderr } = await box.skiff([
      'build',
      '--progress',
      'plain',
      '--push',
      ...names.flatMap((name) => ['-t', name]),
      '--metadata-file',
      'pushed.json',
      context,
    ]);
    const metadata = JSON.parse(readFileSync(at('pushed.json'), 'utf8'));
    expect([code, metadata['image.name']]).toEqual([0, names.join(',')]);
    for (const name of names) {
      expect(stderr).toContain(`pushing manifest for ${name}@${metadata['containerimage.digest']}`);
      const { layers, mediaType } = raw(name);
      expect([mediaType, layers.length]).toEqual(['application/vnd.oci.image.manifest.v1+json', 3]);
      expect(layers.every((layer: { mediaType: string }) => layer.mediaType.endsWith('+gzip'))).toBe(true);
    }
    expect(JSON.parse(tool('skopeo', 'inspect', '--tls-verify=false', `docker://${names[0]}`)).Digest).toBe(
      metadata['containerimage.digest'],
    );
    expect(await box.ok(['image', 'inspect', '-f', '{{index .RepoDigests 0}}', names[1] ?? ''])).toBe(
      `${ours('pushed')}@${metadata['containerimage.digest']}`,
    );
    expect(
      imageEvents(box, 'push')
        .slice(-2)
        .map(([, subject]) => subject),
    ).toEqual(names);
    if (Bun.which('podman'))
      expect(peer('podman', 'run', '--rm', '--quiet', '--network', 'none', '--tls-verify=false', names[0] ?? '')).toBe('made');
  });

  when('skopeo')('built once more and loaded it keeps the digest that the registry has (needs skopeo)', async () => {
    const name = ours('again:1');
    await built('-t', name, '--push', '--metadata-file', 'again.json');
    const digest = JSON.parse(readFileSync(at('again.json'), 'utf8'))['containerimage.digest'];
    await built('-t', name, '--load', '--metadata-file', 'again.json');
    expect(JSON.parse(readFileSync(at('again.json'), 'utf8'))['containerimage.digest']).toBe(digest);
    await box.ok(['push', name]);
    expect(JSON.parse(tool('skopeo', 'inspect', '--tls-verify=false', `docker://${name}`)).Digest).toBe(digest);
  });

  when('skopeo')('push-by-digest makes no tag, and store=false no image (needs skopeo)', async () => {
    const output = `type=registry,name=${ours('digest')},push-by-digest=true,store=false`;
    await built('-o', output, '--metadata-file', 'digest.json');
    const digest = JSON.parse(readFileSync(at('digest.json'), 'utf8'))['containerimage.digest'];
    expect(raw(`${ours('digest')}@${digest}`).layers).toHaveLength(3);
    const tags = Bun.spawnSync(['skopeo', 'list-tags', '--tls-verify=false', `docker://${ours('digest')}`], { env: box.peerEnv });
    expect(tags.exitCode === 0 ? JSON.parse(tags.stdout.toString()).Tags : []).toEqual([]);
    expect((await box.skiff(['image', 'inspect', ours('digest')])).code).toBe(1);
  });

  test('one that is not there fails the build, in one sentence', async () => {
    const { code, stderr } = await box.skiff(['build', '--push', '-t', '127.0.0.1:1/x:1', context]);
    expect([code, stderr.split('\n').filter((line) => line.startsWith('skiff: '))]).toEqual([1, [expect.stringContaining('127.0.0.1:1')]]);
  });
});

describe('several platforms', () => {
  const both = ['--platform', 'linux/amd64,linux/arm64'];

  when('skopeo')('one index: named, usable by platform, pushed and saved whole (needs skopeo)', async () => {
    const name = ours('multi:1');
    const notes = [
      '--annotation',
      'index:a=index',
      '--annotation',
      'manifest[linux/arm64]:b=arm',
      '--annotation',
      'manifest-descriptor:c=d',
    ];
    await built(
      ...both,
      ...notes,
      '-f',
      join(context, 'Scratch'),
      '-t',
      name,
      '--metadata-file',
      'multi.json',
      '--iidfile',
      'multi-id',
      '--push',
    );
    const metadata = JSON.parse(readFileSync(at('multi.json'), 'utf8'));
    const digest = metadata['containerimage.digest'];
    expect([metadata['containerimage.config.digest'], metadata['containerimage.descriptor'].mediaType]).toEqual([
      undefined,
      'application/vnd.oci.image.index.v1+json',
    ]);
    expect(readFileSync(at('multi-id'), 'utf8')).toBe(digest);
    const index = raw(name);
    expect(index.annotations).toEqual({ a: 'index' });
    const told = index.manifests.map((one: { platform: { architecture: string }; annotations: object }) => [
      one.platform.architecture,
      one.annotations,
    ]);
    expect(told).toEqual([
      ['amd64', { c: 'd' }],
      ['arm64', { c: 'd' }],
    ]);
    expect(raw(`${ours('multi')}@${index.manifests[1].digest}`).annotations).toEqual({ b: 'arm' });
    expect(raw(`${ours('multi')}@${index.manifests[0].digest}`).annotations).toBeUndefined();
    await box.ok(['save', '--format', 'oci-dir', '-o', 'multi-layout', name]);
    expect(JSON.parse(readFileSync(at('multi-layout/index.json'), 'utf8')).manifests[0].digest).toBe(digest);
    // The name means them all: none of them is dangling.
    await box.ok(['image', 'prune', '--force']);
    for (const architecture of ['amd64', 'arm64']) {
      await box.ok(['create', '--platform', `linux/${architecture}`, '--name', `of-${architecture}`, name, '/x']);
      expect(await box.ok(['inspect', '-f', '{{.Platform}}', `of-${architecture}`])).toContain('linux');
      const child = box.start(['export', `of-${architecture}`]);
      expect(Buffer.from(await new Response(child.stdout).arrayBuffer()).includes(`plain-${architecture}`)).toBe(true);
      await box.ok(['rm', `of-${architecture}`]);
    }
    const [, ...tree] = (await box.ok(['image', 'ls', '--tree', name])).split('\n');
    expect(tree.map((line) => line.replace(/ +[0-9a-f]{12} +/, ' ').replace(/ +/g, ' '))).toEqual([
      expect.stringMatching(/^\S+multi:1 [\d.]+kB [\d.]+kB$/),
      expect.stringMatching(/^├─ linux\/amd64 [\d.]+kB [\d.]+kB$/),
      expect.stringMatching(/^└─ linux\/arm64 [\d.]+kB [\d.]+kB$/),
    ]);
  });
});

describe('attestations', () => {
  when('skopeo')('provenance and an SBOM lie in the index; podman runs the image all the same (needs skopeo)', async () => {
    const name = ours('attested:1');
    const debian = '{"name": "left-pad", "version": "1.3.0", "license": "MIT"}';
    const attested = contextOf(box, 'attested', {
      Dockerfile: `${DOCKERFILE}COPY package.json /srv/node_modules/left-pad/package.json\nCOPY status /var/lib/dpkg/status\nRUN --mount=type=secret,id=s test "$(cat /run/secrets/s)" = hidden-value\n`,
      plain: 'plain\n',
      'package.json': debian,
      status: 'Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36-9\n',
    });
    await box.ok(
      [
        'build',
        '-q',
        '--sbom=true',
        '--provenance=mode=max',
        '--build-arg',
        'USED=1',
        '--secret',
        'id=s,env=S',
        '-t',
        name,
        '--push',
        attested,
      ],
      {
        env: { S: 'hidden-value' },
      },
    );
    const { manifests } = raw(name);
    expect(manifests).toHaveLength(2);
    const [own, about] = manifests;
    expect(about.annotations).toEqual({ 'vnd.docker.reference.digest': own.digest, 'vnd.docker.reference.type': 'attestation-manifest' });
    expect(about.platform).toEqual({ architecture: 'unknown', os: 'unknown' });
    rmSync(at('about'), { recursive: true, force: true });
    mkdirSync(at('about'));
    tool('skopeo', '--insecure-policy', 'copy', '-q', '--all', '--src-tls-verify=false', `docker://${name}`, 'oci:about:1');
    const blob = (digest: string) => JSON.parse(readFileSync(at(`about/blobs/${digest.replace(':', '/')}`), 'utf8'));
    const layers = blob(about.digest).layers as { digest: string; annotations: Record<string, string> }[];
    const statements = new Map(layers.map(({ digest, annotations }) => [annotations['in-toto.io/predicate-type'], blob(digest)]));
    for (const { subject } of statements.values()) expect(subject[0].digest.sha256).toBe(own.digest.slice('sha256:'.length));
    const sbom = statements.get('https://spdx.dev/Document').predicate;
    const purls = sbom.packages.flatMap(
      (one: { externalRefs?: { referenceLocator: string }[] }) => one.externalRefs?.map((ref) => ref.referenceLocator) ?? [],
    );
    expect(purls).toEqual(['pkg:deb/debian/libc6@2.36-9?arch=amd64', 'pkg:npm/left-pad@1.3.0']);
    expect(sbom.creationInfo.comment).toContain('Files that no package manager wrote down are not listed');
    const { predicate } = statements.get('https://slsa.dev/provenance/v0.2');
    expect(predicate.materials.map(({ uri }: { uri: string }) => uri)).toEqual(['pkg:docker/busybox@latest?platform=linux%2Famd64']);
    expect(predicate.invocation.parameters.args).toEqual({ 'build-arg:USED': '1' });
    expect(predicate.invocation.parameters.secrets).toEqual([{ id: 's' }]);
    expect(JSON.stringify([...statements.values()])).not.toContain('hidden-value');
    const shown = await box.ok(['buildx', 'imagetools', 'inspect', name]);
    expect(shown).toBe(
      [
        `Name:      ${name}`,
        'MediaType: application/vnd.oci.image.index.v1+json',
        `Digest:    ${digestOf(Buffer.from(tool('skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${name}`)))}`,
        '',
        'Manifests:',
        `  Name:      ${name}@${own.digest}`,
        '  MediaType: application/vnd.oci.image.manifest.v1+json',
        '  Platform:  linux/amd64',
        '',
        `  Name:        ${name}@${about.digest}`,
        '  MediaType:   application/vnd.oci.image.manifest.v1+json',
        '  Platform:    unknown/unknown',
        '  Annotations:',
        `    vnd.docker.reference.digest: ${own.digest}`,
        '    vnd.docker.reference.type:   attestation-manifest',
      ].join('\n'),
    );
    const asked = (format: string) => box.ok(['buildx', 'imagetools', 'inspect', '--format', format, name]);
    expect(JSON.parse(await asked('{{json .SBOM.SPDX}}'))).toEqual(sbom);
    expect(JSON.parse(await asked('{{json .Provenance}}'))).toEqual({ SLSA: predicate });
    expect(await asked('{{.Image.os}} {{.Manifest.schemaVersion}}')).toBe('linux 2');
    expect(JSON.parse(await box.ok(['buildx', 'imagetools', 'inspect', '--raw', name])).manifests).toEqual(manifests);
    if (Bun.which('podman')) expect(peer('podman', 'run', '--rm', '--quiet', '--network', 'none', '--tls-verify=false', name)).toBe('made');
  });

  test('provenance in the form of SLSA 1, which without mode=max tells no values', async () => {
    await built('--provenance=version=v1', '--build-arg', 'USED=told-value', '-o', 'type=oci,tar=false,dest=slsa');
    const blob = (digest: string) => JSON.parse(readFileSync(at(`slsa/blobs/${digest.replace(':', '/')}`), 'utf8'));
    const [entry] = JSON.parse(readFileSync(at('slsa/index.json'), 'utf8')).manifests;
    const [layer] = blob(blob(entry.digest).manifests[1].digest).layers;
    const { predicateType, predicate } = blob(layer.digest);
    expect([predicateType, predicate.buildDefinition.externalParameters.configSource.path]).toEqual([
      'https://slsa.dev/provenance/v1',
      'Dockerfile',
    ]);
    expect(JSON.stringify(predicate)).not.toContain('told-value');
  });

  test('an image that has them is stored, and its index goes whole', async () => {
    await built('--provenance=true', '-t', 'stored:1', '--metadata-file', 'stored.json');
    const digest = JSON.parse(readFileSync(at('stored.json'), 'utf8'))['containerimage.digest'];
    expect(await box.ok(['run', '--rm', '--network', 'none', 'stored:1'])).toBe('made');
    await box.ok(['save', '--format', 'oci-dir', '-o', 'stored-layout', 'stored:1']);
    expect(JSON.parse(readFileSync(at('stored-layout/index.json'), 'utf8')).manifests[0].digest).toBe(digest);
    await box.ok(['tag', 'stored:1', ours('stored:1')]);
    await box.ok(['push', ours('stored:1')]);
    if (!Bun.which('skopeo')) return;
    const [own] = raw(`${ours('stored')}@${digest}`).manifests;
    const types = raw(`${ours('stored')}@${own.digest}`).layers.map(({ mediaType }: { mediaType: string }) =>
      mediaType.replace(/^.*tar/, ''),
    );
    expect(types).toEqual(['+gzip', '+gzip', '+gzip']);
  });
});

describe('the same file by podman', () => {
  const FILES: [string, string][] = [
    ['commands and environment', 'ENV A=1 B="two words"\nENV C $A-c\nWORKDIR /srv/app\nENTRYPOINT ["/bin/sh", "-c"]\nCMD ["echo hi"]\n'],
    [
      'shell forms, user, ports and volumes',
      'USER 12:34\nEXPOSE 80 443/tcp 53/udp\nVOLUME ["/data", "/more data"]\nENTRYPOINT exec top\nCMD echo $HOME\n',
    ],
    ['labels, stop signal, author', 'LABEL a=1 "b c"="d e"\nLABEL a=2\nSTOPSIGNAL SIGUSR1\nMAINTAINER someone\nCMD ["sh"]\n'],
    ['arguments and files', 'ARG V=5\nENV V=$V\nCOPY plain /x/\nADD plain /y\nRUN test $V = 5\nWORKDIR rel\nWORKDIR ative\nCMD []\n'],
  ];
  /** What the two write otherwise on purpose: times, history, layers, and what says who built it. */
  const comparable = (config: { config: Record<string, unknown> } & Record<string, unknown>) => {
    const { Labels, ArgsEscaped, ...rest } = config.config;
    const labels = Object.fromEntries(
      Object.entries((Labels ?? {}) as Record<string, string>).filter(([name]) => !name.startsWith('io.buildah')),
    );
    return { architecture: config.architecture, os: config.os, author: config.author, config: rest, labels };
  };

  when('podman').each(FILES)('%s: the configuration is equal (needs podman)', async (title, body) => {
    const folder = contextOf(box, `same-${FILES.findIndex(([name]) => name === title)}`, {
      Dockerfile: `FROM ${image('busybox')}\n${body}`,
      plain: 'x',
    });
    await box.ok(['build', '-q', '-o', `type=oci,tar=false,dest=${folder}/skiff`, folder]);
    peer('podman', 'build', '-q', '--tls-verify=false', '--isolation', 'chroot', '-t', 'same', folder);
    peer('podman', 'push', '-q', 'same', `oci:${folder}/podman:1`);
    peer('podman', 'rmi', '-f', 'same');
    const config = (layout: string) => JSON.parse(tool('skopeo', 'inspect', '--config', `oci:${folder}/${layout}`));
    expect(comparable(config('skiff'))).toEqual(comparable(config('podman')));
  });
});
