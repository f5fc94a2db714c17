// The network namespace that bridges stand in, one for each user, kept by the holder and by every supervisor: a front opens it when it starts one and
// hands it on as a descriptor. So networks live as long as anybody who is on them, and a killed holder can be replaced (holder.ts).
// It is the way from container to container alone: what comes from outside, or goes there, is pasta's.
import { openSync, readlinkSync } from 'node:fs';
import { EngineError } from '../../sys/errors.ts';
import { isInUserNamespaceOf } from '../../sys/process.ts';
import type { UserNamespace } from '../userns.ts';

/** In a supervisor: the descriptor that it inherits. */
export const SHARED_NETNS_FD = 4;

/** For a front: a descriptor of the shared netns to hand on, of /dev/null where the holder could not be given one. */
export function openSharedNetns({ pid, netns }: Pick<UserNamespace, 'pid' | 'netns'>): number {
  try {
    return openSync(netns === undefined ? '/dev/null' : `/proc/${pid}/ns/net`, 'r');
  } catch {
    // The holder was killed just now: without networks the container does well.
    return openSync('/dev/null', 'r');
  }
}

/** In a supervisor: a path by which children of it find the shared netns. Throws ERR_SHARED_NETNS (125) when it was given none. */
export function sharedNetnsPath(): string {
  const path = `/proc/${process.pid}/fd/${SHARED_NETNS_FD}`;
  if (linkAt(path).startsWith('net:')) return path;
  throw new EngineError('ERR_SHARED_NETNS', 'Cannot connect the container to a network: there is no network namespace for networks', {
    hint: 'sysctl user.max_net_namespaces says how many there may be; if it allows more, start the container again',
    exitCode: 125,
  });
}

/** For a front: the argv prefix that enters the shared netns as root of the user's namespace; undefined where there is none. */
export function enterSharedNetnsArgv({ pid, netns }: Pick<UserNamespace, 'pid' | 'netns'>): string[] | undefined {
  if (netns === undefined) return undefined;
  const user = isInUserNamespaceOf(pid) ? [] : [`--user=/proc/${pid}/ns/user`, '--preserve-credentials'];
  return ['nsenter', ...user, `--net=/proc/${pid}/ns/net`, '--'];
}

function linkAt(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return '';
  }
}
