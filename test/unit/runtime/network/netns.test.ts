import { mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { netnsPath, sweep } from '../../../../src/runtime/network/netns.ts';

test('only old files of ours are swept', () => {
  const folder = mkdtempSync(join(tmpdir(), 'netns-'));
  const now = Date.now();
  for (const [name, ageSeconds] of [
    ['skiff-old', 61],
    ['skiff-new', 59],
    ['netns-of-another', 9999],
  ] as const) {
    writeFileSync(join(folder, name), '');
    utimesSync(join(folder, name), now / 1000 - ageSeconds, now / 1000 - ageSeconds);
  }
  sweep(folder, now);
  expect(readdirSync(folder).sort()).toEqual(['netns-of-another', 'skiff-new']);
  rmSync(folder, { recursive: true });
});

test('without a runtime folder of the login the namespace is bound in the folder given', () => {
  expect(netnsPath({}, 'abc', '/scratch')).toBe('/scratch/netns');
  expect(netnsPath({ XDG_RUNTIME_DIR: '/tmp/elsewhere' }, 'abc', '/scratch')).toBe('/scratch/netns');
});
