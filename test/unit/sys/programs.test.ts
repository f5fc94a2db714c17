import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findProgram, requireProgram } from '../../../src/sys/programs.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-programs-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

test('a program is found in the PATH that is given, and nowhere else', () => {
  expect(findProgram({ PATH: folder }, 'nsenter')).toBeUndefined();
  writeFileSync(join(folder, 'nsenter'), '#!/bin/sh\n', { mode: 0o755 });
  expect(requireProgram({ PATH: folder }, 'nsenter', '')).toBe(join(folder, 'nsenter'));
});

test('a missing one is told with what it is for and the package that has it', () => {
  expect(() => requireProgram({ PATH: folder }, 'newuidmap', 'which maps your sub-ids')).toThrow(
    expect.objectContaining({
      code: 'ERR_NO_PROGRAM',
      message: 'Cannot find the program "newuidmap" in PATH, which maps your sub-ids',
      hint: 'Install it: sudo apt-get install uidmap (or the package of your distribution that has newuidmap)',
      exitCode: 125,
    }),
  );
});
