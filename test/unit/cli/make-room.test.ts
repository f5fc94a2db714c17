import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeRoom } from '../../../src/cli/make-room.ts';
import { listRemovals, newRemoval } from '../../../src/storage/trash.ts';
import { createVolume, removeVolume } from '../../../src/storage/volume.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-room-'));
});
afterEach(() => rmSync(root, { recursive: true }));

// Of a disk with room: what is full is another one.
test.each(['save', 'export', 'cp', 'volume:export', 'image:copy'])(
  '%s that meets the end of another disk leaves the trash alone',
  async (command) => {
    const said: string[] = [];
    const ctx = {
      paths: { data: join(root, 'data'), run: join(root, 'run') },
      env: { HOME: root },
      now: () => new Date(0),
      warn: () => undefined,
    };
    createVolume(ctx, { name: 'web' });
    removeVolume(ctx, 'web', { keptIn: newRemoval(ctx) });
    expect(await makeRoom(ctx, { command, words: ['a', 'oci:b'], say: (line) => said.push(line) })).toBe(false);
    expect([listRemovals(ctx).map(({ volumes }) => volumes), said]).toEqual([[['web']], []]);
  },
);
