import { mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openConsoleSocket } from '../../../src/sys/console-socket.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-console-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test.each([10, 60, 107, 108, 200])('it listens at the end of %i more bytes of path, again after a predecessor', (length) => {
  const below = join(folder, 'f'.repeat(length));
  mkdirSync(below);
  for (const _ of [1, 2]) {
    const socket = openConsoleSocket(join(below, 'console'));
    expect(statSync(join(below, 'console')).isSocket()).toBe(true);
    expect(socket.poll()).toBeUndefined();
    socket.close();
  }
});
