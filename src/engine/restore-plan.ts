// Which containers a restore starts, and in what order. As Docker's daemon at its start: `always` comes back whatever was done to it before,
// `unless-stopped` and `on-failure` unless the user stopped it. Only what the end of a machine, a session or a supervisor took is brought
// back: a container that ended by itself since this boot has had its restarts. Pure: what is on disk is read by restore.ts.
import { type ContainerView, ZERO_TIME } from '../storage/container.ts';
import type { ContainerState, ContainerStatus } from '../storage/records.ts';

/** A container with what is true of it (`view`) and what was last written of it (`written`). */
export interface Candidate {
  view: ContainerView;
  written: ContainerState | undefined;
}

const UP: readonly ContainerStatus[] = ['running', 'paused', 'restarting'];

/** Whether the container is down and its policy wants it running in the boot `boot`. */
export function isDue({ view, written }: Candidate, boot: string): boolean {
  if (!written || written.StartedAt === ZERO_TIME || UP.includes(view.state.Status)) return false;
  if (written.BootId === boot && !wasInterrupted(written)) return false;
  const { Name, MaximumRetryCount } = view.record.HostConfig.RestartPolicy;
  const { ManuallyStopped, ExitCode, RestartCount } = view.state;
  switch (Name) {
    case 'no':
      return false;
    case 'always':
      return true;
    case 'unless-stopped':
      return !ManuallyStopped;
    case 'on-failure':
      return !ManuallyStopped && ExitCode !== 0 && (MaximumRetryCount === 0 || RestartCount < MaximumRetryCount);
    default:
      return Name satisfies never;
  }
}

/** Whether a `--rm` container lost the supervisor that would have removed it, with the machine. */
export function isOverdue({ view, written }: Candidate, boot: string): boolean {
  if (!written || UP.includes(view.state.Status)) return false;
  return view.record.HostConfig.AutoRemove && written.BootId !== boot && wasInterrupted(written);
}

/**
 * The containers in groups: each group's members need only those of groups before it (`--volumes-from`, `container:` namespaces). What
 * is needed but not among them is left out; in a circle, which renames can make, someone goes first.
 */
export function inOrder(views: readonly ContainerView[]): ContainerView[][] {
  const depths = new Map<ContainerView, number>();
  const depthOf = (view: ContainerView): number => {
    const known = depths.get(view);
    if (known !== undefined) return known;
    depths.set(view, 0);
    const needed = needsOf(view).flatMap((wanted) => views.filter((other) => other !== view && isNamed(other, wanted)));
    const depth = Math.max(-1, ...needed.map(depthOf)) + 1;
    depths.set(view, depth);
    return depth;
  };
  const groups: ContainerView[][] = [];
  for (const view of views) {
    const depth = depthOf(view);
    for (let at = groups.length; at <= depth; at++) groups.push([]);
    groups[depth]?.push(view);
  }
  return groups;
}

function wasInterrupted(written: ContainerState): boolean {
  return UP.includes(written.Status) || written.WentDown === true;
}

/** Ids or names of containers. */
function needsOf({ record: { HostConfig } }: ContainerView): string[] {
  const { NetworkMode, IpcMode = '', PidMode = '', VolumesFrom = [] } = HostConfig;
  const joined = [NetworkMode, IpcMode, PidMode].flatMap((mode) => /^container:(.+)$/.exec(mode)?.[1] ?? []);
  return [...joined, ...VolumesFrom.map((from) => from.replace(/:[^:]*$/, ''))];
}

function isNamed({ record: { Id, Name } }: ContainerView, wanted: string): boolean {
  return Name === wanted.replace(/^\//, '') || (/^[0-9a-f]+$/.test(wanted) && Id.startsWith(wanted));
}
