import { readFileSync } from 'node:fs';
import { completeHostConfig } from '../../../../src/engine/create/host-config.ts';
import { checkKernelOptions } from '../../../../src/engine/create/kernel-options.ts';
import type { HostConfig } from '../../../../src/storage/records.ts';

const check = (given: Partial<HostConfig>): void => checkKernelOptions({ ...completeHostConfig({}), ...given });

test.each<[Partial<HostConfig>, string]>([
  [{ Sysctls: { 'kernel.hostname': 'x' } }, "sysctl 'kernel.hostname' is not allowed: it is not of the container's own namespaces"],
  [{ Sysctls: { 'vm.swappiness': '1' } }, "sysctl 'vm.swappiness' is not allowed: it is not of the container's own namespaces"],
  [{ Sysctls: { network: '1' } }, "sysctl 'network' is not allowed: it is not of the container's own namespaces"],
  [{ Sysctls: { 'net.a': '1' }, NetworkMode: 'host' }, 'sysctl "net.a" is not allowed in the host\'s network namespace'],
  [{ Sysctls: { 'kernel.sem': '1' }, IpcMode: 'host' }, 'sysctl "kernel.sem" is not allowed in the host\'s ipc namespace'],
  [{ Sysctls: { 'fs.mqueue.a': '1' }, IpcMode: 'host' }, 'sysctl "fs.mqueue.a" is not allowed in the host\'s ipc namespace'],
  [{ GroupAdd: ['keep-groups', '5'] }, '--group-add keep-groups cannot be used with other groups'],
  [{ GroupAdd: ['keep-groups'], Runtime: 'runc' }, '--group-add keep-groups needs the runtime crun, not "runc"'],
  [{ GroupAdd: [''] }, 'Invalid --group-add: the name of a group cannot be empty'],
  [{ Annotations: { '': 'x' } }, 'Invalid Annotation: the empty string is not permitted as an annotation key'],
  [{ OomScoreAdj: 1001 }, 'Invalid value 1001, range for oom score adj is [-1000, 1000]'],
  [{ OomScoreAdj: -1001 }, 'Invalid value -1001, range for oom score adj is [-1000, 1000]'],
])('%j is refused', (given, message) => {
  expect(() => check(given)).toThrow(expect.objectContaining({ message, exitCode: 125 }));
});

test.each<Partial<HostConfig>>([
  { Sysctls: { 'net.ipv4.ip_forward': '1', 'kernel.shmmax': '1', 'kernel.msgmax': '1', 'kernel.sem': '1', 'fs.mqueue.msg_max': '5' } },
  { Sysctls: { 'kernel.sem': '1' }, NetworkMode: 'host' },
  { GroupAdd: ['keep-groups'] },
  { GroupAdd: ['audio', '7'] },
  { OomScoreAdj: 1000 },
])('%j is taken', (given) => {
  expect(() => check(given)).not.toThrow();
});

test('trying a lower score leaves ours as it was', () => {
  const own = readFileSync('/proc/self/oom_score_adj', 'utf8');
  try {
    check({ OomScoreAdj: -900 });
  } catch (error) {
    expect(error).toMatchObject({ code: 'ERR_OOM_SCORE', exitCode: 125 });
  }
  expect(readFileSync('/proc/self/oom_score_adj', 'utf8')).toBe(own);
});
