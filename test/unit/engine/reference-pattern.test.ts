import { referenceMatches, repositoryOf } from '../../../src/engine/reference-pattern.ts';

test.each([
  ['nginx', 'nginx:latest', true],
  ['nginx:latest', 'nginx:latest', true],
  ['nginx:1', 'nginx:latest', false],
  ['ngin', 'nginx:latest', false],
  ['ngin*', 'nginx:latest', true],
  ['*:latest', 'nginx:latest', true],
  ['*', 'reg.io/nginx:latest', false],
  ['*/*', 'reg.io/nginx:latest', true],
  ['reg.io:5000/x/*:v?', 'reg.io:5000/x/y:v1', true],
  ['reg.io:5000/x/y', 'reg.io:5000/x/y:v1', true],
  ['ngin[a-z]', 'nginx:1', true],
  ['ngin[^x]', 'nginx:1', false],
  ['n.inx', 'nginx:1', false],
  ['nginx', `nginx@sha256:${'f'.repeat(64)}`, true],
])('the pattern %p and %p: %p', (pattern, name, expected) => {
  expect(referenceMatches(pattern, name)).toBe(expected);
});

test.each([
  ['nginx:1', 'nginx'],
  ['localhost:5000/x', 'localhost:5000/x'],
  ['localhost:5000/x:1', 'localhost:5000/x'],
  ['x@sha256:00', 'x'],
])('the repository of %p is %p', (name, expected) => {
  expect(repositoryOf(name)).toBe(expected);
});
