import { childEnv } from '../../../src/sys/child-env.ts';

it('hands on everything but what steers the runtime', () => {
  const env = { HOME: '/home/a', BUN_OPTIONS: '--preload /tmp/x', BUN_BE_BUN: '1', UNSET: undefined, EMPTY: '', BUNDLE: 'kept' };
  expect(childEnv(env)).toEqual({ HOME: '/home/a', EMPTY: '', BUNDLE: 'kept' });
});

it('keeps what a service manager tells skiff from an OCI runtime, which would act on it', () => {
  const service = { NOTIFY_SOCKET: '/run/notify', LISTEN_FDS: '1', LISTEN_PID: '7', LISTEN_FDNAMES: 'web' };
  expect(childEnv({ ...service, LISTEN_ADDRESS: 'kept' })).toEqual({ LISTEN_ADDRESS: 'kept' });
});
