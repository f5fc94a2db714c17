// Where the file system can share contents between files, a copy of a volume costs next to no room: when it is filled from its image, cloned, or put back.
import { statfsSync } from 'node:fs';
import { image, openSandbox } from './support/sandbox.ts';

const disk = process.env.SKIFF_TEST_REFLINK_DISK;
const MEGABYTE = 1_000_000;

(disk ? describe : describe.skip)('a disk with reflinks (needs root to make one)', () => {
  const box = openSandbox({ storage: disk ?? '/var/tmp' });
  const busybox = image('busybox');
  const large = 'localhost/large';
  const run = (...args: string[]) => box.ok(['run', '--rm', '--network', 'none', ...args]);
  const free = () => {
    Bun.spawnSync(['sync', '-f', box.files]);
    const { bavail, bsize } = statfsSync(box.files);
    return bavail * bsize;
  };

  beforeAll(async () => {
    await box.ok(['pull', '--quiet', busybox]);
    const make = 'mkdir /large; dd if=/dev/urandom of=/large/file bs=1M count=40 2>/dev/null';
    await box.ok(['run', '--name', 'maker', '--network', 'none', busybox, 'sh', '-c', make]);
    await box.ok(['commit', 'maker', large]);
    await box.ok(['rm', 'maker']);
  });

  test('a new volume shares its contents with the image, until one of the two changes', async () => {
    const before = free();
    expect(await run('-v', 'shared:/large', large, 'sh', '-c', 'cmp /large/file /large/file && wc -c </large/file')).toBe('41943040');
    expect(before - free()).toBeLessThan(8 * MEGABYTE);
    const sum = await run('-v', '/other', large, 'md5sum', '/large/file');
    expect(await run('-v', 'shared:/large', large, 'md5sum', '/large/file')).toBe(sum);
    await run('-v', 'shared:/large', large, 'sh', '-c', 'echo changed >/large/file');
    expect(await run('-v', '/other', large, 'md5sum', '/large/file')).toBe(sum);
  });

  test('so does a clone', async () => {
    await run('-v', 'origin:/large', large, 'true');
    const before = free();
    await box.ok(['volume', 'clone', 'origin', 'twin']);
    expect(before - free()).toBeLessThan(8 * MEGABYTE);
    expect(await run('-v', 'origin:/a', '-v', 'twin:/b', busybox, 'sh', '-c', 'cmp /a/file /b/file && echo same')).toBe('same');
  });

  test('so do a snapshot and what is restored from it', async () => {
    await run('-v', 'kept:/large', large, 'true');
    const sum = await run('-v', 'kept:/large', large, 'md5sum', '/large/file');
    const before = free();
    await box.ok(['volume', 'snapshot', 'kept', 'first']);
    await box.ok(['volume', 'restore', 'kept', 'first']);
    expect(before - free()).toBeLessThan(8 * MEGABYTE);
    expect(await run('-v', 'kept:/large', large, 'md5sum', '/large/file')).toBe(sum);
  });
});
