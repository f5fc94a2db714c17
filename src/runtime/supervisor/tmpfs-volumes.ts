// Volumes that are a tmpfs: mounted on the volume's own folder, in this supervisor's mount namespace alone, so that all that reads the folder finds
// the tmpfs. Containers that run with one volume at a time share one tmpfs: the first makes it, the others take a copy of its mount; with the last
// of them it is gone. Loaded only for containers that have such a volume.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { isRunning, listContainers } from '../../storage/container.ts';
import { volumeDir } from '../../storage/layout.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { withLock } from '../../sys/lock.ts';
import { attachMount, CLONE, cloneMount, enterNamespace, MS, mount, setns, unshare } from '../../sys/mount.ts';
import { statAt } from '../../sys/read-at.ts';

const FLAGS: Readonly<Record<string, number>> = {
  nosuid: MS.NOSUID,
  nodev: MS.NODEV,
  noexec: MS.NOEXEC,
  noatime: 0x400,
  nodiratime: 0x800,
};
/** Who may write is each container's own mount's to say. */
const IGNORED = new Set(['ro', 'rw', 'relatime']);
const AT_FDCWD = -100;

/** Makes the container's tmpfs volumes. Throws ERR_VOLUME_MOUNT (125). */
export function mountTmpfsVolumes(ctx: Ctx, record: ContainerRecord, { hostProc }: { hostProc: string }): void {
  const wanted = new Map(
    record.Mounts.flatMap(({ Name, Tmpfs }) => (Name !== undefined && Tmpfs !== undefined ? [[Name, Tmpfs] as const] : [])),
  );
  for (const [name, data] of wanted) {
    const folder = volumeDir(ctx, name);
    try {
      // Two that start at once would each make their own.
      withLock(join(folder, 'lock'), () => mountOne(ctx, { name, data, target: join(folder, '_data'), own: record.Id, hostProc }));
    } catch (cause) {
      throw new EngineError(
        'ERR_VOLUME_MOUNT',
        `failed to mount local volume "${name}": a tmpfs with the options "${data}": ${messageOf(cause)}`,
        {
          hint: 'Make the volume anew with other options: skiff volume create -o type=tmpfs -o device=tmpfs -o o=…',
          exitCode: 125,
          cause,
        },
      );
    }
  }
}

interface Wanted {
  name: string;
  /** As given: `size=1m,uid=1000`. */
  data: string;
  target: string;
  own: string;
  hostProc: string;
}

function mountOne(ctx: Ctx, { name, data, target, own, hostProc }: Wanted): void {
  if (isMountPoint(target)) return;
  mkdirSync(target, { recursive: true });
  for (const { record, state } of listContainers(ctx)) {
    if (record.Id === own || !record.Mounts.some((point) => point.Name === name) || !isRunning(ctx, record.Id)) continue;
    if (state.SupervisorPid && share(`${hostProc}/${state.SupervisorPid}/ns/mnt`, target)) return;
  }
  const words = data.split(',').filter((word) => word !== '' && !IGNORED.has(word));
  const flags = words.reduce((sum, word) => sum | (FLAGS[word] ?? 0), 0);
  mount('tmpfs', target, { type: 'tmpfs', flags, data: words.filter((word) => FLAGS[word] === undefined).join(',') });
}

/** Takes a copy of what is mounted at `target` in another mount namespace; false when there is nothing, or that is gone. */
function share(namespace: string, target: string): boolean {
  const home = openSync('/proc/self/ns/mnt', 'r');
  try {
    // This thread alone leaves: its folders must be its own.
    unshare(CLONE.FS);
    setns(namespace, CLONE.NEWNS);
    let copy: number | undefined;
    try {
      copy = isMountPoint(target) ? cloneMount(target) : undefined;
    } finally {
      enterNamespace(home, CLONE.NEWNS);
    }
    if (copy === undefined) return false;
    attachMount(copy, target);
    closeSync(copy);
    return true;
  } catch {
    return false;
  } finally {
    closeSync(home);
  }
}

function isMountPoint(path: string): boolean {
  const mountOf = (place: string): number | undefined => statAt(AT_FDCWD, Buffer.from(place).toString('latin1'))?.mount;
  const own = mountOf(path);
  return own !== undefined && own !== mountOf(dirname(path));
}
