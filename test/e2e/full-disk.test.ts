// A disk that is full: what needs space says so, what is there stays whole, and deleting needs none.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

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

  test('rm and rmi work when not one byte is free', async () => {
    await box.ok(['create', '--name', 'old', busybox, 'true']);
    const fill = join(box.files, 'fill');
    for (let size = 1 << 20; size >= 1; size >>= 1) {
      try {
        for (let part = 0; ; part++) writeFileSync(`${fill}-${size}-${part}`, Buffer.alloc(size), { flag: 'wx' });
      } catch {
        // Full, for parts of this size.
      }
    }
    expect(await box.ok(['ps', '-a', '--format', '{{.Names}}'])).toBe('old');
    expect(await box.ok(['rm', 'old'])).toBe('old');
    await box.ok(['rmi', busybox]);
    expect(await box.ok(['images', '-q'])).toBe('');
  });
});
