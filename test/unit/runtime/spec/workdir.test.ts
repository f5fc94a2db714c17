import { existsSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkWorkingDir, ensureWorkingDir } from '../../../../src/runtime/spec/workdir.ts';

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

describe('the working directory on a mount', () => {
  test('is not made through a read-only one, whose source is an open folder of the host', () => {
    mkdirSync(join(folder, 'rootfs/src'), { recursive: true });
    mkdirSync(join(folder, 'host/there'), { recursive: true });
    const view = { rootfs: join(folder, 'rootfs'), mounts: new Map([['/src', join(folder, 'host')]]) };
    const readOnly = { ...view, readOnly: new Set(['/src']) };
    expect(() => ensureWorkingDir(readOnly, '/src/new')).toThrow(
      expect.objectContaining({ message: 'Cannot mkdir: /src/new: read-only file system', exitCode: 126 }),
    );
    expect(existsSync(join(folder, 'host/new'))).toBe(false);
    ensureWorkingDir(readOnly, '/src/there');
    ensureWorkingDir(view, '/src/new');
    expect(existsSync(join(folder, 'host/new'))).toBe(true);
  });
});

describe('the working directory of exec', () => {
  test.each([
    [
      '/gone',
      127,
      'OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd ("/gone") set in config.json failed: no such file or directory',
    ],
    [
      '/file',
      126,
      'OCI runtime exec failed: exec failed: unable to start container process: chdir to cwd ("/file") set in config.json failed: not a directory',
    ],
    ['relative', 126, 'Cannot use the working directory "relative": Cwd must be an absolute path'],
  ])('%s is refused with %i', (path, exitCode, message) => {
    writeFileSync(join(folder, 'file'), '');
    expect(() => checkWorkingDir({ rootfs: folder }, path)).toThrow(expect.objectContaining({ message, exitCode }));
    expect(() => checkWorkingDir({ rootfs: folder }, '/')).not.toThrow();
  });
});
