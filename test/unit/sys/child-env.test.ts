import { childEnv } from '../../../src/sys/child-env.ts';

it('hands on everything but what steers the runtime', () => {
  const env = { HOME: '/home/a', BUN_OPTIONS: '--preload /tmp/x', BUN_BE_BUN: '1', UNSET: undefined, EMPTY: '', BUNDLE: 'kept' };
  expect(childEnv(env)).toEqual({ HOME: '/home/a', EMPTY: '', BUNDLE: 'kept' });
});
