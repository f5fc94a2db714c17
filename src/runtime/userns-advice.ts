// Step 4 of the ladder: no user namespace at all. The kernel only says EPERM, or ENOSPC for a limit, so the switches that cause it are
// read one by one.
import { readFileSync, readlinkSync } from 'node:fs';
import { EngineError } from '../sys/errors.ts';

export interface AdviceSources {
  /** Content of a file of /proc, trimmed; undefined when it cannot be read. */
  read: (path: string) => string | undefined;
  /** Where /proc/self points to. */
  self: () => string | undefined;
  pid: number;
}

interface Diagnosis {
  cause: string;
  fix: string;
}

/** ERR_NO_USER_NAMESPACE with the cause that this machine shows and the exact fix. `detail` is what the failed tool said. */
export function noUserNamespace(detail: string, sources: Partial<AdviceSources> = {}): EngineError {
  const known = diagnose(detail, { read: readSwitch, self: readSelf, pid: process.pid, ...sources });
  const { cause, fix } = known ?? refusedBySandbox(detail);
  return new EngineError('ERR_NO_USER_NAMESPACE', `Cannot make a user namespace: ${cause}`, { hint: fix, exitCode: 125 });
}

function diagnose(detail: string, { read, self, pid }: AdviceSources): Diagnosis | undefined {
  const limit = read('/proc/sys/user/max_user_namespaces');
  if (limit === undefined && read('/proc/self/uid_map') === undefined && read('/proc/self/status') !== undefined) {
    return { cause: 'this kernel was built without them', fix: 'Boot a kernel with CONFIG_USER_NS=y' };
  }
  if (read('/proc/sys/kernel/unprivileged_userns_clone') === '0') {
    return { cause: 'kernel.unprivileged_userns_clone is 0', fix: 'sudo sysctl -w kernel.unprivileged_userns_clone=1' };
  }
  if (limit === '0') return { cause: 'user.max_user_namespaces is 0', fix: 'sudo sysctl -w user.max_user_namespaces=15000' };
  if (/^unshare: .*No space left on device/.test(detail)) {
    return {
      cause: `the limit user.max_user_namespaces (${limit}) is reached, or 32 of them are nested`,
      fix: 'sudo sysctl -w user.max_user_namespaces=60000',
    };
  }
  if (read('/proc/sys/kernel/apparmor_restrict_unprivileged_userns') === '1') {
    return { cause: 'AppArmor forbids unprivileged user namespaces on this system', fix: appArmorProfile(process.execPath) };
  }
  const seen = self();
  if (seen !== undefined && seen !== String(pid)) {
    return {
      cause: '/proc shows the processes of another pid namespace',
      fix: 'Mount the right one first: mount -t proc proc /proc (with unshare: add --mount-proc)',
    };
  }
  // Since Linux 5.12 root cannot even map its own id without CAP_SETFCAP.
  if (detail.includes('root here has no CAP_SETUID')) {
    return {
      cause: 'root here has not the capabilities that an id map takes',
      fix: 'Start the outer container with: --cap-add SETUID --cap-add SETGID --cap-add SETFCAP, or be another user than root in it',
    };
  }
  return undefined;
}

const refusedBySandbox = (detail: string): Diagnosis => ({
  cause: `the kernel, or the sandbox around this process, refuses it${detail ? ` (${detail})` : ''}`,
  fix: 'Inside a container, start the outer one with: --security-opt seccomp=unconfined --security-opt apparmor=unconfined',
});

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

function readSelf(): string | undefined {
  try {
    return readlinkSync('/proc/self');
  } catch {
    return undefined;
  }
}
