import { noUserNamespace } from '../../../src/runtime/userns-advice.ts';

const withSwitch =
  (path: string, value: string) =>
  (asked: string): string | undefined =>
    asked === path ? value : undefined;

test.each([
  ['/proc/sys/kernel/unprivileged_userns_clone', '0', 'sudo sysctl -w kernel.unprivileged_userns_clone=1'],
  ['/proc/sys/user/max_user_namespaces', '0', 'sudo sysctl -w user.max_user_namespaces=15000'],
])('%s = %s is named with its fix', (path, value, fix) => {
  const error = noUserNamespace('unshare: EPERM', withSwitch(path, value));
  expect(error.message).toContain(path.replace('/proc/sys/', '').replaceAll('/', '.'));
  expect(error.hint).toBe(fix);
  expect(error.exitCode).toBe(125);
});

test('on Ubuntu 24.04 the hint is a profile to paste, for this very file', () => {
  const error = noUserNamespace('', withSwitch('/proc/sys/kernel/apparmor_restrict_unprivileged_userns', '1'));
  expect(error.message).toBe('Cannot make a user namespace: AppArmor forbids unprivileged user namespaces on this system');
  expect(error.hint).toContain(`profile skiff "${process.execPath}" flags=(unconfined) {`);
  expect(error.hint).toContain('apparmor_parser -r /etc/apparmor.d/skiff');
});

test('without a known switch the outer sandbox is the suspect, and what the tool said is kept', () => {
  const error = noUserNamespace('unshare failed: Operation not permitted', () => undefined);
  expect(error.message).toContain('(unshare failed: Operation not permitted)');
  expect(error.hint).toContain('--security-opt seccomp=unconfined');
});
