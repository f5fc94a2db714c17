// `image copy`: between the store, archives, folders and registries. Digests are the same at both ends wherever the format allows.
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { entriesOf } from './support/archive.ts';
import { type EmptyRegistry, startEmptyRegistry } from './support/empty-registry.ts';
import { oldDockerEntries, smallLayer, storedThings, tool } from './support/image-archive.ts';
import { tarOf } from './support/images/tar.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
let registry: EmptyRegistry;
let [id, digest] = ['', ''];
const copy = (...args: string[]): Promise<string> => box.ok(['image', 'copy', ...args]);
const fileDigest = (path: string): string =>
  `sha256:${new Bun.CryptoHasher('sha256').update(readFileSync(join(box.files, path))).digest('hex')}`;
const idOf = (name: string): Promise<string> => box.ok(['image', 'inspect', '-f', '{{.Id}}', name]);
const names = (): Promise<string> => box.ok(['images', '-a', '--format', '{{.Repository}}:{{.Tag}}']);
const forget = async (): Promise<void> => {
  const ids = (await box.ok(['images', '-aq', '--no-trunc'])).split('\n').filter(Boolean);
  if (ids.length > 0) await box.ok(['rmi', '-f', ...new Set(ids)]);
};

beforeAll(async () => {
  registry = await startEmptyRegistry();
  await box.ok(['pull', '--quiet', busybox]);
  id = await idOf(busybox);
  digest = (await box.ok(['image', 'inspect', '-f', '{{index .RepoDigests 0}}', busybox])).replace(/^.*@/, '');
});
afterAll(() => registry.stop());

test('from the store to each kind of place', async () => {
  for (const target of [
    'docker-archive:d.tar',
    'docker-archive:named.tar:my/name:1',
    'oci-archive:o.tar:label',
    'oci:layout:one',
    'dir:folder',
  ]) {
    expect(await copy(busybox, target)).toBe(id);
  }
  const tags = (name: string) => JSON.parse(entriesOf(readFileSync(join(box.files, name))).get('manifest.json')?.body ?? '')[0].RepoTags;
  expect([tags('d.tar'), tags('named.tar')]).toEqual([[`${busybox}:latest`], ['my/name:1']]);
  expect(fileDigest('folder/manifest.json')).toBe(digest);
  expect(readdirSync(join(box.files, 'folder'))).toHaveLength(4);
  expect(await copy(busybox, `docker://${registry.address}/copied:1`)).toBe(id);
  const served = await fetch(`http://${registry.address}/v2/copied/manifests/1`, {
    headers: { accept: '*/*, application/vnd.oci.image.manifest.v1+json' },
  });
  expect(served.headers.get('docker-content-digest')).toBe(digest);
  // Only the store's own name is there still.
  expect(await names()).toBe(`${busybox}:latest`);
});

test('into a layout that is there already: beside what it has, or in place of the same label', async () => {
  await copy(busybox, 'oci:layout:two');
  await copy(busybox, 'oci:layout:one');
  const labels = JSON.parse(readFileSync(join(box.files, 'layout/index.json'), 'utf8')).manifests.map(
    (entry: { annotations: Record<string, string> }) => entry.annotations['org.opencontainers.image.ref.name'],
  );
  expect(labels).toEqual(['two', 'one']);
});

test.each([
  'docker-archive:d.tar',
  'docker-archive:named.tar:my/name:1',
  'oci-archive:o.tar:label',
  'oci-archive:o.tar',
  'oci:layout:two',
  'dir:folder',
])('from %s to the store, and on to another place without being kept', async (source) => {
  await forget();
  expect(await copy(source, 'dir:passed')).toBe(id);
  expect(storedThings(box)).toEqual([]);
  expect(fileDigest('passed/manifest.json')).toBe(digest);
  expect(await copy(source, 'kept:1')).toBe(id);
  expect(await names()).toBe('kept:1');
  expect(await box.ok(['run', '--rm', '--network', 'none', 'kept:1', 'cat', '/www/index.html'])).toBe('hello from the container');
  expect((await box.skiff(['system', 'check'])).code).toBe(0);
});

test('from a registry to the store, to an archive and to another registry', async () => {
  await forget();
  expect(await copy(`docker://${busybox}`, `docker://${registry.address}/through:1`)).toBe(id);
  expect(await copy(`docker://${busybox}`, 'oci:from-registry:x')).toBe(id);
  expect(storedThings(box)).toEqual([]);
  expect(await copy(`docker://${registry.address}/through:1`, 'mine:1')).toBe(id);
  expect(await names()).toBe('mine:1');
  expect(await copy(`docker://${busybox}`, busybox)).toBe(id);
  expect((await names()).split('\n').sort()).toEqual([`${busybox}:latest`, 'mine:1'].sort());
  // A name that is there is as it was.
  await box.ok(['tag', busybox, `${registry.address}/through:1`]);
  await copy(`docker://${registry.address}/through:1`, 'dir:again');
  expect(await names()).toContain(`${registry.address}/through:1`);
});

test('an archive of uncompressed layers to a registry, as itself', async () => {
  await forget();
  const old = oldDockerEntries([smallLayer('one', 'none'), smallLayer('two', 'none')], ['old/app:1']);
  writeFileSync(join(box.files, 'old.tar'), tarOf(old.entries));
  expect(await copy('docker-archive:old.tar', `docker://${registry.address}/old:1`)).toBe(old.id);
  expect(storedThings(box)).toEqual([]);
  expect(await box.ok(['load', '-i', 'old.tar'])).toBe('Loaded image: old/app:1');
  await box.ok(['tag', 'old/app:1', `${registry.address}/pushed:1`]);
  await box.ok(['push', '--quiet', `${registry.address}/pushed:1`]);
  for (const repository of ['old', 'pushed']) {
    await forget();
    await box.ok(['pull', '--quiet', `${registry.address}/${repository}:1`]);
    expect(await idOf(`${registry.address}/${repository}:1`)).toBe(old.id);
  }
});

test('the image for another platform, of a layout that has several', async () => {
  const multi = image('multi');
  const platforms = JSON.parse(tool(['skopeo', 'inspect', '--raw', '--tls-verify=false', `docker://${multi}`], { cwd: '/' })).manifests.map(
    (entry: { platform: { architecture: string; variant?: string } }) =>
      [entry.platform.architecture, entry.platform.variant].filter(Boolean).join('/'),
  );
  const other = platforms.find((platform: string) => platform.startsWith('arm64')) ?? platforms.at(-1);
  await copy('--platform', `linux/${other}`, `docker://${multi}`, 'foreign:1');
  expect(await box.ok(['image', 'inspect', '-f', '{{.Architecture}}', 'foreign:1'])).toBe(other.split('/')[0]);
});

describe('what cannot be copied is refused, and nothing is left', () => {
  test.each([
    ['no such image', ['nosuch:1', 'dir:x'], 'No such image: nosuch:1'],
    ['no such archive', ['docker-archive:nosuch.tar', 'x'], 'open nosuch.tar: no such file or directory'],
    ['a name that the archive has not', ['docker-archive:named.tar:other:1', 'x'], 'Cannot load "named.tar": it has no image "other:1"'],
    ['a transport without a path', ['oci:', 'x'], 'invalid image place "oci:": expected oci:PATH[:NAME]'],
    ['a transport that is not there', ['ostree:app', 'x'], 'The transport "ostree" of "ostree:app" is not supported'],
    [
      "Docker's store as the target",
      ['docker-archive:d.tar', 'docker-daemon:x'],
      "Docker's store is read only here: it cannot be the target of a copy",
    ],
    [
      "podman's store as the target",
      ['docker-archive:d.tar', 'containers-storage:x'],
      "podman's store is read only here: it cannot be the target of a copy",
    ],
    [
      'a target that is no name',
      ['docker-archive:d.tar', 'UPPER'],
      'invalid reference format: repository name (library/UPPER) must be lowercase',
    ],
    [
      'a registry that is none',
      ['docker-archive:d.tar', 'docker://UP/x/Y'],
      'invalid reference format: repository name (x/Y) must be lowercase',
    ],
    [
      'a file in no folder',
      ['docker-archive:d.tar', 'docker-archive:none/x.tar'],
      'failed to copy image: invalid output path: directory "none" does not exist',
    ],
    ['one place', ['x'], "'skiff image copy' requires 2 arguments"],
  ])('%s', async (_, args, message) => {
    await forget();
    const files = readdirSync(box.files);
    const { stdout, stderr, code } = await box.skiff(['image', 'copy', ...args]);
    expect([stdout, code === 0, stderr.split('\n')[0]]).toEqual(['', false, `skiff: ${message}`]);
    expect(storedThings(box)).toEqual([]);
    expect(readdirSync(box.files)).toEqual(files);
    expect(existsSync(join(box.files, 'x'))).toBe(false);
  });
});
