import { meetsFullDisk } from '../../../src/cli/full-disk.ts';
import { EngineError } from '../../../src/sys/errors.ts';

const told = (message: string, code = 'ERR_SOMETHING'): EngineError => new EngineError(code, message);
const failed = (code: string, message: string): Error => Object.assign(new Error(message), { code });

test.each([
  ['a write', failed('ENOSPC', "ENOSPC: no space left on device, write '/home/me/cgroups/x'")],
  ['a system call of ours', failed('ENOSPC', "ENOSPC: openat '/var/inotify'")],
  ['a quota', failed('EDQUOT', 'EDQUOT: disk quota exceeded, write')],
  ['a job that says so by its code', told('Cannot unpack the layer', 'ERR_NO_SPACE')],
  ['a sentence', told('Cannot fill the new volume "namespace" with the image\'s files at "cgroup": no space left on device')],
])('%s that finds no room meets a full disk', (_, error) => {
  expect(meetsFullDisk(error)).toBe(true);
});

test.each([
  ['no network namespace any more', told('Cannot make a network namespace: unshare: unshare failed: No space left on device', 'ERR_NETNS')],
  ['no user namespace any more', told('Cannot make a user namespace: unshare: unshare failed: No space left on device')],
  ['no watch any more', failed('ENOSPC', "ENOSPC: no space left on device, watch '/home/me'")],
  ['no cgroup any more', told('crun: creating cgroup directory `/sys/fs/cgroup/x`: No space left on device')],
  ['a cpuset without CPUs', told('crun: write to `cpuset.cpus`: No space left on device')],
  ['another failure', failed('EACCES', 'EACCES: permission denied')],
  ['what is no error', 'no space left on device'],
])('the end of something else is no full disk, for which the trash would be emptied: %s', (_, error) => {
  expect(meetsFullDisk(error)).toBe(false);
});
