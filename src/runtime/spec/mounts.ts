// The mounts of a container, in the order the runtime makes them: Docker's defaults, then the user's and ours by depth, so that a
// mount below another one comes after it. A user's mount on a default's place takes that place.
import type { ContainerRecord, MountPoint, MountRequest } from '../../storage/records.ts';
import type { OciMount } from './types.ts';

export interface IpcMounts {
  shm?: string | false;
  mqueue?: string | false;
}

export interface MountFacts {
  /** The container shares the host's network: then no sysfs of its own can be mounted. */
  isHostNetwork: boolean;
  /** What to show at /dev/shm and /dev/mqueue in place of its own; false is nothing. */
  ipcMounts?: IpcMounts;
  /** It has no pid namespace of its own: then no procfs of its own can be mounted either. */
  sharesPids: boolean;
  /** How many gids the user namespace maps, from 0 up: `devpts` wants 5 (tty). */
  mappedGids: number;
  /** Host files to show at /etc/hosts, /etc/hostname and /etc/resolv.conf. */
  files: { hosts?: string; hostname?: string; resolvConf?: string };
  /** Host path of the init program, for --init. */
  init?: string;
  /** Host devices to show, for --device and --privileged. */
  devices: readonly { host: string; inside: string; readOnly: boolean }[];
}

/** Where --init's program stands: on the container's own /dev, so that it leaves no trace in the rootfs. */
export const INIT_PATH = '/dev/init';

const TTY_GID = 5;

export function mounts(record: ContainerRecord, facts: MountFacts): OciMount[] {
  const ours = [...userMounts(record), ...ownFiles(facts)];
  // A user's mount wins over one of our files, being first.
  const chosen = [...new Map(ours.toReversed().map((mount) => [mount.destination, mount])).values()].toReversed();
  const taken = new Set(chosen.map((mount) => mount.destination));
  const defaults = defaultMounts(record, facts).filter(
    ({ destination }) => !taken.has(destination) && !(taken.has('/dev') && destination.startsWith('/dev/')),
  );
  return [...defaults, ...chosen.toSorted((a, b) => depth(a.destination) - depth(b.destination))];
}

function defaultMounts({ HostConfig }: ContainerRecord, { isHostNetwork, ipcMounts, sharesPids, mappedGids }: MountFacts): OciMount[] {
  const access = HostConfig.Privileged ? 'rw' : 'ro';
  const guarded = ['nosuid', 'noexec', 'nodev'];
  const tty = mappedGids > TTY_GID ? [`gid=${TTY_GID}`] : [];
  return [
    sharesPids
      ? { destination: '/proc', type: 'none', source: '/proc', options: ['rbind', 'rslave', ...guarded] }
      : { destination: '/proc', type: 'proc', source: 'proc', options: guarded },
    { destination: '/dev', type: 'tmpfs', source: 'tmpfs', options: ['nosuid', 'strictatime', 'mode=755', 'size=65536k'] },
    {
      destination: '/dev/pts',
      type: 'devpts',
      source: 'devpts',
      options: ['nosuid', 'noexec', 'newinstance', 'ptmxmode=0666', 'mode=0620', ...tty],
    },
    isHostNetwork
      ? { destination: '/sys', type: 'none', source: '/sys', options: ['rbind', 'rslave', ...guarded, access] }
      : { destination: '/sys', type: 'sysfs', source: 'sysfs', options: [...guarded, access] },
    { destination: '/sys/fs/cgroup', type: 'cgroup', source: 'cgroup', options: [...guarded, 'relatime', access] },
    ...ownOrOthers({ destination: '/dev/mqueue', type: 'mqueue', source: 'mqueue', options: guarded }, ipcMounts?.mqueue),
    ...ownOrOthers(
      {
        destination: '/dev/shm',
        type: 'tmpfs',
        source: 'shm',
        options: [...guarded, 'mode=1777', `size=${HostConfig.ShmSize || DEFAULT_SHM}`],
      },
      ipcMounts?.shm,
    ),
  ];
}

function ownOrOthers(own: OciMount, others: string | false | undefined): OciMount[] {
  if (others === undefined) return [own];
  const options = ['bind', 'rprivate', 'nosuid', 'noexec', 'nodev'];
  return others === false ? [] : [{ destination: own.destination, type: 'none', source: others, options }];
}

/** 64 MiB, as Docker. */
export const DEFAULT_SHM = 64 * 1024 * 1024;

function userMounts({ Mounts, HostConfig }: ContainerRecord): OciMount[] {
  const tmpfs = Object.entries(HostConfig.Tmpfs ?? {}).map(([destination, options]) => tmpfsMount(destination, options.split(',')));
  const requested = (HostConfig.Mounts ?? []).filter((request) => request.Type === 'tmpfs').map(requestedTmpfs);
  return [...Mounts.filter((mount) => mount.Type !== 'tmpfs').map(bindMount), ...tmpfs, ...requested];
}

const GUARDS = ['nosuid', 'nodev', 'noexec'];

function bindMount({ Source, Destination, RW, Propagation, Recursion, Tmpfs = '' }: MountPoint): OciMount {
  const access = RW ? 'rw' : Recursion === 'readonly' ? 'rro' : 'ro';
  const bind = Recursion === 'disabled' ? 'bind' : 'rbind';
  // The runtime's bind forgets what the mount it is of was forbidden.
  const guards = Tmpfs.split(',').filter((word) => GUARDS.includes(word));
  return { destination: Destination, type: 'none', source: Source, options: [bind, Propagation || 'rprivate', access, ...guards] };
}

/** What the container's mounts are to ours: without it, mounts that receive from the host would be cut off before they are made. */
export function rootPropagation({ Mounts }: ContainerRecord): string | undefined {
  return Mounts.some(({ Propagation }) => /slave|shared/.test(Propagation)) ? 'slave' : undefined;
}

function requestedTmpfs({ Target, ReadOnly, TmpfsOptions }: MountRequest): OciMount {
  const size = TmpfsOptions?.SizeBytes ? [`size=${TmpfsOptions.SizeBytes}`] : [];
  const mode = TmpfsOptions?.Mode === undefined ? [] : [`mode=${TmpfsOptions.Mode.toString(8)}`];
  return tmpfsMount(Target, [...size, ...mode, ...(ReadOnly ? ['ro'] : [])]);
}

/** Docker's defaults, each undone by its opposite among `options`. */
function tmpfsMount(destination: string, options: string[]): OciMount {
  const given = options.filter(Boolean);
  const defaults = ['noexec', 'nosuid', 'nodev'].filter((option) => !given.includes(option.slice(2)) && !given.includes(option));
  return { destination, type: 'tmpfs', source: 'tmpfs', options: [...defaults, ...given] };
}

function ownFiles({ files, init, devices }: MountFacts): OciMount[] {
  const file = (source: string | undefined, destination: string, access: string): OciMount[] =>
    source === undefined ? [] : [{ destination, type: 'none', source, options: ['rbind', 'rprivate', access] }];
  return [
    ...file(files.resolvConf, '/etc/resolv.conf', 'rw'),
    ...file(files.hostname, '/etc/hostname', 'rw'),
    ...file(files.hosts, '/etc/hosts', 'rw'),
    ...file(init, INIT_PATH, 'ro'),
    ...devices.map(({ host, inside, readOnly }) => ({
      destination: inside,
      type: 'none',
      source: host,
      options: ['bind', 'rprivate', 'nosuid', 'noexec', readOnly ? 'ro' : 'rw'],
    })),
  ];
}

const depth = (path: string): number => path.split('/').filter(Boolean).length;
