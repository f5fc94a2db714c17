import { noUserNamespace } from '../../../src/runtime/userns-advice.ts';

const healthy: Record<string, string> = {
  '/proc/sys/user/max_user_namespaces': '96365',
  '/proc/self/uid_map': '0 0 4294967295',
  '/proc/self/status': 'Name: test',
};
const machine = (switches: Record<string, string | undefined> = {}, self = '7') => {
  const files = { ...healthy, ...switches };
  return { read: (path: string) => files[path], self: () => self, pid: 7 };
};

test.each([
  ['/proc/sys/kernel/unprivileged_userns_clone', 'sudo sysctl -w kernel.unprivileged_userns_clone=1'],
  ['/proc/sys/user/max_user_namespaces', 'sudo sysctl -w user.max_user_namespaces=15000'],
])('%s = 0 is named with its fix', (path, fix) => {
  const error = noUserNamespace('unshare: unshare failed: No space left on device', machine({ [path]: '0' }));
  expect(error.message).toBe(`Cannot make a user namespace: ${path.replace('/proc/sys/', '').replaceAll('/', '.')} is 0`);
  expect(error.hint).toBe(fix);
  expect({ code: error.code, exitCode: error.exitCode }).toEqual({ code: 'ERR_NO_USER_NAMESPACE', exitCode: 125 });
});

test('a limit that is reached is told with the limit', () => {
  const error = noUserNamespace('unshare: unshare failed: No space left on device', machine());
  expect(error.message).toBe(
    'Cannot make a user namespace: the limit user.max_user_namespaces (96365) is reached, or 32 of them are nested',
  );
});

test('a kernel without user namespaces is told apart', () => {
  const without = { '/proc/sys/user/max_user_namespaces': undefined, '/proc/self/uid_map': undefined };
  expect(noUserNamespace('Invalid argument', machine(without)).message).toBe(
    'Cannot make a user namespace: this kernel was built without them',
  );
});

test('on Ubuntu 24.04 the hint is a profile to paste, for this very file', () => {
  const error = noUserNamespace('', machine({ '/proc/sys/kernel/apparmor_restrict_unprivileged_userns': '1' }));
  expect(error.message).toBe('Cannot make a user namespace: AppArmor forbids unprivileged user namespaces on this system');
  expect(error.hint).toContain(`profile skiff "${process.execPath}" flags=(unconfined) {`);
  expect(error.hint).toContain('apparmor_parser -r /etc/apparmor.d/skiff');
});

test('a /proc of another pid namespace is seen by where /proc/self points', () => {
  expect(noUserNamespace('', machine({}, '4711')).message).toBe(
    'Cannot make a user namespace: /proc shows the processes of another pid namespace',
  );
});

test('a root without capabilities is told which ones', () => {
  const error = noUserNamespace('cannot write …: root here has no CAP_SETUID or CAP_SETGID; not even your own id can be mapped', machine());
  expect(error.message).toBe('Cannot make a user namespace: root here has not the capabilities that an id map takes');
  expect(error.hint).toContain('--cap-add SETUID --cap-add SETGID --cap-add SETFCAP');
});

test('without a known switch the outer sandbox is the suspect, and what the tool said is kept', () => {
  const error = noUserNamespace('unshare failed: Operation not permitted', machine());
  expect(error.message).toContain('(unshare failed: Operation not permitted)');
  expect(error.hint).toContain('--security-opt seccomp=unconfined');
});
