import { absolute, asksForFolder, meansContents, splitArgument, splitEnd } from '../../../../src/engine/cp/paths.ts';

test.each([
  ['box:/x', { container: 'box', path: '/x' }],
  ['box:', { container: 'box', path: '' }],
  ['box:a:b', { container: 'box', path: 'a:b' }],
  ['file', { path: 'file' }],
  ['./box:x', { path: './box:x' }],
  ['/box:x', { path: '/box:x' }],
  [':x', { path: ':x' }],
  ['-', { path: '-' }],
])('the argument %s', (argument, expected) => {
  expect(splitArgument(argument)).toEqual(expected);
});

test.each([
  ['/a/b', '/a', 'b'],
  ['/a/b/', '/a', 'b'],
  ['/a/b/.', '/a/b', '.'],
  ['/', '/', '/'],
  ['/.', '/', '.'],
  ['a', '.', 'a'],
])('the end of %s', (path, folder, base) => {
  expect(splitEnd(path)).toEqual({ folder, base });
});

test.each([
  ['', '/', '/'],
  ['a', '/', '/a'],
  ['a/', '/srv', '/srv/a/'],
  ['a/.', '/srv', '/srv/a/.'],
  ['.', '/srv', '/srv/.'],
  ['/', '/srv', '/'],
  ['../../..', '/srv', '/'],
  ['/a/../b//c', '/', '/b/c'],
])('%j seen from %s', (path, from, expected) => {
  expect(absolute(path, from)).toBe(expected);
});

test('what stands after the last slash tells what is meant', () => {
  expect(['a', 'a/', 'a/.', '.', '/', 'a.'].map(asksForFolder)).toEqual([false, true, true, true, true, false]);
  expect(['a', 'a/', 'a/.', '.', '/.', 'a/..'].map(meansContents)).toEqual([false, false, true, true, true, false]);
});
