// A disk that is full: what needs space says so, what is there stays whole, and deleting needs none.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startEmptyRegistry } from './support/empty-registry.ts';
import { layoutEntries, storedThings } from './support/image-archive.ts';
import { imageOf, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { image, openSandbox, type Result, type Sandbox } from './support/sandbox.ts';

const disk = process.env.SKIFF_TEST_SMALL_DISK;

(disk ? describe : describe.skip)('a disk of 24 MB (needs root to make one)', () => {
  const box = openSandbox({ storage: disk ?? '/var/tmp' });
  const busybox = image('busybox');

  beforeAll(async () => {
    await box.ok(['pull', '--quiet', busybox]);
  });

  test('a pull that does not fit says that the disk is full, and leaves what was there', async () => {
    const { stdout, stderr, code } = await box.skiff(['pull', '--quiet', image('app')], { timeoutMs: 120_000 });
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(/no space left|disk is full/i);
    expect(stderr).not.toMatch(/^\s+at .+:\d+/m);
    expect(await box.ok(['images', '--format', '{{.Repository}}'])).toBe(busybox);
    expect(await box.ok(['run', '--rm', busybox, 'echo', 'fine'])).toBe('fine');
    expect((await box.skiff(['system', 'check'])).code).toBe(0);
  });

  test('a container that fills the disk meets the error itself, goes on, and can be removed', async () => {
    const script = 'dd if=/dev/zero of=/fill bs=1M 2>&1 | grep -o "No space left on device"; echo still running; exec sleep 1000';
    await box.ok(['run', '-d', '--name', 'filler', busybox, 'sh', '-c', script]);
    expect(
      (
        await box.skiff([
          'exec',
          'filler',
          'sh',
          '-c',
          'while [ ! -e /fill ] || busybox ps | grep -q "[d]d if"; do sleep 0.1; done; echo done',
        ])
      ).stdout,
    ).toBe('done\n');
    expect(await box.ok(['ps', '--format', '{{.Names}} {{.State}}'])).toBe('filler running');
    const second = await box.skiff(['run', '--rm', busybox, 'true']);
    if (second.code !== 0) expect(second.stderr).toMatch(/no space left|disk is full/i);
    await box.ok(['rm', '-f', 'filler']);
    expect(await box.ok(['run', '--rm', busybox, 'echo', 'space again'])).toBe('space again');
    expect(await box.ok(['ps', '-aq'])).toBe('');
  });

  test('rm, rmi and network rm work when not one byte is free, and a network that cannot be written is not there', async () => {
    await box.ok(['create', '--name', 'old', busybox, 'true']);
    await box.ok(['network', 'create', 'old']);
    fillUp(box);
    const { stdout, stderr, code } = await box.skiff(['network', 'create', 'new']);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(/no space left|disk is full/i);
    expect(await box.ok(['network', 'ls', '--filter', 'type=custom', '--format', '{{.Name}}'])).toBe('old');
    expect(await box.ok(['network', 'rm', 'old'])).toBe('old');
    expect(await box.ok(['ps', '-a', '--format', '{{.Names}}'])).toBe('old');
    expect(await box.ok(['rm', 'old'])).toBe('old');
    await box.ok(['rmi', busybox]);
    expect(await box.ok(['images', '-q'])).toBe('');
  });
});

(disk ? describe : describe.skip)('images on a disk of 24 MB (needs root to make one)', () => {
  const box = openSandbox({ storage: disk ?? '/var/tmp' });
  const archives = openSandbox();
  const busybox = image('busybox');
  const plain = 'localhost/plain:1';
  let registry: Awaited<ReturnType<typeof startEmptyRegistry>>;
  const archiveOf = (name: string, bytes: number): string => {
    const layer = layerOf(tarOf([{ path: name, content: randomBytes(bytes) }]), 'none');
    const path = join(archives.files, `${name}.tar`);
    writeFileSync(
      path,
      tarOf(layoutEntries(imageOf({ layers: [layer] }), { annotations: { 'io.containerd.image.name': `localhost/${name}:1` } })),
    );
    return path;
  };

  beforeAll(async () => {
    registry = await startEmptyRegistry();
    await box.ok(['pull', '--quiet', busybox]);
    await box.ok(['load', '--quiet', '-i', archiveOf('plain', 1 << 20)]);
    await box.ok(['run', '--name', 'changed', busybox, 'sh', '-c', 'dd if=/dev/urandom of=/big bs=1M count=4']);
  });
  afterAll(() => registry?.stop());

  /** It fails in one sentence that names the disk, and the store is as it was. */
  const expectRefused = async (work: () => Promise<Result>): Promise<void> => {
    const before = storedThings(box);
    const { stdout, stderr, code } = await work();
    expect({ stdout, code, stderr }).toEqual({ stdout: '', code: 1, stderr: expect.stringMatching(/^skiff: .*no space left/i) });
    expect(stderr).not.toMatch(/^\s+at .+:\d+|sandbox|ENOSPC.*errno/m);
    expect(storedThings(box)).toEqual(before);
  };

  test('an archive that does not fit is refused, from a file and as a stream, and nothing of it stays', async () => {
    const path = archiveOf('large', 30 << 20);
    await expectRefused(() => box.skiff(['load', '--quiet', '-i', path]));
    await expectRefused(() => box.skiff(['load', '--quiet'], { stdin: new Uint8Array(readFileSync(path)) }));
    expect(await box.ok(['run', '--rm', busybox, 'echo', 'fine'])).toBe('fine');
    expect(await box.ok(['system', 'check'])).toMatch(/ 0 problems$/);
  });

  test('without a free byte pull, load, commit, save and push say so, and leave the store as it was', async () => {
    const pushed = `${registry.address}/plain:1`;
    await box.ok(['tag', plain, pushed]);
    const small = archiveOf('small', 1000);
    const tree = join(box.files, 'tree.tar');
    writeFileSync(tree, tarOf([{ path: 'file', content: 'x'.repeat(10_000) }]));
    fillUp(box);
    await expectRefused(() => box.skiff(['pull', '--quiet', image('features')]));
    await expectRefused(() => box.skiff(['load', '--quiet', '-i', small]));
    await expectRefused(() => box.skiff(['import', tree, 'localhost/imported:1']));
    await expectRefused(() => box.skiff(['commit', 'changed', 'localhost/committed:1']));
    await expectRefused(() => box.skiff(['save', '-o', join(box.files, 'saved.tar'), busybox]));
    await expectRefused(() => box.skiff(['save', '--format', 'oci-dir', '-o', join(box.files, 'saved'), busybox]));
    await expectRefused(() => box.skiff(['image', 'copy', busybox, `oci:${join(box.files, 'saved-too')}`]));
    await expectRefused(() => box.skiff(['push', '--quiet', pushed]));
    rmSync(join(box.files, 'saved-too'), { recursive: true, force: true });
    expect(readdirSync(box.files).filter((name) => name.includes('saved'))).toEqual([]);
    emptyOut(box);
    expect(await box.ok(['system', 'check'])).toMatch(/ 0 problems$/);
    await box.ok(['push', '--quiet', pushed]);
    await box.ok(['commit', 'changed', 'localhost/committed:1']);
    await box.ok(['rmi', pushed, 'localhost/committed:1']);
  });

  test('without a free byte image prune, rmi and container prune make room', async () => {
    await box.ok(['commit', 'changed', 'localhost/committed:1']);
    await box.ok(['untag', 'localhost/committed:1']);
    fillUp(box);
    expect(await box.ok(['image', 'prune', '--force'])).toMatch(/^Deleted Images:\n(.*\n)*Total reclaimed space: [\d.]+MB$/);
    expect(await box.ok(['images', '-q', '-f', 'dangling=true'])).toBe('');
    expect(await box.ok(['run', '--rm', busybox, 'echo', 'room'])).toBe('room');
    fillUp(box);
    expect(await box.ok(['rmi', plain])).toMatch(/^Untagged: localhost\/plain:1\nDeleted: /);
    fillUp(box);
    expect(await box.ok(['container', 'prune', '--force'])).toMatch(/^Deleted Containers:\n/);
    emptyOut(box);
    expect(await box.ok(['system', 'check'])).toMatch(/ 0 problems$/);
  });
});

(disk ? describe : describe.skip)('the build cache on a disk of 24 MB (needs root to make one)', () => {
  const box = openSandbox({ storage: disk ?? '/var/tmp' });
  const archives = openSandbox();
  /** A step whose layer takes eight megabytes, as a blob and as files. */
  const build = (name: string) =>
    box.ok(['build', '-q', '--output', 'type=cacheonly', '-'], {
      stdin: `FROM busybox\nRUN head -c 4000000 /dev/urandom > /${name}\n`,
    });
  const steps = async () => (await box.ok(['builder', 'du', '--filter', 'type=regular'])).split('\n').length - 1;

  beforeAll(async () => {
    await box.ok(['pull', '--quiet', image('busybox')]);
    await box.ok(['tag', image('busybox'), 'busybox']);
  });

  test('without a free byte builder prune makes room', async () => {
    await build('one');
    fillUp(box);
    expect(await box.ok(['builder', 'prune', '-af'])).toMatch(/\nTotal:\t8\.\d+MB$/);
    expect(await steps()).toBe(0);
    emptyOut(box);
    expect(await box.ok(['system', 'check'])).toMatch(/ 0 problems$/);
  });

  test('what earlier builds left goes by itself when something else does not fit', async () => {
    await build('one');
    const layer = layerOf(tarOf([{ path: 'large', content: randomBytes(8 << 20) }]), 'none');
    const archive = join(archives.files, 'large.tar');
    const names = { annotations: { 'io.containerd.image.name': 'localhost/large:1' } };
    writeFileSync(archive, tarOf(layoutEntries(imageOf({ layers: [layer] }), names)));
    const { stdout, stderr, code } = await box.skiff(['load', '--quiet', '-i', archive]);
    expect({ stdout, stderr, code }).toEqual({
      stdout: 'Loaded image: localhost/large:1\n',
      stderr: 'skiff: The disk is full: what earlier builds left in the build cache had to go\n',
      code: 0,
    });
    expect(await steps()).toBe(0);
    expect(await box.ok(['system', 'check'])).toMatch(/ 0 problems$/);
  });
});

/** Leaves not one byte free. */
function fillUp(box: Sandbox): void {
  const fill = join(box.files, `fill-${Date.now()}`);
  for (let size = 1 << 20; size >= 1; size >>= 1) {
    try {
      for (let part = 0; ; part++) writeFileSync(`${fill}-${size}-${part}`, Buffer.alloc(size), { flag: 'wx' });
    } catch {
      // Full, for parts of this size.
    }
  }
}

function emptyOut(box: Sandbox): void {
  for (const name of readdirSync(box.files).filter((file) => file.startsWith('fill-'))) rmSync(join(box.files, name));
}
