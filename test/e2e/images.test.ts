// Images from the registry to the disk and back: every kind of manifest and layer, what unpacking keeps, tags and removal.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeRegistry } from './support/fake-registry.ts';
import { makeCatalogue } from './support/images/catalogue.ts';
import { imageOf, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const names = () => box.ok(['images', '--format', '{{.Repository}}:{{.Tag}}']).then((text) => text.split('\n').filter(Boolean).sort());
const layersOnDisk = () => (existsSync(join(box.root, 'layers')) ? readdirSync(join(box.root, 'layers')).length : 0);

test.each(['busybox', 'schema2', 'multi', 'manifest-list', 'unusual', 'features'])(
  '%s is pulled, its digest said, and it runs',
  async (name) => {
    const { stdout, code } = await box.skiff(['pull', image(name)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Digest: sha256:[0-9a-f]{64}$/m);
    expect(stdout).toContain(`Status: Downloaded newer image for ${image(name)}:latest\n${image(name)}:latest\n`);
    expect(await box.ok(['run', '--rm', '--entrypoint', 'echo', image(name), 'runs'])).toBe('runs');
  },
);

test('a pull of what is here says so and fetches nothing', async () => {
  const registry = startFakeRegistry({ busybox: makeCatalogue().busybox?.() ?? imageOf({ layers: [] }) });
  try {
    await box.ok(['pull', '--quiet', `${registry.address}/busybox`]);
    const fetched = registry.fetched('/blobs/');
    expect(await box.ok(['pull', `${registry.address}/busybox`])).toContain(
      `Status: Image is up to date for ${registry.address}/busybox:latest`,
    );
    expect(registry.fetched('/blobs/')).toBe(fetched);
    await box.ok(['rmi', `${registry.address}/busybox`]);
  } finally {
    registry.stop();
  }
});

test('--quiet prints the reference alone', async () => {
  expect(await box.skiff(['pull', '--quiet', image('busybox')])).toEqual({ stdout: `${image('busybox')}:latest\n`, stderr: '', code: 0 });
});

test('an image is pulled by its digest', async () => {
  const digest = (await box.ok(['inspect', '--format', '{{index .RepoDigests 0}}', image('busybox')])).split('@')[1];
  await box.ok(['pull', '--quiet', `${image('busybox')}@${digest}`]);
  expect(await box.ok(['run', '--rm', `${image('busybox')}@${digest}`, 'echo', 'by digest'])).toBe('by digest');
});

describe('unpacking keeps what a layer says', () => {
  const look = (script: string) => box.ok(['run', '--rm', image('unusual'), 'sh', '-c', script]);

  test('whiteouts, opaque folders, a file over a folder and a folder over a file', async () => {
    expect(await look('ls /whiteouts /opaque /becomes-folder; cat /becomes-file')).toBe(
      '/becomes-folder:\ninside\n\n/opaque:\nupper\n\n/whiteouts:\nkept\nnow a file',
    );
  });

  test('owners, modes, times and the setuid bit', async () => {
    expect(await look('stat -c "%n %u:%g %a %Y" /owned /noble /bin/setuid /tmp')).toMatch(
      /^\/owned 1000:50 640 981173106\n\/noble 65534:65534 644 1700000000\n\/bin\/setuid 0:0 4755 1700000000\n\/tmp 0:0 1777 \d+$/,
    );
  });

  test('links, fifos and long or foreign names', async () => {
    expect(
      await look('stat -c %h:%i /hard-one /hard-two | uniq | cut -d: -f1; readlink /dangling; readlink /absolute; stat -c %F /fifo'),
    ).toBe('2\nnowhere/at/all\n/etc/passwd\nfifo');
    expect(
      await look('cat /deep/deep/deep/deep/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/*/file-*'),
    ).toBe('deep');
    expect(await look('cat /na*ve*')).toBe('unicode');
  });

  test('a device node that a user may not make is left out, and pulling says so once', async () => {
    await box.ok(['rmi', image('unusual')]);
    const { stderr, code } = await box.skiff(['pull', '--quiet', image('unusual')]);
    expect(code).toBe(0);
    expect(stderr.trimEnd().split('\n')).toEqual([expect.stringMatching(/device/)]);
  });

  test('file capabilities: a program that has one gives it to a user who has none', async () => {
    const effective = (program: string) =>
      box.ok(['run', '--rm', '-u', 'app', image('unusual'), program, 'grep', '^CapEff', '/proc/self/status']);
    expect(await effective('/bin/busybox')).toBe('CapEff:\t0000000000000000');
    expect(await effective('/bin/busybox-capable')).toBe('CapEff:\t0000000000000400');
  });
});

test('--platform takes the image of the index that was asked for', async () => {
  await box.ok(['pull', '--quiet', '--platform', 'linux/arm/v7', image('multi')]);
  expect(await box.ok(['inspect', '--format', '{{.Os}}/{{.Architecture}}/{{.Variant}}', image('multi')])).toBe('linux/arm/v7');
  await box.ok(['pull', '--quiet', image('multi')]);
  expect(await box.ok(['inspect', '--format', '{{.Architecture}}', image('multi')])).toBe('amd64');
  expect(await box.ok(['run', '--rm', image('multi')])).toBe('amd64');
});

describe('tag and rmi', () => {
  test('a tag is one more name of one image; rmi takes names away, and with the last one the image', async () => {
    const busybox = image('busybox');
    await box.ok(['tag', busybox, 'mine:v1']);
    await box.ok(['tag', 'mine:v1', 'localhost/other']);
    expect(await names()).toEqual(expect.arrayContaining(['mine:v1', 'localhost/other:latest', `${busybox}:latest`]));
    expect(await box.ok(['run', '--rm', 'mine:v1', 'echo', 'tagged'])).toBe('tagged');
    expect(await box.ok(['rmi', 'mine:v1'])).toBe('Untagged: mine:v1');
    expect(await box.ok(['run', '--rm', 'localhost/other', 'echo', 'still'])).toBe('still');
    await box.ok(['rmi', 'localhost/other']);
  });

  test('an image in use by a container is not removed without -f', async () => {
    await box.ok(['create', '--name', 'user', image('features')]);
    const { stderr, code } = await box.skiff(['rmi', image('features')]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/conflict: unable to (remove repository reference|delete)/i);
    await box.ok(['rm', '-v', 'user']);
    expect(await box.ok(['rmi', image('features')])).toMatch(/^Untagged: .+\n(Untagged: .+\n)?Deleted: sha256:[0-9a-f]{64}/);
  });

  test('when the last image goes, nothing of it stays on the disk', async () => {
    const ids = [...new Set((await box.ok(['images', '-q', '--no-trunc'])).split('\n'))];
    await box.ok(['rmi', '-f', ...ids]);
    expect(await names()).toEqual([]);
    expect(layersOnDisk()).toBe(0);
    expect(readdirSync(join(box.root, 'images/blobs/sha256'))).toEqual([]);
  });

  test('rmi of what is not there', async () => {
    const { stderr, code } = await box.skiff(['rmi', 'no-such-image']);
    expect(code).toBe(1);
    expect(stderr).toContain('No such image: no-such-image');
  });
});

test('equal layers of two images are stored once', async () => {
  const shared = layerOf(tarOf([{ path: 'shared', content: 'x'.repeat(1000) }]));
  const own = (text: string) => layerOf(tarOf([{ path: 'own', content: text }]));
  const registry = startFakeRegistry({ one: imageOf({ layers: [shared, own('1')] }), two: imageOf({ layers: [shared, own('2')] }) });
  try {
    await box.ok(['pull', '--quiet', `${registry.address}/one`]);
    await box.ok(['pull', '--quiet', `${registry.address}/two`]);
    expect(layersOnDisk()).toBe(3);
    expect(registry.fetched(shared.descriptor.digest)).toBe(1);
    await box.ok(['rmi', `${registry.address}/one`]);
    expect(layersOnDisk()).toBe(2);
    await box.ok(['rmi', `${registry.address}/two`]);
    expect(layersOnDisk()).toBe(0);
  } finally {
    registry.stop();
  }
});
