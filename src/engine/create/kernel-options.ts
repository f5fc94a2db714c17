// Checks of what a container asks of the kernel beside limits: sysctls, groups, the score for the OOM killer, annotations. What cannot be
// is refused when the container is created, in the words of Docker and its runtime.
import { assertOomScore } from '../../runtime/oom-score.ts';
import { KEEP_GROUPS } from '../../runtime/spec/groups.ts';
import type { HostConfig } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';

/** Throws ERR_BAD_OPTION or ERR_OOM_SCORE (exit code 125). */
export function checkKernelOptions(config: HostConfig): void {
  for (const name of Object.keys(config.Sysctls ?? {})) checkSysctl(name, config);
  checkGroups(config);
  if ('' in (config.Annotations ?? {})) {
    throw bad('Invalid Annotation: the empty string is not permitted as an annotation key', 'Write it as name=value');
  }
  const score = config.OomScoreAdj ?? 0;
  if (score < -1000 || score > 1000) {
    throw bad(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`, 'Give a number in that range');
  }
  assertOomScore(score);
}

/** Those that the kernel keeps for each IPC namespace, besides the folders `net` and `fs.mqueue`. */
const OF_IPC = ['msgmax', 'msgmnb', 'msgmni', 'sem', 'shmall', 'shmmax', 'shmmni', 'shm_rmid_forced'].map((name) => `kernel.${name}`);

function checkSysctl(name: string, { NetworkMode, IpcMode }: HostConfig): void {
  const isOfNetwork = name.startsWith('net.');
  const isOfIpc = OF_IPC.includes(name) || name.startsWith('fs.mqueue.');
  if (!isOfNetwork && !isOfIpc) {
    throw bad(
      `sysctl '${name}' is not allowed: it is not of the container's own namespaces`,
      'Give one of net.*, fs.mqueue.*, kernel.msg*, kernel.sem or kernel.shm*',
    );
  }
  if (isOfNetwork && NetworkMode === 'host') {
    throw bad(`sysctl "${name}" is not allowed in the host's network namespace`, 'Leave out --network host, or the sysctl');
  }
  if (isOfIpc && IpcMode === 'host') {
    throw bad(`sysctl "${name}" is not allowed in the host's ipc namespace`, 'Leave out --ipc host, or the sysctl');
  }
}

function checkGroups({ GroupAdd = [], Runtime }: HostConfig): void {
  if (GroupAdd.includes('')) throw bad('Invalid --group-add: the name of a group cannot be empty', 'Give a name or a number');
  if (!GroupAdd.includes(KEEP_GROUPS)) return;
  if (GroupAdd.length > 1) {
    throw bad(`--group-add ${KEEP_GROUPS} cannot be used with other groups`, 'The kernel lets a user keep all groups, or choose them anew');
  }
  if (Runtime !== 'crun') throw bad(`--group-add ${KEEP_GROUPS} needs the runtime crun, not "${Runtime}"`, 'Leave out --runtime');
}

const bad = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_OPTION', message, { hint, exitCode: 125 });
