// Archives both ways: skopeo, podman, buildah and umoci read what skiff saves, and skiff loads what they write. Programs that are not
// installed leave out their tests.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jsonFile, tool } from './support/image-archive.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const name = `${busybox}:latest`;
const run = (...command: string[]): string => tool(command, { cwd: box.files }).trim();
const skopeo = (...args: string[]): string => run('skopeo', '--insecure-policy', ...args);
/** podman and buildah with a store of their own, which needs no mounts. */
const own =
  (program: string) =>
  (...args: string[]) =>
    run(
      program,
      '--root',
      join(box.files, 'containers'),
      '--runroot',
      join(box.files, 'containers-run'),
      '--storage-driver',
      'vfs',
      ...args,
    );
const [podman, buildah] = [own('podman'), own('buildah')];
const remove = async (): Promise<void> => {
  const ids = (await box.ok(['images', '-aq', '--no-trunc'])).split('\n').filter(Boolean);
  if (ids.length > 0) await box.ok(['rmi', '-f', ...new Set(ids)]);
};
/** Loads an archive and runs what it holds: it is busybox, by id and by content. */
async function loads(archive: string, said = /^Loaded image(?:: | ID: )(.*)$/): Promise<string> {
  await remove();
  const output = await box.ok(['load', '-i', archive]);
  expect(output).toMatch(said);
  const loaded = /^Loaded image(?:: | ID: )(.*)$/.exec(output)?.[1] ?? '';
  expect(await box.ok(['image', 'inspect', '-f', '{{.RootFS.Layers}}', loaded])).toBe(layers);
  expect(await box.ok(['run', '--rm', '--network', 'none', loaded, 'cat', '/www/index.html'])).toBe('hello from the container');
  expect((await box.skiff(['system', 'check'])).code).toBe(0);
  return loaded;
}
let [id, layers, digest] = ['', '', ''];

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  id = await box.ok(['image', 'inspect', '-f', '{{.Id}}', busybox]);
  layers = await box.ok(['image', 'inspect', '-f', '{{.RootFS.Layers}}', busybox]);
  digest = (await box.ok(['image', 'inspect', '-f', '{{index .RepoDigests 0}}', busybox])).replace(/^.*@/, '');
  await box.ok(['tag', busybox, 'second:1']);
  await box.ok(['save', '-o', 'docker.tar', busybox]);
  await box.ok(['save', '-o', 'names.tar', busybox, 'second:1']);
  await box.ok(['save', '--format', 'oci-archive', '-o', 'oci.tar', busybox]);
  await box.ok(['save', '--format', 'oci-dir', '-o', 'layout', busybox]);
});

describe('skopeo', () => {
  test.each(['docker-archive:docker.tar', 'oci-archive:oci.tar', 'oci:layout', 'oci:layout:latest', 'oci-archive:oci.tar:latest'])(
    'reads %s',
    (source) => {
      const seen = JSON.parse(skopeo('inspect', '--config', source));
      expect(`[${seen.rootfs.diff_ids.join(' ')}]`).toBe(layers);
      if (source.startsWith('oci')) expect(JSON.parse(skopeo('inspect', source)).Digest).toBe(digest);
    },
  );

  test('an image of an archive by its name', () => {
    skopeo('copy', '-q', 'docker-archive:names.tar:docker.io/library/second:1', 'dir:by-name');
    expect(JSON.stringify(jsonFile(join(box.files, 'by-name/manifest.json')))).toContain(id);
  });

  test.each([
    ['docker-archive:s1.tar:my/name:1', /^Loaded image: my\/name:1$/],
    ['oci-archive:s2.tar:my/name:2', /^Loaded image: my\/name:2$/],
    ['oci:s3:latest', /^Loaded image ID: sha256:/],
  ])('writes %s', async (target, said) => {
    skopeo('copy', '-q', '--src-tls-verify=false', `docker://${busybox}`, target);
    const loaded = await loads(target.split(':')[1] ?? '', said);
    expect(await box.ok(['image', 'inspect', '-f', '{{.Id}}', loaded])).toBe(id);
  });

  test('writes zstd, schema 2, and an index of several platforms', async () => {
    skopeo(
      'copy',
      '-q',
      '--src-tls-verify=false',
      '--dest-compress-format',
      'zstd',
      '--dest-compress',
      `docker://${busybox}`,
      'oci:zstd:latest',
    );
    await loads('zstd');
    skopeo('copy', '-q', '--src-tls-verify=false', `docker://${image('schema2')}`, 'oci:schema2:latest');
    await loads('schema2');
    skopeo('copy', '-q', '--all', '--src-tls-verify=false', `docker://${image('multi')}`, 'oci:multi:latest');
    await remove();
    const loaded = (await box.ok(['load', '-i', 'multi'])).replace('Loaded image ID: ', '');
    await box.ok(['pull', '--quiet', image('multi')]);
    expect(await box.ok(['image', 'inspect', '-f', '{{.Id}}', image('multi')])).toBe(loaded);
  });
});

describe('podman', () => {
  test.each(['docker.tar', 'oci.tar', 'layout'])('loads %s under its name', (archive) => {
    podman('load', '-q', '-i', archive);
    // Of a folder podman makes the name itself.
    const given = archive === 'layout' ? 'localhost/layout' : name;
    expect(podman('image', 'inspect', '--format', '{{.Id}}', given)).toBe(id.slice('sha256:'.length));
    podman('rmi', '-f', given);
  });

  test('loads several names', () => {
    podman('load', '-q', '-i', 'names.tar');
    expect(podman('image', 'inspect', '--format', '{{.Id}}', 'localhost/second:1')).toBe(id.slice('sha256:'.length));
    podman('rmi', '-f', id);
  });

  test.each([
    ['docker-archive', 'p.tar'],
    ['oci-archive', 'p-oci.tar'],
    ['oci-dir', 'p-layout'],
    ['docker-dir', 'p-dir'],
  ])('saves %s', async (format, target) => {
    podman('load', '-q', '-i', 'docker.tar');
    podman('save', '-q', '--format', format, '-o', target, name);
    // That one has no place for a name.
    await loads(target, format === 'docker-dir' ? /^Loaded image ID: sha256:/ : /^Loaded image: /);
  });

  test('saves several images, uncompressed, in one archive', async () => {
    podman('load', '-q', '-i', 'docker.tar');
    podman('tag', name, 'localhost/other:1');
    podman('save', '-q', '-m', '-o', 'several.tar', name, 'localhost/other:1');
    await remove();
    expect((await box.ok(['load', '-i', 'several.tar'])).split('\n').sort()).toEqual([
      `Loaded image: ${name}`,
      'Loaded image: localhost/other:1',
    ]);
    expect(await box.ok(['image', 'inspect', '-f', '{{.Id}}', 'localhost/other:1'])).toBe(id);
  });
});

describe('buildah', () => {
  test.each(['docker-archive:docker.tar', 'oci-archive:oci.tar', 'oci:layout'])('pulls %s', (source) => {
    expect(buildah('pull', '-q', source)).toContain(id.slice('sha256:'.length));
  });

  test.each(['docker-archive:b.tar:made/by:buildah', 'oci-archive:b-oci.tar:made/by:buildah', 'oci:b-layout:made/by:buildah'])(
    'pushes %s',
    async (target) => {
      buildah('pull', '-q', 'docker-archive:docker.tar');
      buildah('push', '-q', id.slice('sha256:'.length), target);
      await loads(target.split(':')[1] ?? '', /^Loaded image: made\/by:buildah$/);
    },
  );
});

describe('umoci', () => {
  test('unpacks a layout', () => {
    run('umoci', 'unpack', '--rootless', '--image', 'layout:latest', 'bundle');
    expect(readFileSync(join(box.files, 'bundle/rootfs/www/index.html'), 'utf8')).toBe('hello from the container\n');
    expect(readdirSync(join(box.files, 'bundle/rootfs/bin')).length).toBeGreaterThan(10);
  });

  test('changes a layout, which is loaded again', async () => {
    mkdirSync(join(box.files, 'more'));
    writeFileSync(join(box.files, 'more/file'), 'from umoci\n');
    await box.ok(['load', '-i', 'docker.tar']);
    await box.ok(['save', '--format', 'oci-dir', '-o', 'changed', name]);
    run('umoci', 'insert', '--rootless', '--image', 'changed:latest', '--tag', 'new', 'more/file', '/file');
    expect(existsSync(join(box.files, 'changed/index.json'))).toBe(true);
    await remove();
    const made = `${busybox}:new`;
    expect((await box.ok(['load', '-i', 'changed'])).split('\n')).toEqual([`Loaded image: ${name}`, `Loaded image: ${made}`]);
    expect(await box.ok(['run', '--rm', '--network', 'none', made, 'cat', '/file'])).toBe('from umoci');
  });
});
