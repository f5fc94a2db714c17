import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hasSubmounts, settleRecursion } from '../../../src/runtime/submounts.ts';
import type { MountPoint } from '../../../src/storage/records.ts';

const bind = (change: Partial<MountPoint>): MountPoint => ({
  Type: 'bind',
  Source: '/',
  Destination: '/host',
  Mode: '',
  RW: false,
  Propagation: 'rprivate',
  ...change,
});

test('mounts below a folder are found, its own and a namesake are not', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skiff submounts-'));
  mkdirSync(join(folder, 'a'));
  const at = (path: string) => `30 29 0:1 / ${path.replaceAll(' ', '\\040')} rw - tmpfs x rw`;
  expect(hasSubmounts(folder, at(`${folder}/a`))).toBe(true);
  expect(hasSubmounts(folder, at(folder))).toBe(false);
  expect(hasSubmounts(join(folder, 'a'), at(`${folder}/ab`))).toBe(false);
  expect(hasSubmounts('/', at('/proc'))).toBe(true);
  rmSync(folder, { recursive: true });
});

test('a read-only bind covers what is mounted below it, where the kernel can', () => {
  expect(settleRecursion(bind({}), '6.1.0').Recursion).toBe('readonly');
  expect(settleRecursion(bind({}), '5.11.9').Recursion).toBeUndefined();
  expect(settleRecursion(bind({ RW: true }), '6.1.0').Recursion).toBeUndefined();
  expect(settleRecursion(bind({ Recursion: 'writable' }), '6.1.0').Recursion).toBe('writable');
});

test('what cannot be had is refused', () => {
  expect(() => settleRecursion(bind({ Recursion: 'readonly' }), '5.10.1')).toThrow('the kernel is 5.10.1');
  expect(() => settleRecursion(bind({ Recursion: 'disabled' }), '6.1.0')).toThrow('only root may uncover that');
});
