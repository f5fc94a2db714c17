// Step 4 of the ladder: no user namespace at all. The kernel only says EPERM, so the switches that cause it are read one by one.
import { readFileSync } from 'node:fs';
import { EngineError } from '../sys/errors.ts';

/** ERR_NO_USER_NAMESPACE with the cause that this machine shows and the exact fix. `detail` is what the failed tool said. */
export function noUserNamespace(detail: string, read: (path: string) => string | undefined = readSwitch): EngineError {
  const { cause, fix } = diagnose(read);
  return new EngineError('ERR_NO_USER_NAMESPACE', `Cannot make a user namespace: ${cause}${detail ? ` (${detail})` : ''}`, {
    hint: fix,
    exitCode: 125,
  });
}

function diagnose(read: (path: string) => string | undefined): { cause: string; fix: string } {
  if (read('/proc/sys/kernel/unprivileged_userns_clone') === '0') {
    return { cause: 'kernel.unprivileged_userns_clone is 0', fix: 'sudo sysctl -w kernel.unprivileged_userns_clone=1' };
  }
  if (read('/proc/sys/user/max_user_namespaces') === '0') {
    return { cause: 'user.max_user_namespaces is 0', fix: 'sudo sysctl -w user.max_user_namespaces=15000' };
  }
  if (read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return { cause: 'AppArmor forbids unprivileged user namespaces on this system', fix: appArmorProfile(process.execPath) };
  }
  return {
    cause: 'the kernel, or the sandbox around this process, refuses it',
    fix: 'Inside a container, start the outer one with: --security-opt seccomp=unconfined --security-opt apparmor=unconfined',
  };
}

/** The block to paste on Ubuntu 23.10 and later: a profile that allows user namespaces to this very file. */
function appArmorProfile(path: string): string {
  return [
    'Paste this to allow it for skiff alone:',
    "sudo tee /etc/apparmor.d/skiff >/dev/null <<'END'",
    'abi <abi/4.0>,',
    'include <tunables/global>',
    `profile skiff "${path}" flags=(unconfined) {`,
    '  userns,',
    '}',
    'END',
    'sudo apparmor_parser -r /etc/apparmor.d/skiff',
  ].join('\n');
}

function readSwitch(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8').trim();
  } catch {
    return undefined;
  }
}
