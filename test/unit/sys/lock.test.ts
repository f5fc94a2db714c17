import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isLocked, tryLock, withLock } from '../../../src/sys/lock.ts';

const dir = mkdtempSync(join(tmpdir(), 'lock-'));
afterAll(() => rmSync(dir, { recursive: true }));

test('a lock is exclusive between open files, even of one process, and ends with release', () => {
  const path = join(dir, 'a');
  const lock = tryLock(path);
  expect(lock).toBeDefined();
  expect(tryLock(path)).toBeUndefined();
  expect(isLocked(path)).toBe(true);
  lock?.release();
  expect(isLocked(path)).toBe(false);
});

test('a missing lock file is not locked, and asking does not create it', () => {
  const path = join(dir, 'none');
  expect(isLocked(path)).toBe(false);
  expect(isLocked(path)).toBe(false);
});

test('a child that inherited the descriptor keeps the lock until it dies', async () => {
  const path = join(dir, 'b');
  const lock = tryLock(path);
  if (!lock) throw new Error('not locked');
  const child = Bun.spawn(['sleep', '60'], { stdio: ['ignore', 'ignore', 'ignore', lock.fd] });
  lock.release();
  expect(isLocked(path)).toBe(true);
  child.kill('SIGKILL');
  await child.exited;
  expect(isLocked(path)).toBe(false);
});

test('withLock gives up after its deadline with a sentence that names the file', () => {
  const path = join(dir, 'c');
  const lock = tryLock(path);
  expect(() => withLock(path, () => 1, { timeoutMs: 30 })).toThrow(`Cannot lock "${path}"`);
  lock?.release();
  expect(withLock(path, () => 7)).toBe(7);
});

test('shared locks live side by side and keep an exclusive one out', () => {
  const path = join(dir, 'd');
  const one = tryLock(path, 'shared');
  const two = tryLock(path, 'shared');
  expect(two).toBeDefined();
  expect(tryLock(path)).toBeUndefined();
  one?.release();
  two?.release();
});
