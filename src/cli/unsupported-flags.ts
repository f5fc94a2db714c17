// Flags of Docker's `run` and `create` that skiff knows and refuses: each with the reason, so that none is accepted and ignored.
// They stay out of the help.
import { flag, type MaybeFlag } from './flag.ts';

const LATER = 'not supported yet';
const CGROUP = 'not supported: use --memory, --cpus and --pids-limit';
const ROOT = 'not possible without root';
const WINDOWS = 'only means something on Windows';
const HEALTH = "not supported yet: health checks are not run; the image's own HEALTHCHECK is only kept";
const NETWORK = 'not supported yet: user-defined networks are missing';

const REASONS = {
  'blkio-weight': CGROUP,
  'blkio-weight-device': CGROUP,
  'cgroup-parent': CGROUP,
  cgroupns: 'not supported: every container has a cgroup namespace of its own',
  'cpu-count': WINDOWS,
  'cpu-percent': WINDOWS,
  'cpu-period': CGROUP,
  'cpu-quota': CGROUP,
  'cpu-rt-period': ROOT,
  'cpu-rt-runtime': ROOT,
  'cpu-shares': CGROUP,
  'cpuset-cpus': CGROUP,
  'cpuset-mems': CGROUP,
  'device-cgroup-rule': ROOT,
  'device-read-bps': CGROUP,
  'device-read-iops': CGROUP,
  'device-write-bps': CGROUP,
  'device-write-iops': CGROUP,
  'disable-content-trust': 'not supported: there is no content trust to disable',
  gpus: LATER,
  'health-cmd': HEALTH,
  'health-interval': HEALTH,
  'health-retries': HEALTH,
  'health-start-interval': HEALTH,
  'health-start-period': HEALTH,
  'health-timeout': HEALTH,
  'io-maxbandwidth': WINDOWS,
  'io-maxiops': WINDOWS,
  ip: NETWORK,
  ip6: NETWORK,
  ipc: LATER,
  isolation: WINDOWS,
  'kernel-memory': CGROUP,
  link: NETWORK,
  'link-local-ip': NETWORK,
  'mac-address': NETWORK,
  'memory-reservation': CGROUP,
  'memory-swappiness': CGROUP,
  'network-alias': NETWORK,
  'oom-kill-disable': ROOT,
  pid: LATER,
  'storage-opt': LATER,
  'use-api-socket': LATER,
  userns: LATER,
  uts: LATER,
  'volume-driver': 'not supported: there is only the driver "local"',
  'volumes-from': LATER,
} as const;

/** Flags without a value in Docker. */
const SWITCHES: readonly string[] = ['disable-content-trust', 'oom-kill-disable', 'use-api-socket'];
const LETTERS: Readonly<Record<string, string>> = { 'cpu-shares': 'c' };

function refused(name: string, reason: string): MaybeFlag<never> {
  const char = LETTERS[name];
  return flag.custom<never>({
    hidden: true,
    ...(char ? { char } : {}),
    ...(SWITCHES.includes(name) ? { bareValue: 'true' } : {}),
    parse: () => {
      throw new Error(reason);
    },
  });
}

export const unsupportedFlags = Object.fromEntries(
  Object.entries(REASONS).map(([name, reason]) => [name, refused(name, reason)]),
) as Record<keyof typeof REASONS, MaybeFlag<never>>;
