// An index of several platforms: each that was pulled can be used, and where all of it is here, it is saved, loaded and pushed as it is, so that its
// digest survives the whole round.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { digestOfFile } from './faults/stage.ts';
import { entriesOf } from './support/archive.ts';
import { type EmptyRegistry, startEmptyRegistry } from './support/empty-registry.ts';
import { storedThings, tool } from './support/image-archive.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const other = openSandbox();
const multi = image('multi');
const host = process.arch === 'x64' ? 'amd64' : process.arch;
const accept = { accept: 'application/vnd.oci.image.index.v1+json, application/vnd.oci.image.manifest.v1+json' };
let registry: EmptyRegistry;
let digest = '';
let platforms: string[] = [];

const served = async (reference: string) => {
  const [, at, name, tag] = /^([^/]+)\/(.+):([^:]+)$/.exec(reference) ?? [];
  return fetch(`http://${at}/v2/${name}/manifests/${tag}`, { headers: accept });
};
const createFor = (platform: string) => box.ok(['create', '--platform', platform, '--pull', 'never', multi]);
const imageOf = (container: string) => box.ok(['inspect', '-f', '{{.Image}}', container]);

beforeAll(async () => {
  registry = await startEmptyRegistry();
  const answer = await served(`${multi}:latest`);
  digest = answer.headers.get('docker-content-digest') ?? '';
  const { manifests }: { manifests: { platform: { os: string; architecture: string; variant?: string } }[] } = JSON.parse(
    await answer.text(),
  );
  // Beside its images it has a statement about one of them.
  expect(manifests.filter(({ platform: { os } }) => os === 'unknown')).toHaveLength(1);
  const images = manifests.filter(({ platform: { os } }) => os !== 'unknown');
  platforms = images.map(({ platform: { os, architecture, variant } }) => [os, architecture, variant].filter(Boolean).join('/'));
  expect(platforms.length).toBeGreaterThan(1);
  expect(platforms).toContain(`linux/${host}`);
});
afterAll(() => registry?.stop());

test('what is pulled for one platform after another stays usable by --platform, whatever the tag names', async () => {
  for (const platform of platforms) await box.ok(['pull', '--quiet', '--platform', platform, multi]);
  await box.ok(['pull', '--quiet', multi]);
  const images = new Map<string, string>();
  for (const platform of platforms) {
    const container = await createFor(platform);
    images.set(platform, await imageOf(container));
    await box.ok(['rm', container]);
  }
  expect(new Set(images.values()).size).toBe(platforms.length);
  expect(await box.ok(['image', 'inspect', '-f', '{{.Id}}', multi])).toBe(images.get(`linux/${host}`));
  // Of the index's digest this machine's is meant.
  const byDigest = await box.ok(['create', `${multi}@${digest}`]);
  expect(await imageOf(byDigest)).toBe(images.get(`linux/${host}`));
  await box.ok(['rm', byDigest]);
});

test('one platform is saved and pushed alone where it is asked for', async () => {
  for (const platform of platforms) {
    await box.ok(['save', '--platform', platform, '-o', 'one.tar', multi]);
    const index = JSON.parse(entriesOf(readFileSync(join(box.files, 'one.tar'))).get('index.json')?.body ?? '');
    expect(index.manifests).toHaveLength(1);
    expect(index.manifests[0].digest).not.toBe(digest);
    expect(index.manifests[0].mediaType).toBe('application/vnd.oci.image.manifest.v1+json');
    const target = `${registry.address}/one:${platform.replaceAll('/', '-')}`;
    await box.ok(['tag', multi, target]);
    await box.ok(['push', '--quiet', '--platform', platform, target]);
    expect((await served(target)).headers.get('docker-content-digest')).toBe(index.manifests[0].digest);
    await box.ok(['rmi', target]);
  }
});

test.each(['docker-archive', 'oci-archive', 'oci-dir'])(
  'pull, save --format %s, load and push keep the digest of the index',
  async (format) => {
    const archive = join(box.files, `all-${format}`);
    await box.ok(['save', '--format', format, '-o', archive, multi]);
    expect(await other.ok(['load', '-i', archive])).toBe(`Loaded image: ${multi}:latest`);
    expect(await other.ok(['run', '--rm', '--network', 'none', '--entrypoint', 'echo', multi, 'runs'])).toBe('runs');
    const target = `${registry.address}/round/${format}:1`;
    await other.ok(['tag', multi, target]);
    await other.ok(['push', '--quiet', target]);
    expect((await served(target)).headers.get('docker-content-digest')).toBe(digest);
    // It is saved again byte for byte, and nothing of it is garbage or damage.
    await other.ok(['image', 'prune', '-f']);
    await other.ok(['rmi', target]);
    expect(await other.ok(['system', 'check'])).toMatch(/ 0 problems$/);
    if (format !== 'oci-dir') {
      await other.ok(['save', '--format', format, '-o', join(other.files, 'again'), multi]);
      expect(digestOfFile(join(other.files, 'again'))).toBe(digestOfFile(archive));
    }
    // What came along goes with it.
    await other.ok(['rmi', multi]);
    expect(storedThings(other)).toEqual([]);
  },
);

test('skopeo and podman read what is saved of an index, and another engine’s index is loaded whole', async () => {
  await box.ok(['save', '-o', 'all.tar', multi]);
  await box.ok(['save', '--format', 'oci-dir', '-o', 'layout', multi]);
  const skopeo = (...args: string[]) => tool(['skopeo', '--insecure-policy', ...args], { cwd: box.files });
  const configOf = (source: string, ...flags: string[]) => JSON.parse(skopeo(...flags, 'inspect', '--config', source)).architecture;
  expect(configOf('docker-archive:all.tar')).toBe(host);
  for (const platform of platforms) {
    const [, architecture = '', variant] = platform.split('/');
    const flags = [`--override-arch=${architecture}`, ...(variant ? [`--override-variant=${variant}`] : [])];
    expect(configOf('oci:layout:latest', ...flags)).toBe(architecture);
  }
  skopeo('copy', '--all', '--quiet', '--src-tls-verify=false', `docker://${multi}:latest`, 'oci-archive:theirs.tar:theirs:1');
  await other.ok(['load', '--quiet'], { stdin: new Uint8Array(readFileSync(join(box.files, 'theirs.tar'))) });
  const target = `${registry.address}/theirs:1`;
  await other.ok(['tag', 'theirs:1', target]);
  await other.ok(['push', '--quiet', target]);
  expect((await served(target)).headers.get('docker-content-digest')).toBe(digest);
  await other.ok(['rmi', 'theirs:1', target]);
  await other.ok(['load', '--quiet', '--platform', `linux/${host}`, '-i', join(box.files, 'theirs.tar')]);
  await other.ok(['rmi', 'theirs:1']);
  expect(storedThings(other)).toEqual([]);
});

test('a damaged part of another platform is no reason to lose the image: it is dropped, and the rest is pushed', async () => {
  await other.ok(['load', '--quiet', '-i', join(box.files, 'all.tar')]);
  const [id] = (await other.ok(['images', '-q', '--no-trunc'])).split('\n');
  const own = new Set(JSON.parse(readFileSync(join(other.root, `images/records/${id?.slice(7)}.json`), 'utf8')).companions);
  const [companion = ''] = [...own] as string[];
  await Bun.write(join(other.root, 'images/blobs/sha256', companion.slice(7)), 'damaged');
  expect((await other.skiff(['system', 'check'])).code).toBe(1);
  await other.ok(['system', 'check', '--repair']);
  expect(await other.ok(['system', 'check'])).toMatch(/ 0 problems$/);
  const target = `${registry.address}/rest:1`;
  await other.ok(['tag', multi, target]);
  await other.ok(['push', '--quiet', target]);
  const answer = await served(target);
  expect(answer.headers.get('content-type')).toBe('application/vnd.oci.image.manifest.v1+json');
  await other.ok(['rmi', multi, target]);
  expect(storedThings(other)).toEqual([]);
});
