// Which namespaces a container gets of its own, which it has in common with us, and which are another's, joined by a file of them.
// Trap: whom the runtime gives no namespace stays in ours. The supervisor is in the host's of every kind but mount, pid and UTS, and in
// the host's of those two as well where the container wants them.
import type { HostConfig } from '../../storage/records.ts';
import type { OciLinux } from './types.ts';

/** `ours`: that of the supervisor; a path: a file of the namespace to join. Absent: one of its own. */
export type Shared = 'ours' | { path: string };

export interface Sharing {
  pid?: Shared;
  ipc?: Shared;
  uts?: Shared;
  cgroup?: Shared;
  /** Absent: ours, with everyone's. */
  user?: { path: string };
}

export type Namespaces = OciLinux['namespaces'];

/** `network` is the file of its namespace, if there is one; `host` is ours. */
export function namespaces(sharing: Sharing, network: { netns?: string } | 'host'): Namespaces {
  const one = (type: Namespaces[number]['type'], shared: Shared | undefined): Namespaces => {
    if (shared === 'ours') return [];
    return [{ type, ...(shared ? { path: shared.path } : {}) }];
  };
  return [
    ...(sharing.user ? one('user', sharing.user) : []),
    { type: 'mount' },
    ...one('uts', sharing.uts),
    ...one('ipc', sharing.ipc),
    ...one('pid', sharing.pid),
    ...one('cgroup', sharing.cgroup),
    ...(network === 'host' ? [] : [{ type: 'network' as const, ...(network.netns ? { path: network.netns } : {}) }]),
  ];
}

/** The id in a mode `container:<id>`. */
export function joinedContainer(mode: string | undefined): string | undefined {
  return mode?.startsWith('container:') ? mode.slice('container:'.length) : undefined;
}

/** Ids of the containers whose namespaces are joined, each once. */
export function joinedContainers({ IpcMode, PidMode, NetworkMode }: Pick<HostConfig, 'IpcMode' | 'PidMode' | 'NetworkMode'>): string[] {
  return [...new Set([IpcMode, PidMode, NetworkMode].map(joinedContainer).filter((id) => id !== undefined))];
}

/** Whether the container's processes live among those of others: the host's, or another container's. */
export const sharesPids = ({ PidMode }: Pick<HostConfig, 'PidMode'>): boolean =>
  PidMode === 'host' || joinedContainer(PidMode) !== undefined;
