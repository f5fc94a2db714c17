// `image copy containers-storage:` and `docker-daemon:`: images out of other engines' stores, which are not changed. podman's is podman's own, by both
// of its drivers; Docker's is laid out here as moby's image store is, from the layers that podman unpacked.
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { tool } from './support/image-archive.ts';
import { pathWithout } from './support/path-without.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const features = image('features');
let id = '';

const imagesOf = () => box.ok(['images', '-aq', '--no-trunc']);
const firstLine = async (...args: Parameters<typeof box.skiff>) => {
  const { stdout, stderr, code } = await box.skiff(...args);
  return [code, stdout, stderr.split('\n')[0]];
};

beforeAll(async () => {
  await box.ok(['pull', '--quiet', features]);
  id = await imagesOf();
  await box.ok(['rmi', features]);
});
afterEach(async () => {
  for (const stored of (await imagesOf()).split('\n')) if (stored !== '') await box.ok(['rmi', '-f', stored]);
});

describe.each(['overlay', 'vfs'])("podman's store, driver %s", (driver) => {
  const home = join(box.files, `podman-${driver}`);
  const env = { XDG_DATA_HOME: join(home, 'data'), XDG_CONFIG_HOME: join(home, 'config') };
  const store = join(home, 'data/containers/storage');
  const podman = (...args: string[]) => tool(['podman', ...args], { cwd: box.files, env }).trim();
  const alone = () => ({ ...env, PATH: pathWithout('podman', box.files) });

  beforeAll(() => {
    mkdirSync(join(home, 'config/containers'), { recursive: true });
    writeFileSync(join(home, 'config/containers/storage.conf'), `[storage]\ndriver = "${driver}"\n`);
    podman('pull', '-q', '--tls-verify=false', features);
    podman('tag', features, 'localhost/team/other:1');
  });

  test('is read through podman where it is installed, and by its files where it is not: the same image, and it runs', async () => {
    const before = readdirSync(store, { recursive: false }).sort();
    for (const variables of [env, alone()]) {
      expect(await box.ok(['image', 'copy', `containers-storage:${features}:latest`, 'from/podman:1'], { env: variables })).toBe(id);
      expect(await box.ok(['run', '--rm', '--network', 'none', '--entrypoint', 'echo', 'from/podman:1', 'runs'])).toBe('runs');
      expect(await box.ok(['system', 'check'])).toMatch(/ 0 problems$/);
      await box.ok(['rmi', 'from/podman:1']);
    }
    expect(readdirSync(store, { recursive: false }).sort()).toEqual(before);
    expect(podman('images', '-q', '--no-trunc').split('\n')[0]).toBe(id);
  });

  test('by its files an image is found by its name, the end of it, or its id', async () => {
    for (const name of ['team/other:1', 'other:1', 'localhost/team/other:1', 'features', id, id.slice(7, 19)]) {
      expect(await box.ok(['image', 'copy', `containers-storage:${name}`, 'found:1'], { env: alone() })).toBe(id);
    }
  });

  test('an image that it has not', async () => {
    expect(await firstLine(['image', 'copy', 'containers-storage:nosuch:1', 'x'], { env: alone() })).toEqual([
      1,
      '',
      `skiff: No such image in podman's store "${store}": nosuch:1`,
    ]);
    expect(await firstLine(['image', 'copy', 'containers-storage:nosuch:1', 'x'], { env })).toEqual([
      1,
      '',
      expect.stringMatching(/^skiff: podman cannot give the image "nosuch:1": .*nosuch:1/),
    ]);
    expect(await imagesOf()).toBe('');
  });

  test('what is damaged there is refused in a sentence, and nothing of it stays', async () => {
    const layers = join(store, `${driver}-layers`);
    const [record = ''] = readdirSync(layers).filter((name) => name.endsWith('.tar-split.gz'));
    const whole = readFileSync(join(layers, record));
    const copied = () => firstLine(['image', 'copy', `containers-storage:${features}:latest`, 'x'], { env: alone() });
    truncateSync(join(layers, record), 20);
    expect(await copied()).toEqual([
      1,
      '',
      `skiff: Cannot read the image from the other engine's store: "${join(layers, record)}" cannot be read (it is not in the gzip format)`,
    ]);
    rmSync(join(layers, record));
    expect(await copied()).toEqual([
      1,
      '',
      `skiff: Cannot read the image from the other engine's store: "${join(layers, record)}" cannot be read (ENOENT)`,
    ]);
    writeFileSync(join(layers, record), whole);
    // A file that was changed there shows by the layer's digest, one that was cut by its length.
    const base = driver === 'vfs' ? join(store, 'vfs/dir') : join(store, 'overlay');
    const each = (script: string) =>
      box.ok(['unshare', 'sh', '-c', `for path in $(find ${base} -name busybox -type f -size +100k); do ${script}; done`]);
    await each('printf x | dd of=$path conv=notrunc bs=1 seek=5000 2>/dev/null');
    const [code, , changed] = await copied();
    expect([code, changed]).toEqual([1, expect.stringMatching(/digest/)]);
    await each('truncate -s 200000 $path');
    expect(await copied()).toEqual([
      1,
      '',
      expect.stringMatching(
        /^skiff: Cannot read the image from the other engine's store: its file ".*bin\/busybox" is shorter than it was$/,
      ),
    ]);
    expect(await imagesOf()).toBe('');
    expect(await box.ok(['system', 'check'])).toMatch(/ 0 problems$/);
  });
});

describe("the store of a rootless Docker, as moby's image store is laid out", () => {
  const home = join(box.files, 'docker-home');
  const env = { XDG_DATA_HOME: join(home, 'data') };
  const store = join(home, 'data/docker');
  const name = 'docker-daemon:app:1.2';

  beforeAll(async () => {
    const podmanEnv = { XDG_DATA_HOME: join(home, 'podman'), XDG_CONFIG_HOME: join(home, 'config') };
    mkdirSync(join(home, 'config/containers'), { recursive: true });
    writeFileSync(join(home, 'config/containers/storage.conf'), '[storage]\ndriver = "overlay"\n');
    tool(['podman', 'pull', '-q', '--tls-verify=false', features], { cwd: box.files, env: podmanEnv });
    const from = join(home, 'podman/containers/storage');
    const bare = id.slice(7);
    const config = readFileSync(join(from, 'overlay-images', bare, `=${Buffer.from(id).toString('base64')}`));
    const layers: { id: string; 'diff-digest': string }[] = JSON.parse(readFileSync(join(from, 'overlay-layers/layers.json'), 'utf8'));
    const images = join(store, 'image/overlay2');
    mkdirSync(join(images, 'imagedb/content/sha256'), { recursive: true });
    writeFileSync(join(images, 'imagedb/content/sha256', bare), config);
    writeFileSync(join(images, 'repositories.json'), JSON.stringify({ Repositories: { app: { 'app:1.2': id } } }));
    let chain = '';
    for (const [index, diffId] of JSON.parse(config.toString()).rootfs.diff_ids.entries()) {
      const layer = layers.find((known) => known['diff-digest'] === diffId)?.id ?? '';
      chain = chain === '' ? diffId : `sha256:${createHash('sha256').update(`${chain} ${diffId}`).digest('hex')}`;
      const entry = join(images, 'layerdb/sha256', chain.slice(7));
      mkdirSync(entry, { recursive: true });
      writeFileSync(join(entry, 'cache-id'), `cache${index}`);
      writeFileSync(join(entry, 'diff'), diffId);
      writeFileSync(join(entry, 'tar-split.json.gz'), readFileSync(join(from, 'overlay-layers', `${layer}.tar-split.gz`)));
      const target = join(store, 'overlay2', `cache${index}`);
      await box.ok(['unshare', 'sh', '-c', `mkdir -p ${target} && cp -a ${from}/overlay/${layer}/diff ${target}/diff`]);
    }
  });

  test('is read by its files: an image by its name or id', async () => {
    for (const source of [name, `docker-daemon:${id}`, `docker-daemon:${id.slice(7, 19)}`]) {
      expect(await box.ok(['image', 'copy', source, 'from/docker:1'], { env })).toBe(id);
      expect(await box.ok(['run', '--rm', '--network', 'none', '--entrypoint', 'echo', 'from/docker:1', 'runs'])).toBe('runs');
      await box.ok(['rmi', 'from/docker:1']);
    }
  });

  test('an image that it has not; a store that is not there, damaged or kept by containerd', async () => {
    const copied = (source: string, variables: Record<string, string>) => box.skiff(['image', 'copy', source, 'x'], { env: variables });
    const refused = (message: string, hint: string) => ({ stdout: '', stderr: `skiff: ${message}\n${hint}\n`, code: 1 });
    const give = 'Give its name or its id, such as docker-daemon:app:1.2';
    expect(await copied('docker-daemon:nosuch', env)).toEqual(refused(`No such image in Docker's store "${store}": nosuch`, give));
    const none = join(box.files, 'none');
    expect(await copied(name, { XDG_DATA_HOME: none })).toEqual(refused(`No such image in Docker's store "${none}/docker": app:1.2`, give));
    mkdirSync(join(none, 'docker/containerd'), { recursive: true });
    expect(await copied(name, { XDG_DATA_HOME: none })).toEqual(
      refused(
        `No such image in Docker's store "${none}/docker": app:1.2`,
        'That Docker may keep its images in containerd, whose store only it can read: docker save app:1.2 | skiff load',
      ),
    );
    writeFileSync(join(store, 'image/overlay2/repositories.json'), '{');
    expect(await copied(name, env)).toEqual(
      refused(
        `Cannot read the image from the other engine's store: "${store}/image/overlay2/repositories.json" is not of the form that is known here`,
        'Let that engine write it: podman save NAME | skiff load, or docker save NAME | skiff load',
      ),
    );
    expect(await imagesOf()).toBe('');
  });
});
