import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Visited, walkTree } from '../../../src/storage/tree-walk.ts';
import { SystemError } from '../../../src/sys/ffi.ts';

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'skiff-tree-walk-'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

async function walk(visit: (found: Visited) => void, signal = new AbortController().signal): Promise<void> {
  const fd = openSync(base, 'r');
  try {
    await walkTree(fd, visit, signal);
  } finally {
    closeSync(fd);
  }
}

test('folders come after what is in them, the root last, and symlinks lead nowhere', async () => {
  mkdirSync(join(base, 'a/b'), { recursive: true });
  writeFileSync(join(base, 'a/b/c'), '');
  symlinkSync('/', join(base, 'z'));
  const names: string[] = [];
  await walk(({ name }) => names.push(name));
  expect(names).toEqual(['c', 'b', 'a', 'z', '.']);
});

test('what fails is told with its path, what vanished is passed over', async () => {
  mkdirSync(join(base, 'a'));
  writeFileSync(join(base, 'a/b'), '');
  const failing = (code: number) => walk(({ name }) => void (name === 'b' && raise(code)));
  await expect(failing(1)).rejects.toMatchObject({ path: 'a/b', code: 'EPERM' });
  await failing(2);
});

test('it stops when told to', async () => {
  for (let i = 0; i < 200; i++) writeFileSync(join(base, `${i}`), '');
  let count = 0;
  const reason = new Error('enough');
  const slowly = () => {
    count++;
    Bun.sleepSync(1);
  };
  await expect(walk(slowly, AbortSignal.abort(reason))).rejects.toBe(reason);
  expect(count).toBeLessThan(200);
});

function raise(code: number): never {
  throw new SystemError('fchownat', code);
}
