import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkMountWords } from '../../../../src/engine/create/mount-words-check.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-words-'));
  mkdirSync(join(root, 'var/home/ann/project'), { recursive: true });
  // As some distributions have it.
  symlinkSync('var/home', join(root, 'home'));
  symlinkSync('.', join(root, 'var/home/ann/project/all-of-it'));
  symlinkSync('..', join(root, 'var/home/ann/project/up'));
});
afterEach(() => rmSync(root, { recursive: true }));

const check = (source: string) => () => checkMountWords({ env: { HOME: join(root, 'home/ann') } }, 'U', join(root, source));

test.each(['home/ann', 'var/home/ann', 'var/home', 'home/ann/project/up'])(
  'a home is not given to a container, by whatever name it is called: %s',
  (source) => {
    expect(check(source)).toThrow("to the container's user: it is not a container's alone");
  },
);

test.each(['home/ann/project', 'var/home/ann/project/all-of-it'])('a folder in it is: %s', (source) => {
  expect(check(source)).not.toThrow();
});
