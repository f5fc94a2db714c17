import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readIgnore } from '../../../../src/engine/build/context/dockerfile-text.ts';

let base: string;
let context: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'skiff-ignore-'));
  context = join(base, 'context');
  mkdirSync(context);
  writeFileSync(join(base, 'private'), 'mine\n');
  symlinkSync('../private', join(context, '.dockerignore'));
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

it('an ignore file that was fetched leads to no file of the user', () => {
  expect(() => readIgnore(context, undefined, { isFetched: true })).toThrow(
    'failed to read .dockerignore: ".dockerignore" leads out of the build context',
  );
});

it("one in the user's own folder may be a symlink", () => {
  expect(readIgnore(context, undefined)?.patterns).toEqual(['mine', '']);
});

it('one that was fetched, in its place, is read; none is none', () => {
  rmSync(join(context, '.dockerignore'));
  expect(readIgnore(context, undefined, { isFetched: true })).toBeUndefined();
  writeFileSync(join(context, '.dockerignore'), 'a');
  expect(readIgnore(context, undefined, { isFetched: true })).toEqual({ file: '.dockerignore', patterns: ['a'] });
});
