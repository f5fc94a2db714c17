// Which capabilities a container's process has. Names are kept in the kernel's spelling (`CAP_NET_RAW`); users may leave `CAP_` out
// and use any case, as Docker lets them. All of them count only inside the user namespace: none reaches the host.
import { EngineError } from '../../sys/errors.ts';
import type { OciCapabilities } from './types.ts';

/** In the kernel's order: the index is the capability's number (linux/capability.h). */
export const ALL_CAPABILITIES: readonly string[] =
  `CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE NET_BROADCAST NET_ADMIN
  NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME
  SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON
  BPF CHECKPOINT_RESTORE`
    .split(/\s+/)
    .map((name) => `CAP_${name}`);

/** Docker's fourteen. */
export const DEFAULT_CAPABILITIES: readonly string[] =
  'CHOWN DAC_OVERRIDE FSETID FOWNER MKNOD NET_RAW SETGID SETUID SETFCAP SETPCAP NET_BIND_SERVICE SYS_CHROOT KILL AUDIT_WRITE'
    .split(' ')
    .map((name) => `CAP_${name}`);

export interface CapabilityRequest {
  add: readonly string[];
  drop: readonly string[];
  privileged: boolean;
  /** The highest capability number this kernel knows (`/proc/sys/kernel/cap_last_cap`). */
  lastCapability: number;
}

/** `net_raw`, `CAP_NET_RAW` → `CAP_NET_RAW`; `all` → `ALL`. Throws for a name that is none. */
export function normalizeCapability(name: string): string {
  const upper = name.trim().toUpperCase();
  if (upper === 'ALL' || upper === 'CAP_ALL') return 'ALL';
  const full = upper.startsWith('CAP_') ? upper : `CAP_${upper}`;
  if (ALL_CAPABILITIES.includes(full)) return full;
  throw new EngineError('ERR_CAPABILITY', `Invalid capability: unknown capability "${name}"`, {
    hint: 'Use a name of capabilities(7), such as NET_ADMIN or SYS_PTRACE, or ALL',
    exitCode: 125,
  });
}

/** The bounding set, in the order Docker prints: defaults or all, less the dropped, plus the added. */
export function capabilitySet(request: CapabilityRequest): string[] {
  const known = ALL_CAPABILITIES.slice(0, request.lastCapability + 1);
  if (request.privileged) return known;
  const add = request.add.map(normalizeCapability);
  const drop = request.drop.map(normalizeCapability);
  if (add.includes('ALL')) return known.filter((name) => !drop.includes(name));
  const base = drop.includes('ALL') ? [] : DEFAULT_CAPABILITIES.filter((name) => !drop.includes(name));
  const added = add.filter((name) => !base.includes(name) && known.includes(name));
  return [...base, ...new Set(added)];
}

/** Docker's rule: root has the set at once, anybody else only may gain it (setuid programs, file capabilities). */
export function processCapabilities(set: string[], uid: number): OciCapabilities {
  return uid === 0 ? { bounding: set, effective: set, permitted: set } : { bounding: set };
}
