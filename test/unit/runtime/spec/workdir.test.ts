import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureWorkingDir } from '../../../../src/runtime/spec/workdir.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-spec-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('the working directory', () => {
  test('is made with its parents, through a symlink of the image', () => {
    mkdirSync(join(folder, 'real'));
    symlinkSync('/real', join(folder, 'link'));
    ensureWorkingDir({ rootfs: folder }, '/link/a/b');
    expect(statSync(join(folder, 'real/a/b')).isDirectory()).toBe(true);
  });

  test('is open to all users, whatever the umask', () => {
    const before = process.umask(0o077);
    try {
      ensureWorkingDir({ rootfs: folder }, '/a/b');
    } finally {
      process.umask(before);
    }
    expect(['a', 'a/b'].map((path) => statSync(join(folder, path)).mode & 0o777)).toEqual([0o755, 0o755]);
  });

  test('that leads through a file is refused', () => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => ensureWorkingDir({ rootfs: folder }, '/file/x')).toThrow(
      expect.objectContaining({ message: 'Cannot mkdir: /file/x: a part of it is not a directory', exitCode: 126 }),
    );
  });

  test('never lands outside of the root', () => {
    mkdirSync(join(folder, 'rootfs'));
    symlinkSync('../../../../outside', join(folder, 'rootfs/link'));
    expect(() => ensureWorkingDir({ rootfs: join(folder, 'rootfs') }, '/link/x')).toThrow();
    expect(statSync(join(folder, 'rootfs')).isDirectory()).toBe(true);
    expect(() => statSync(join(folder, 'outside'))).toThrow();
  });
});
