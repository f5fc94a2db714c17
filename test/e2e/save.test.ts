// `save`: what Docker 28 writes, byte for byte what the registry served, and nothing half written.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ArchiveEntry, entriesOf } from './support/archive.ts';
import { imageEvents } from './support/events.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const features = image('features');
const [repository, ids] = [busybox, new Map<string, string>()];

beforeAll(async () => {
  for (const name of [busybox, features]) {
    await box.ok(['pull', '--quiet', name]);
    ids.set(name, await box.ok(['image', 'inspect', '-f', '{{.Id}}', name]));
  }
});

const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');
const json = (entries: Map<string, ArchiveEntry>, name: string) => JSON.parse(entries.get(name)?.body ?? '');

async function saved(...names: string[]): Promise<Buffer> {
  const child = box.start(['save', ...names]);
  const archive = Buffer.from(await new Response(child.stdout).arrayBuffer());
  expect(await child.exited).toBe(0);
  return archive;
}

test('an archive is an OCI layout and what older readers look for, each blob once and as it was served', async () => {
  const entries = entriesOf(await saved(`${busybox}:latest`));
  const blobs = [...entries.keys()].filter((name) => name.startsWith('blobs/sha256/') && name.length > 'blobs/sha256/'.length);
  expect([...entries.keys()]).toEqual(['blobs/', 'blobs/sha256/', ...blobs, 'index.json', 'manifest.json', 'oci-layout', 'repositories']);
  for (const name of blobs) expect(sha256(Buffer.from(entries.get(name)?.body ?? '', 'latin1'))).toBe(name.slice('blobs/sha256/'.length));
  const config = `blobs/${ids.get(busybox)?.replace(':', '/')}`;
  const [layer] = JSON.parse(entries.get(config)?.body ?? '').rootfs.diff_ids;
  const [{ LayerSources: sources, ...manifest }] = json(entries, 'manifest.json');
  expect(manifest).toEqual({
    Config: config,
    RepoTags: [`${busybox}:latest`],
    Layers: [`blobs/${sources[layer].digest.replace(':', '/')}`],
  });
  expect(json(entries, 'repositories')).toEqual({ [repository]: { latest: sources[layer].digest.slice('sha256:'.length) } });
  expect(json(entries, 'oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
  const [{ digest, ...entry }] = json(entries, 'index.json').manifests;
  expect(entry).toEqual({
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    size: entries.get(`blobs/${digest.replace(':', '/')}`)?.size,
    annotations: { 'io.containerd.image.name': `${busybox}:latest`, 'org.opencontainers.image.ref.name': 'latest' },
  });
  // The very manifest that the registry serves.
  expect(await box.ok(['image', 'inspect', '-f', '{{index .RepoDigests 0}}', busybox])).toBe(`${busybox}@${digest}`);
  expect([...entries.values()].every(({ uid, gid, mtimeSeconds }) => uid + gid + mtimeSeconds === 0)).toBe(true);
});

test('the same images give the same bytes, to a file and to standard output', async () => {
  const archive = await saved(busybox, features);
  expect(await box.skiff(['save', '-o', 'two.tar', features, busybox])).toEqual({ stdout: '', stderr: '', code: 0 });
  const other = entriesOf(readFileSync(join(box.files, 'two.tar')));
  expect((await saved(busybox, features)).equals(archive)).toBe(true);
  expect([...other.keys()]).toEqual([...entriesOf(archive).keys()]);
  expect(statSync(join(box.files, 'two.tar')).mode & 0o777).toBe(0o600);
});

test('images share blobs; a repository means all its tags; an image that is named by its id has no name', async () => {
  await box.ok(['tag', busybox, `${repository}:other`]);
  const all = entriesOf(await saved(repository, ids.get(features) ?? ''));
  const [first, second] = json(all, 'manifest.json');
  expect(first.RepoTags).toEqual([`${repository}:latest`, `${repository}:other`]);
  expect(second.RepoTags).toBeNull();
  expect(second.Layers[0]).toBe(first.Layers[0]);
  expect(json(all, 'index.json').manifests.map(({ annotations }: { annotations?: object }) => Object.values(annotations ?? {}))).toEqual([
    [`${repository}:latest`, 'latest'],
    [`${repository}:other`, 'other'],
    [],
  ]);
  await box.ok(['rmi', `${repository}:other`]);
});

test('oci-archive and oci-dir are layouts alone', async () => {
  await box.ok(['save', '--format', 'oci-archive', '-o', 'oci.tar', busybox]);
  const entries = entriesOf(readFileSync(join(box.files, 'oci.tar')));
  expect(entries.has('manifest.json') || entries.has('repositories')).toBe(false);
  await box.ok(['save', '--format=oci-dir', '-o', 'layout', busybox]);
  expect(readdirSync(join(box.files, 'layout')).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
  expect(JSON.parse(readFileSync(join(box.files, 'layout/index.json'), 'utf8'))).toEqual(json(entries, 'index.json'));
  for (const name of readdirSync(join(box.files, 'layout/blobs/sha256'))) {
    expect(sha256(readFileSync(join(box.files, 'layout/blobs/sha256', name)))).toBe(name);
  }
});

test('an image of schema 2 keeps its manifest in an archive of Docker, and gets one of OCI in a layout', async () => {
  await box.ok(['pull', '--quiet', image('schema2')]);
  const types = async (format: string): Promise<string[]> => {
    await box.ok(['save', '--format', format, '-o', 'schema2.tar', image('schema2')]);
    const entries = entriesOf(readFileSync(join(box.files, 'schema2.tar')));
    const [{ digest, mediaType }] = json(entries, 'index.json').manifests;
    const manifest = json(entries, `blobs/${digest.replace(':', '/')}`);
    return [mediaType, manifest.mediaType, manifest.config.mediaType, manifest.layers[0].mediaType];
  };
  expect(await types('docker-archive')).toEqual([
    'application/vnd.docker.distribution.manifest.v2+json',
    'application/vnd.docker.distribution.manifest.v2+json',
    'application/vnd.docker.container.image.v1+json',
    'application/vnd.docker.image.rootfs.diff.tar.gzip',
  ]);
  expect(await types('oci-archive')).toEqual([
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.oci.image.manifest.v1+json',
    'application/vnd.oci.image.config.v1+json',
    'application/vnd.oci.image.layer.v1.tar+gzip',
  ]);
});

test('a save is an event of each image', async () => {
  await box.ok(['save', '-o', 'event.tar', busybox, features]);
  expect(imageEvents(box, 'save').slice(-2)).toEqual([
    ['save', ids.get(busybox), ids.get(busybox)],
    ['save', ids.get(features), ids.get(features)],
  ]);
});

describe('what cannot be saved is refused and leaves nothing', () => {
  const filesNow = (): string[] => readdirSync(box.files).sort();

  test.each([
    ['no such image', ['save', '-o', 'x.tar', busybox, 'nosuch:1'], 'No such image: nosuch:1'],
    ['no reference', ['save', '-o', 'x.tar', 'Not/A/Name'], 'invalid reference format: repository name (A/Name) must be lowercase'],
    [
      'another platform',
      ['save', '--platform', 'linux/arm64', '-o', 'x.tar', busybox],
      `image with reference ${busybox} was found but does not provide the specified platform (linux/arm64)`,
    ],
    [
      'a platform that is none',
      ['save', '--platform', 'a/b/c/d', busybox],
      '"a/b/c/d" is an invalid platform: it must be OS[/ARCH[/VARIANT]]',
    ],
    [
      'a format that is none',
      ['save', '--format', 'zip', busybox],
      'invalid argument "zip" for "--format" flag: must be one of "docker-archive", "oci-archive", "oci-dir"',
    ],
    [
      'a folder to standard output',
      ['save', '--format', 'oci-dir', busybox],
      'The format oci-dir is a folder, which standard output cannot be',
    ],
    [
      'a file in no folder',
      ['save', '-o', 'none/x.tar', busybox],
      'failed to save image: invalid output path: directory "none" does not exist',
    ],
    [
      'a folder that is full',
      ['save', '--format', 'oci-dir', '-o', '.', busybox],
      'failed to save image: invalid output path: "." is not empty',
    ],
    ['no image at all', ['save'], "'skiff save' requires at least 1 argument"],
  ])('%s', async (_, args, message) => {
    const there = filesNow();
    const { stdout, stderr, code } = await box.skiff(args);
    expect({ stdout, message: stderr.split('\n')[0] }).toEqual({ stdout: '', message: expect.stringContaining(message) });
    expect(code).not.toBe(0);
    expect(filesNow()).toEqual(there);
  });

  test('a terminal', async () => {
    const terminal = box.terminal(['save', busybox]);
    expect(await terminal.ended()).toBe(1);
    expect(terminal.output()).toContain('cowardly refusing to save to a terminal. Use the -o flag or redirect');
  });

  test('a blob that is damaged, or gone', async () => {
    const digest = JSON.parse(await box.ok(['image', 'inspect', features]))[0].RootFS.Layers;
    expect(digest.length).toBeGreaterThan(1);
    const archive = entriesOf(await saved(features));
    const layer = json(archive, 'manifest.json')[0].Layers.at(-1).slice('blobs/sha256/'.length);
    const path = join(box.root, 'images/blobs/sha256', layer);
    const bytes = readFileSync(path);
    writeFileSync(path, Buffer.concat([bytes.subarray(0, -1), Buffer.from([(bytes.at(-1) ?? 0) ^ 1])]));
    const there = filesNow();
    const damaged = await box.skiff(['save', '-o', 'x.tar', features]);
    // Whether it could be put right on the occasion is said beside it.
    const lines = (text: string): string[] => text.split('\n');
    expect(damaged.code).toBe(1);
    expect(lines(damaged.stderr)).toContain(`skiff: The blob "sha256:${layer}" is damaged: its content does not match its digest`);
    rmSync(path, { force: true });
    const gone = await box.skiff(['save', '--format', 'oci-dir', '-o', 'gone', features]);
    expect(gone.code).toBe(1);
    const what = `Cannot save the image "${ids.get(features)}": the blob "sha256:${layer}" of a layer is not in the store`;
    expect(lines(gone.stderr)).toContain(`skiff: ${what}`);
    writeFileSync(path, bytes);
    expect(filesNow()).toEqual(there);
    expect(existsSync(join(box.files, 'x.tar'))).toBe(false);
  });

  const disk = process.env.SKIFF_TEST_SMALL_DISK;
  (disk ? test : test.skip)('a disk that is full keeps the file that was there (needs root to make one)', async () => {
    const folder = join(disk ?? '', `save-${process.pid}`);
    mkdirSync(folder);
    try {
      writeFileSync(join(folder, 'app.tar'), 'old');
      await box.ok(['pull', '--quiet', image('app')], { timeoutMs: 120_000 });
      for (const args of [
        ['-o', join(folder, 'app.tar')],
        ['--format', 'oci-dir', '-o', join(folder, 'app')],
      ]) {
        const { stderr, code } = await box.skiff(['save', ...args, image('app')]);
        expect([code, stderr.split('\n')[0]]).toEqual([1, `skiff: No space left on device writing "${args.at(-1)}"`]);
      }
      expect(readdirSync(folder)).toEqual(['app.tar']);
      expect(readFileSync(join(folder, 'app.tar'), 'utf8')).toBe('old');
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
