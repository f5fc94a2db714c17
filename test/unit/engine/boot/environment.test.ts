import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bootEnvironment } from '../../../../src/engine/boot/environment.ts';

const STANDARD = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

test('what a login has anyway is left out', () => {
  const uid = process.getuid?.();
  const env = {
    HOME: '/home/jo',
    LANG: 'C.UTF-8',
    SKIFF_BOOT_ID: 'x',
    SKIFF_DEBUG: '1',
    SKIFF_RESTORE: '1',
    XDG_CONFIG_HOME: '/home/jo/.config',
    XDG_DATA_HOME: '/home/jo/.local/share',
    XDG_RUNTIME_DIR: `/run/user/${uid}`,
    TMPDIR: '/tmp',
  };
  expect(bootEnvironment({ env })).toEqual({ PATH: STANDARD });
});

test('what moves folders or changes steps is taken along, roots as absolute paths', () => {
  const env = {
    HOME: '/home/jo',
    SKIFF_ROOT: 'store',
    SKIFF_RUNROOT: '/run/skiff',
    SKIFF_STORAGE_DRIVER: 'copy',
    XDG_DATA_HOME: '/data',
    XDG_RUNTIME_DIR: '/tmp/run',
  };
  expect(bootEnvironment({ env })).toEqual({
    PATH: STANDARD,
    SKIFF_ROOT: join(process.cwd(), 'store'),
    SKIFF_RUNROOT: '/run/skiff',
    SKIFF_STORAGE_DRIVER: 'copy',
    XDG_DATA_HOME: '/data',
    XDG_RUNTIME_DIR: '/tmp/run',
  });
});

test('of PATH the folders stay that hold a program skiff calls', () => {
  const folder = mkdtempSync(join(tmpdir(), 'boot-'));
  try {
    for (const name of ['with', 'without']) mkdirSync(join(folder, name));
    writeFileSync(join(folder, 'with/crun'), '');
    const PATH = `${folder}/without:${folder}/with:relative:/usr/bin`;
    expect(bootEnvironment({ env: { PATH } }).PATH).toBe(`${folder}/with:/usr/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/sbin:/bin`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
