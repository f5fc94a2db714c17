import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describeVersion } from '../../../src/engine/version.ts';
import type { Ctx } from '../../../src/sys/context.ts';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'skiff-version-'));
  const programs = { crun: 'echo "crun version 9.8.7"; echo "commit: x"', 'fuse-overlayfs': 'echo "garbage"' };
  for (const [name, body] of Object.entries(programs)) {
    writeFileSync(join(folder, name), `#!/bin/sh\n${body}\n`);
    chmodSync(join(folder, name), 0o755);
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

it('names the programs that skiff stands on, and those that are missing or say nothing useful', () => {
  const ctx: Ctx = { paths: { data: '/nonexistent', run: '/nonexistent' }, env: { PATH: folder }, warn: () => {}, now: () => new Date() };
  const { Client, Server } = describeVersion(ctx, { version: '1.2.3', commit: 'abc1234' });
  expect(Server.Components.slice(1)).toEqual([
    { Name: 'crun', Version: '9.8.7' },
    { Name: 'pasta', Version: 'not found' },
    { Name: 'fuse-overlayfs', Version: 'unknown' },
  ]);
  expect([Client.Version, Client.GitCommit, Client.Os, Server.Version]).toEqual(['1.2.3', 'abc1234', 'linux', '1.2.3']);
});
