// What becomes of a build: each type of output and what its attributes do, and that nothing is left of one that fails. Who else reads it is in
// build-output-peers.test.ts.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ArchiveEntry, entriesOf } from './support/archive.ts';
import { contextOf } from './support/build-context.ts';
import { imageEvents } from './support/events.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const DOCKERFILE = `FROM busybox
COPY --chown=7:8 --chmod=4755 tool /usr/bin/tool
COPY plain /data/plain
RUN echo made > /data/made && rm /www/index.html && chown 9:9 /data/made
ENV A=1
CMD ["cat", "/data/made"]
`;
const SCRATCH = 'FROM scratch\nARG TARGETARCH\nCOPY plain /plain-$TARGETARCH\nCOPY plain /same\n';
let context = '';

beforeAll(async () => {
  await box.ok(['pull', '--quiet', image('busybox')]);
  await box.ok(['tag', image('busybox'), 'busybox']);
  context = contextOf(box, 'context', {
    Dockerfile: DOCKERFILE,
    Scratch: SCRATCH,
    Broken: 'FROM busybox\nRUN exit 3\n',
    tool: '#!/bin/sh\n',
    plain: 'plain\n',
  });
});

const build = (...args: string[]) => box.skiff(['build', '--progress', 'plain', ...args, context]);
const built = (...args: string[]): Promise<string> => box.ok(['build', '--progress', 'quiet', ...args, context]);
const at = (name: string): string => join(box.files, name);
const readJson = (path: string) => JSON.parse(readFileSync(path, 'utf8'));
const archiveAt = (name: string): Map<string, ArchiveEntry> => entriesOf(readFileSync(at(name)));
const blobIn = (layout: string, digest: string) => readJson(at(`${layout}/blobs/${digest.replace(':', '/')}`));
const inspected = (format: string, name: string): Promise<string> => box.ok(['image', 'inspect', '--format', format, name]);

/** The one manifest, and the config, of a layout with one image. */
function imageIn(layout: string) {
  const [entry] = readJson(at(`${layout}/index.json`)).manifests;
  const manifest = blobIn(layout, entry.digest);
  return { entry, manifest, config: blobIn(layout, manifest.config.digest) };
}

describe('the store', () => {
  test('an image with all its names, an event for each, its id in a file, and what buildx tells in another', async () => {
    const { code, stderr } = await build('-t', 'one', '-t', 'two:x', '--iidfile', 'id', '--metadata-file', 'meta.json');
    const id = readFileSync(at('id'), 'utf8');
    expect({ code, id: await inspected('{{.Id}}', 'one') }).toEqual({ code: 0, id });
    expect(await inspected('{{.Id}}', 'two:x')).toBe(id);
    expect(stderr).toContain('exporting to image');
    for (const line of [`writing image ${id}`, 'naming to docker.io/library/one:latest', 'naming to docker.io/library/two:x']) {
      expect(stderr).toContain(line);
    }
    expect(imageEvents(box, 'tag').slice(-2)).toEqual([
      ['tag', id, 'one:latest'],
      ['tag', id, 'two:x'],
    ]);
    const { 'buildx.build.ref': ref, 'containerimage.descriptor': descriptor, ...others } = readJson(at('meta.json'));
    expect(ref).toMatch(/^[^/]+\/[^/]+\/[0-9a-z]{25}$/);
    expect(others).toEqual({
      'containerimage.config.digest': id,
      'containerimage.digest': descriptor.digest,
      'image.name': 'docker.io/library/one:latest,docker.io/library/two:x',
    });
    const { mediaType, platform, annotations } = descriptor;
    expect([mediaType, platform.os, annotations['config.digest']]).toEqual(['application/vnd.oci.image.manifest.v1+json', 'linux', id]);
    expect(await box.ok(['run', '--rm', '--network', 'none', 'one'])).toBe('made');
    expect(await box.ok(['run', '--rm', '--network', 'none', 'one', 'ls', '-ln', '/usr/bin/tool'])).toMatch(/^-rwsr-xr-x +1 7 +8 /);
  });

  test('built once more it is the same image, and no new event', async () => {
    await built('-t', 'one');
    const [id, events] = [await inspected('{{.Id}}', 'one'), imageEvents(box, 'tag').length];
    await built('-t', 'one', '--load');
    expect([await inspected('{{.Id}}', 'one'), imageEvents(box, 'tag').length]).toEqual([id, events]);
  });

  test('without a name it is found by its id; quiet, that is all that is printed', async () => {
    const { stdout, code } = await box.skiff(['build', '-q', context]);
    expect([code, stdout]).toEqual([0, expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/)]);
    expect(await inspected('{{.Config.Cmd}}', stdout.trim())).toBe('[cat /data/made]');
  });

  test('type=image with its own names, in the compression that is asked for', async () => {
    await built('-t', 'flag:1', '-o', 'type=image,"name=own:1,own:2",compression=zstd');
    expect(await inspected('{{.Id}}', 'own:2')).toBe(await inspected('{{.Id}}', 'flag:1'));
    await box.ok(['save', '--format', 'oci-dir', '-o', 'zstd-layout', 'own:1']);
    const types = imageIn('zstd-layout').manifest.layers.map((layer: { mediaType: string }) => layer.mediaType.replace(/^.*tar/, ''));
    // The base image's layer stays as it came.
    expect(types).toEqual(['+gzip', '+zstd', '+zstd', '+zstd']);
  });

  test('cacheonly keeps nothing but the cache', async () => {
    const before = await box.ok(['images', '-aq']);
    const { code, stderr } = await build('-f', join(context, 'Scratch'), '-o', 'type=cacheonly', '--iidfile', 'none');
    expect([code, stderr.includes('exporting'), existsSync(at('none'))]).toEqual([0, false, false]);
    expect(await box.ok(['images', '-aq'])).toBe(before);
  });

  test('store=false keeps no image', async () => {
    const before = await box.ok(['images', '-aq']);
    await built('-f', join(context, 'Scratch'), '-o', 'type=image,store=false,name=nowhere:1');
    expect(await box.ok(['images', '-aq'])).toBe(before);
    expect((await box.skiff(['image', 'inspect', 'nowhere:1'])).code).toBe(1);
  });
});

describe('archives', () => {
  test('type=oci: one entry for each name, layers gzipped, times and owners that say nothing', async () => {
    await built('-t', 'arch:1', '-o', 'type=oci,dest=oci.tar');
    const entries = archiveAt('oci.tar');
    const { manifests } = JSON.parse(entries.get('index.json')?.body ?? '');
    expect(manifests).toHaveLength(1);
    expect(manifests[0].annotations).toEqual({
      'io.containerd.image.name': 'docker.io/library/arch:1',
      'org.opencontainers.image.ref.name': '1',
    });
    const manifest = JSON.parse(entries.get(`blobs/${manifests[0].digest.replace(':', '/')}`)?.body ?? '');
    expect(manifest.layers.every((layer: { mediaType: string }) => layer.mediaType.endsWith('tar+gzip'))).toBe(true);
    expect([...entries.values()].every(({ uid, gid, mtimeSeconds }) => uid + gid + mtimeSeconds === 0)).toBe(true);
    expect(entries.has('manifest.json')).toBe(false);
    expect((await box.skiff(['image', 'inspect', 'arch:1'])).code).toBe(1);
    expect(statSync(at('oci.tar')).mode & 0o777).toBe(0o666 & ~process.umask());
  });

  test('type=docker with a place is what docker load reads; it loads here under its name', async () => {
    await built('-t', 'arch:2', '-o', 'type=docker,dest=docker.tar');
    const [entry] = JSON.parse(archiveAt('docker.tar').get('manifest.json')?.body ?? '');
    expect(entry.RepoTags).toEqual(['arch:2']);
    expect(await box.ok(['load', '-i', 'docker.tar'])).toBe('Loaded image: arch:2');
    expect(await box.ok(['run', '--rm', '--network', 'none', 'arch:2'])).toBe('made');
  });

  test('type=oci,tar=false is a layout, and another build is added to it', async () => {
    await built('-t', 'first:a', '-o', 'type=oci,tar=false,dest=layout');
    await built('-f', join(context, 'Scratch'), '-t', 'second:b', '-o', 'type=oci,tar=false,dest=layout');
    const labels = readJson(at('layout/index.json')).manifests.map((one: { annotations: object }) => Object.values(one.annotations));
    expect(labels).toEqual([
      ['docker.io/library/first:a', 'a'],
      ['docker.io/library/second:b', 'b'],
    ]);
  });

  test.each([
    ['compression=uncompressed,force-compression=true', ['', '', '', '']],
    ['compression=uncompressed', ['+gzip', '', '', '']],
    ['compression=zstd,force-compression=true,compression-level=7', ['+zstd', '+zstd', '+zstd', '+zstd']],
    ['oci-mediatypes=false', ['.gzip', '.gzip', '.gzip', '.gzip']],
  ])('%s', async (attributes, types) => {
    rmSync(at('packed'), { recursive: true, force: true });
    await built('-o', `type=oci,tar=false,dest=packed,${attributes}`);
    const { entry, manifest, config } = imageIn('packed');
    expect(manifest.layers.map((layer: { mediaType: string }) => layer.mediaType.replace(/^.*tar/, ''))).toEqual(types);
    expect(entry.mediaType.includes('docker')).toBe(attributes.startsWith('oci-mediatypes'));
    // However they are packed, they are the same layers.
    const { stdout } = Bun.spawnSync(['skopeo', 'inspect', '--config', `oci:${at('packed')}`]);
    if (Bun.which('skopeo') && !attributes.startsWith('oci-mediatypes'))
      expect(JSON.parse(stdout.toString()).rootfs).toEqual(config.rootfs);
    await built('-t', 'same:1');
    expect(await inspected('{{json .RootFS.Layers}}', 'same:1')).toBe(JSON.stringify(config.rootfs.diff_ids));
  });

  test('layers of a base that was built here are compressed with the others', async () => {
    await built('-f', join(context, 'Scratch'), '-t', 'own-base:1');
    const derived = contextOf(box, 'derived', { Dockerfile: 'FROM own-base:1\nCOPY more /more\n', more: 'more' });
    await box.ok(['build', '-q', '-o', 'type=oci,tar=false,dest=derived-layout', derived]);
    const types = imageIn('derived-layout').manifest.layers.map((layer: { mediaType: string }) => layer.mediaType.replace(/^.*tar/, ''));
    expect(types).toEqual(['+gzip', '+gzip', '+gzip']);
  });

  test('what was compressed for an archive alone does not stay', async () => {
    await built('-t', 'lean:1');
    const blobs = () => readdirSync(join(box.root, 'images/blobs/sha256')).sort();
    const before = blobs();
    await built('-t', 'lean:1', '-o', 'type=oci,dest=lean.tar,compression=zstd,compression-level=2');
    expect(blobs()).toEqual(before);
  });

  test('annotations on the manifest, and of the output on top of the flags', async () => {
    rmSync(at('noted'), { recursive: true, force: true });
    const output = 'type=oci,tar=false,dest=noted,annotation.b=output,annotation-index-descriptor.d=x';
    await built('--annotation', 'a=flag', '--annotation', 'manifest:b=flag', '-o', output);
    const { entry, manifest } = imageIn('noted');
    expect([manifest.annotations, entry.annotations]).toEqual([{ a: 'flag', b: 'output' }, { d: 'x' }]);
  });
});

describe('plain files', () => {
  test('type=tar has owners and modes as in the image, and what is deleted is not there', async () => {
    await built('-o', 'type=tar,dest=files.tar');
    const entries = archiveAt('files.tar');
    const told = (name: string) => {
      const { uid, gid, mode, body } = entries.get(name) ?? {};
      return [uid, gid, mode?.toString(8), body];
    };
    expect(told('usr/bin/tool')).toEqual([7, 8, '4755', '#!/bin/sh\n']);
    expect(told('data/made')).toEqual([9, 9, '644', 'made\n']);
    expect([entries.has('www/index.html'), entries.has('bin/busybox'), entries.has('.dockerenv')]).toEqual([false, true, false]);
  });

  test("a folder: every file is the user's, none is setuid; a bare path means the same", async () => {
    await built('-o', 'new/folder');
    const stat = statSync(at('new/folder/usr/bin/tool'));
    expect([stat.uid, (stat.mode & 0o7777).toString(8)]).toEqual([process.getuid?.(), '755']);
    expect(readFileSync(at('new/folder/data/made'), 'utf8')).toBe('made\n');
    expect(statSync(at('new/folder/data/made')).uid).toBe(process.getuid?.());
  });

  test('a folder that is there keeps what else is in it', async () => {
    mkdirSync(at('there'));
    writeFileSync(at('there/mine'), 'mine');
    writeFileSync(at('there/same'), 'old');
    await built('-f', join(context, 'Scratch'), '-o', 'type=local,dest=there');
    expect(readdirSync(at('there')).sort()).toEqual(['mine', 'plain-amd64', 'same']);
    expect([readFileSync(at('there/mine'), 'utf8'), readFileSync(at('there/same'), 'utf8')]).toEqual(['mine', 'plain\n']);
  });

  test('a dash is an archive on standard output, on which nothing else is', async () => {
    const child = box.start(['build', '-f', join(context, 'Scratch'), '-o', '-', context]);
    void child.stdin.end();
    const entries = entriesOf(new Uint8Array(await new Response(child.stdout).arrayBuffer()));
    expect([await child.exited, [...entries.keys()]]).toEqual([0, ['plain-amd64', 'same']]);
  });

  test('a reader that leaves ends the build without a word', async () => {
    const child = box.start(['build', '-q', '-o', '-', context]);
    void child.stdin.end();
    const reader = child.stdout.getReader();
    await reader.read();
    await reader.cancel();
    expect([await child.exited, await new Response(child.stderr).text()]).toEqual([141, '']);
  });

  test('several platforms: a folder each, or together where nothing collides', async () => {
    const both = ['--platform', 'linux/amd64,linux/arm64', '-f', join(context, 'Scratch')];
    await built(...both, '-o', 'type=local,dest=split', '-o', 'type=tar,dest=split.tar');
    const names = [
      'linux_amd64/',
      'linux_amd64/plain-amd64',
      'linux_amd64/same',
      'linux_arm64/',
      'linux_arm64/plain-arm64',
      'linux_arm64/same',
    ];
    expect([...archiveAt('split.tar').keys()]).toEqual(names);
    expect(readdirSync(at('split/linux_arm64')).sort()).toEqual(['plain-arm64', 'same']);
    const collision = await build(...both, '-o', 'type=local,dest=together,platform-split=false');
    expect(collision.code).toBe(1);
    expect(collision.stderr).toContain('cannot overwrite same from linux/amd64 with linux/arm64 when split option is disabled');
    expect(existsSync(at('together'))).toBe(false);
  });
});

test('several outputs at once', async () => {
  const wanted = ['type=image,name=all:1', 'type=oci,dest=all.tar', 'type=tar,dest=all-files.tar', 'type=local,dest=all-files'];
  await built(...wanted.flatMap((output) => ['-o', output]));
  expect(archiveAt('all.tar').has('oci-layout')).toBe(true);
  expect(archiveAt('all-files.tar').get('data/made')?.body).toBe('made\n');
  expect(readFileSync(at('all-files/data/made'), 'utf8')).toBe('made\n');
  expect(await inspected('{{.RepoTags}}', 'all:1')).toContain('all:1');
});

describe('squash', () => {
  test('one layer over the base, the same files, and a history that still tells of every step', async () => {
    await built('-t', 'whole:1');
    await built('-t', 'squashed:1', '--squash');
    const [base, squashed] = await Promise.all(
      ['busybox', 'squashed:1'].map(async (name) => JSON.parse(await inspected('{{json .RootFS.Layers}}', name))),
    );
    expect([squashed.slice(0, base.length), squashed.length]).toEqual([base, base.length + 1]);
    const list = (name: string): Promise<string> =>
      box.ok(['run', '--rm', '--network', 'none', name, 'sh', '-c', 'ls -lnR /data /usr/bin/tool /www; cat /data/*']);
    expect(await list('squashed:1')).toBe(await list('whole:1'));
    const history = async (name: string): Promise<string[]> =>
      (await box.ok(['history', '--no-trunc', '--format', '{{.CreatedBy}}|{{.Comment}}', name])).split('\n');
    const [last = '', ...steps] = await history('squashed:1');
    expect(last).toMatch(/^\|merge sha256:[0-9a-f]{64} \(3 layers\)$/);
    expect(steps).toEqual(await history('whole:1'));
  });
});

describe('SOURCE_DATE_EPOCH', () => {
  const EPOCH = 1_600_000_000;
  /** Digest of what a build without any cache makes. */
  async function digestOf(...args: string[]): Promise<string> {
    rmSync(at('dated'), { recursive: true, force: true });
    await built('--no-cache', ...args, '-o', 'type=oci,tar=false,dest=dated,rewrite-timestamp=true');
    return imageIn('dated').entry.digest;
  }

  test('two builds without a cache give the same digest; all that the build made is as old as it says', async () => {
    const args = ['--build-arg', `SOURCE_DATE_EPOCH=${EPOCH}`];
    const first = await digestOf(...args);
    const { config } = imageIn('dated');
    expect(config.created).toBe('2020-09-13T12:26:40Z');
    const own = config.history.filter(({ comment }: { comment?: string }) => comment?.startsWith('buildkit'));
    expect(own.length).toBeGreaterThan(3);
    expect(new Set(own.map(({ created }: { created: string }) => created))).toEqual(new Set(['2020-09-13T12:26:40Z']));
    expect(await digestOf(...args)).toBe(first);
    expect(await box.ok(['build', '-q', '--no-cache', '--build-arg', `SOURCE_DATE_EPOCH=${EPOCH + 1}`, context])).not.toBe('');
  });

  test('in the environment it is the same; without rewrite-timestamp files keep their times', async () => {
    const environment = { SOURCE_DATE_EPOCH: String(EPOCH) };
    const output = (name: string, more: string) => ['build', '-q', '-o', `type=oci,dest=${name}${more}`, context];
    await box.ok(output('kept.tar', ''), { env: environment });
    await box.ok(output('rewritten.tar', ',rewrite-timestamp=true'), { env: environment });
    const digests = ['kept.tar', 'rewritten.tar'].map(
      (name) => JSON.parse(archiveAt(name).get('index.json')?.body ?? '').manifests[0].digest,
    );
    expect(digests[0]).not.toBe(digests[1]);
    const files = ['build', '-q', '-o', 'type=tar,dest=dated-files.tar', context];
    await box.ok(files, { env: environment });
    expect(new Set([...archiveAt('dated-files.tar').values()].map(({ mtimeSeconds }) => mtimeSeconds))).toEqual(new Set([EPOCH]));
  });
});

describe('refusals', () => {
  test.each([
    ['--push', [], 'Invalid output: tag is needed when pushing to registry'],
    [
      'type=oci,dest=x.tar,rewrite-timestamp=true',
      [],
      'Invalid output: rewrite-timestamp is specified, but no source-date-epoch was found',
    ],
    [
      'type=docker,dest=x.tar',
      ['--platform', 'linux/amd64,linux/arm64'],
      'Invalid output: docker exporter does not currently support exporting manifest lists',
    ],
    [
      'type=oci,dest=x.tar,oci-artifact=true',
      [],
      'Invalid output: the attribute "oci-artifact" of outputs is not supported: attestations are written as image manifests, which every registry takes',
    ],
    ['type=local,dest=x', ['--sbom=true'], 'Invalid output: attestations are about images, and this output is plain files'],
    [
      'type=oci,dest=x.tar',
      ['--sbom=generator=scanner:1'],
      'Invalid attestation: scanner images are not run: an SBOM is made of what the package managers of the image wrote down',
    ],
    ['type=oci,dest=x.tar', ['--annotation', 'index:a=b'], 'index annotations not supported for single platform export'],
    ['type=oci,dest=no/such/x.tar', [], 'failed to write the build output: invalid output path: directory "no/such" does not exist'],
    ['type=oci,dest=context', [], 'failed to write the build output: invalid output path: "context" is a directory'],
    ['type=local,dest=context/plain', [], 'failed to write the build output: invalid output path: "context/plain" is no directory'],
    ['type=oci,tar=false,dest=context/plain', [], 'failed to write the build output: invalid output path: "context/plain" is no directory'],
    ['type=local,dest=/proc/x/y', [], 'failed to write the build output: invalid output path: cannot write "/proc/x/y" (ENOENT)'],
  ])('%s %p', async (output, more, message) => {
    const before = readdirSync(box.files).sort();
    const { code, stderr } = await box.skiff(['build', ...more, ...(output === '--push' ? [output] : ['-o', output]), context]);
    expect(stderr.split('\n')).toContain(`skiff: ${message}`);
    expect([code, readdirSync(box.files).sort()]).toEqual([1, before]);
  });

  test('a build that fails leaves the file that was there, makes no folder, and no id', async () => {
    writeFileSync(at('old.tar'), 'old');
    writeFileSync(at('old-id'), 'sha256:old');
    const outputs = ['-o', 'type=oci,dest=old.tar', '-o', 'type=local,dest=deep/er/folder', '--iidfile', 'old-id'];
    const { code } = await build('-f', join(context, 'Broken'), ...outputs);
    expect([code, readFileSync(at('old.tar'), 'utf8'), existsSync(at('deep')), existsSync(at('old-id'))]).toEqual([1, 'old', false, false]);
    expect(readdirSync(box.files).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('killed while it writes, nothing of it is there, and the next build makes it whole', async () => {
    const large = contextOf(box, 'to-kill', { Dockerfile: 'FROM busybox\nRUN head -c 60000000 /dev/urandom > /large\n' });
    const args = ['build', '--progress', 'plain', '-o', 'type=oci,dest=killed.tar', '-o', 'type=local,dest=killed', large];
    await box.ok(['build', '-q', large]);
    for (const step of ['exporting to oci', 'exporting to client directory']) {
      const child = box.start(args);
      let said = '';
      for await (const chunk of child.stderr) {
        said += Buffer.from(chunk).toString();
        if (said.includes(step)) break;
      }
      child.kill('SIGKILL');
      await child.exited;
      expect([said.includes(step), existsSync(at('killed.tar')), existsSync(at('killed'))]).toEqual([true, false, false]);
    }
    await box.ok(args);
    expect([statSync(at('killed/large')).size, archiveAt('killed.tar').has('oci-layout')]).toEqual([60000000, true]);
    expect(readdirSync(box.files).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  test('no archive goes to a terminal', async () => {
    const terminal = box.terminal(['build', '-o', '-', context]);
    expect(await terminal.ended()).toBe(1);
    expect(terminal.output()).toContain('dest file is required for tar exporter. refusing to write to console');
  });

  const disk = process.env.SKIFF_TEST_SMALL_DISK;
  (disk ? test : test.skip)('a disk that is full keeps what was there (needs root to make one)', async () => {
    const folder = join(disk ?? '', `build-${process.pid}`);
    mkdirSync(folder);
    try {
      writeFileSync(join(folder, 'out.tar'), 'old');
      const large = contextOf(box, 'large', { Dockerfile: 'FROM busybox\nRUN head -c 26000000 /dev/urandom > /large\n' });
      for (const dest of ['type=oci,dest=out.tar', 'type=local,dest=out']) {
        const output = dest.replace('dest=', `dest=${folder}/`);
        const { stderr, code } = await box.skiff(['build', '-q', '-o', output, large]);
        expect([code, stderr]).toEqual([1, expect.stringMatching(/no space left on device/i)]);
      }
      expect(readdirSync(folder)).toEqual(['out.tar']);
      expect(readFileSync(join(folder, 'out.tar'), 'utf8')).toBe('old');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
