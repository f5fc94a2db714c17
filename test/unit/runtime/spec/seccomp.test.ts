import { DEFAULT_CAPABILITIES } from '../../../../src/runtime/spec/capabilities.ts';
import { customSeccomp, defaultSeccomp } from '../../../../src/runtime/spec/seccomp.ts';
import { ALWAYS_ALLOWED, CONDITIONALLY_ALLOWED } from '../../../../src/runtime/spec/seccomp-table.ts';
import type { OciSeccomp } from '../../../../src/runtime/spec/types.ts';

const facts = { capabilities: DEFAULT_CAPABILITIES, architecture: 'amd64', kernelRelease: '6.1.0-18-amd64' };
const rulesFor = ({ syscalls }: OciSeccomp, name: string) => syscalls.filter(({ names }) => names.includes(name));
const allows = (profile: OciSeccomp, name: string) =>
  rulesFor(profile, name).some(({ action, args }) => action === 'SCMP_ACT_ALLOW' && !args);

test('everything not named fails with EPERM', () => {
  const { defaultAction, defaultErrnoRet } = defaultSeccomp(facts);
  expect({ defaultAction, defaultErrnoRet }).toEqual({ defaultAction: 'SCMP_ACT_ERRNO', defaultErrnoRet: 1 });
});

test.each([
  'mount',
  'setns',
  'unshare',
  'bpf',
  'kexec_load',
  'keyctl',
  'add_key',
  'io_uring_setup',
  'ptrace64',
  'reboot',
  'userfaultfd',
  'acct',
])('%s is closed by default', (name) => {
  expect(rulesFor(defaultSeccomp(facts), name)).toEqual([]);
});

test.each(['read', 'openat2', 'ptrace', 'chroot', 'clock_gettime64', 'statx', 'futex_waitv', 'landlock_restrict_self', 'arch_prctl'])(
  '%s is open by default',
  (name) => {
    expect(allows(defaultSeccomp(facts), name)).toBe(true);
  },
);

test.each([
  ['CAP_SYS_ADMIN', 'mount'],
  ['CAP_SYS_BOOT', 'reboot'],
  ['CAP_SYS_PTRACE', 'kcmp'],
  ['CAP_SYS_TIME', 'clock_settime'],
  ['CAP_SYSLOG', 'syslog'],
  ['CAP_SYS_NICE', 'mbind'],
  ['CAP_BPF', 'bpf'],
  ['CAP_PERFMON', 'perf_event_open'],
  ['CAP_DAC_READ_SEARCH', 'open_by_handle_at'],
])('%s opens %s', (capability, name) => {
  expect(allows(defaultSeccomp(facts), name)).toBe(false);
  expect(allows(defaultSeccomp({ ...facts, capabilities: [...DEFAULT_CAPABILITIES, capability] }), name)).toBe(true);
});

test('clone may make no namespace, and clone3 pretends not to exist', () => {
  const profile = defaultSeccomp(facts);
  expect(rulesFor(profile, 'clone')).toEqual([
    {
      names: ['clone'],
      action: 'SCMP_ACT_ALLOW',
      args: [{ index: 0, value: 2114060288, valueTwo: 0, op: 'SCMP_CMP_MASKED_EQ' }],
    },
  ]);
  expect(rulesFor(profile, 'clone3')).toEqual([{ names: ['clone3'], action: 'SCMP_ACT_ERRNO', errnoRet: 38 }]);
});

test('with CAP_SYS_ADMIN clone and clone3 are free', () => {
  const profile = defaultSeccomp({ ...facts, capabilities: ['CAP_SYS_ADMIN'] });
  expect(allows(profile, 'clone')).toBe(true);
  expect(rulesFor(profile, 'clone3').map(({ action }) => action)).toEqual(['SCMP_ACT_ALLOW']);
});

test('sockets of every family but AF_VSOCK', () => {
  expect(rulesFor(defaultSeccomp(facts), 'socket')).toEqual([
    { names: ['socket'], action: 'SCMP_ACT_ALLOW', args: [{ index: 0, value: 40, op: 'SCMP_CMP_NE' }] },
  ]);
});

test('each machine has its ABIs and its own calls', () => {
  expect(defaultSeccomp(facts).architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86', 'SCMP_ARCH_X32']);
  const arm = defaultSeccomp({ ...facts, architecture: 'arm64' });
  expect(arm.architectures).toEqual(['SCMP_ARCH_AARCH64', 'SCMP_ARCH_ARM']);
  expect(allows(arm, 'cacheflush')).toBe(true);
  expect(allows(arm, 'arch_prctl')).toBe(false);
});

test('the table names each call once in each group', () => {
  const groups = [ALWAYS_ALLOWED, ...CONDITIONALLY_ALLOWED.map(({ names }) => names)].map((text) => text.trim().split(/\s+/));
  for (const names of groups) expect(names).toEqual([...new Set(names)]);
});

describe('a profile of the user', () => {
  const docker = JSON.stringify({
    defaultAction: 'SCMP_ACT_ERRNO',
    archMap: [{ architecture: 'SCMP_ARCH_X86_64', subArchitectures: ['SCMP_ARCH_X86'] }],
    syscalls: [
      { names: ['a'], action: 'SCMP_ACT_ALLOW', args: null },
      { name: 'b', action: 'SCMP_ACT_ALLOW', includes: { caps: ['CAP_SYS_ADMIN'] } },
      { names: ['c'], action: 'SCMP_ACT_ALLOW', excludes: { caps: ['CAP_SYS_ADMIN'], arches: ['arm64'] } },
      { names: ['d'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '6.2' } },
      { names: ['e'], action: 'SCMP_ACT_ALLOW', includes: { minKernel: '5.10', arches: ['amd64'] } },
    ],
  });
  const names = (given: Partial<typeof facts>) => customSeccomp(docker, { ...facts, ...given }).syscalls.flatMap((rule) => rule.names);

  test("in Docker's format is filtered by capabilities, machine and kernel", () => {
    expect(names({})).toEqual(['a', 'c', 'e']);
    expect(names({ capabilities: ['CAP_SYS_ADMIN'] })).toEqual(['a', 'b', 'e']);
    expect(names({ architecture: 'arm64' })).toEqual(['a']);
    expect(names({ kernelRelease: '6.2.0' })).toEqual(['a', 'c', 'd', 'e']);
    expect(names({ kernelRelease: '10.0' })).toEqual(['a', 'c', 'd', 'e']);
    expect(names({ kernelRelease: '5.9.1' })).toEqual(['a', 'c']);
  });

  test('keeps its architectures and drops what is empty', () => {
    expect(customSeccomp(docker, facts).architectures).toEqual(['SCMP_ARCH_X86_64', 'SCMP_ARCH_X86']);
    expect(customSeccomp(docker, facts).syscalls[0]).toEqual({ names: ['a'], action: 'SCMP_ACT_ALLOW' });
  });

  test('in the OCI format passes as it is', () => {
    const oci = {
      defaultAction: 'SCMP_ACT_ALLOW',
      architectures: ['SCMP_ARCH_X86_64'],
      syscalls: [{ names: ['mkdir'], action: 'SCMP_ACT_ERRNO', errnoRet: 2 }],
    };
    expect(customSeccomp(JSON.stringify(oci), facts)).toEqual(oci);
  });

  test.each([
    ['{', 'it is not JSON'],
    ['[]', 'it needs a "defaultAction", and each of its "syscalls" names and an "action"'],
    [
      '{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["x"]}]}',
      'it needs a "defaultAction", and each of its "syscalls" names and an "action"',
    ],
  ])('%s is refused', (text, why) => {
    expect(() => customSeccomp(text, facts)).toThrow(
      expect.objectContaining({ message: `Decoding the seccomp profile failed: ${why}`, exitCode: 125 }),
    );
  });
});
