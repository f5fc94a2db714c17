// Flags of Docker's `run` and `create` that skiff knows and refuses: each with the reason, so that none is accepted and ignored.
// They stay out of the help.
import type { MaybeFlag } from './flag.ts';
import { refused } from './refused.ts';

const REALTIME = 'not possible: cgroup v2 hands no real-time CPU time to anybody but root';
const WINDOWS = 'only means something on Windows';

const REASONS = {
  'cpu-count': WINDOWS,
  'cpu-percent': WINDOWS,
  'cpu-rt-period': REALTIME,
  'cpu-rt-runtime': REALTIME,
  'device-cgroup-rule': 'not possible without root: a device is given with --device, and can be used as far as you can use it yourself',
  'disable-content-trust': 'not supported: there is no content trust to disable',
  'io-maxbandwidth': WINDOWS,
  'io-maxiops': WINDOWS,
  'kernel-memory': 'not possible: cgroup v2 counts kernel memory with --memory',
  link: 'not supported: put both on a network of their own, where they find each other by name: skiff network create NAME, --network NAME',
  'oom-kill-disable': 'not possible: cgroup v2 always ends a program when memory runs out',
  'use-api-socket': 'not supported yet: there is no API socket',
} as const;

/** Flags without a value in Docker. */
const SWITCHES: readonly string[] = ['disable-content-trust', 'oom-kill-disable', 'use-api-socket'];

export const unsupportedFlags = Object.fromEntries(
  Object.entries(REASONS).map(([name, reason]) => [name, refused(reason, { isSwitch: SWITCHES.includes(name) })]),
) as Record<keyof typeof REASONS, MaybeFlag<never>>;
