// What this host and the user namespace we stand in allow, read from /proc and /dev. Called by the supervisor, inside the user namespace.
import { accessSync, constants, readdirSync, readFileSync, statSync } from 'node:fs';
import { release } from 'node:os';
import { join } from 'node:path';
import { ALL_CAPABILITIES } from './capabilities.ts';

export interface HostFacts {
  /** Go's name: `amd64`, `arm64`. */
  architecture: string;
  kernelRelease: string;
  /** Highest capability number of this kernel. */
  lastCapability: number;
  /** Ids mapped from 0 up without a gap. */
  mappedUids: number;
  mappedGids: number;
  hasSeccomp: boolean;
  /** /proc/self/limits */
  limitsText: string;
  /** Paths of the device nodes that this user may read and write. Walks /dev, so it is only called when wanted. */
  openableDevices: () => string[];
}

const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'amd64', ia32: '386' };

/** Go's name of this machine. */
export const hostArchitecture = (): string => ARCHITECTURES[process.arch] ?? process.arch;

export function hostFacts(): HostFacts {
  const lastCapability = Number(readOr('/proc/sys/kernel/cap_last_cap', ''));
  return {
    architecture: hostArchitecture(),
    kernelRelease: release(),
    lastCapability: lastCapability > 0 ? lastCapability : ALL_CAPABILITIES.length - 1,
    mappedUids: mappedIds(readOr('/proc/self/uid_map', '')),
    mappedGids: mappedIds(readOr('/proc/self/gid_map', '')),
    hasSeccomp: /^Seccomp:/m.test(readOr('/proc/self/status', '')),
    limitsText: readOr('/proc/self/limits', ''),
    openableDevices: () => openableDevices('/dev'),
  };
}

/** How many ids from 0 up the text of a uid_map or gid_map maps without a gap. */
export function mappedIds(text: string): number {
  const ranges = text
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .filter((fields): fields is [number, number, number] => fields.length === 3)
    .toSorted(([a], [b]) => a - b);
  let mapped = 0;
  for (const [inside, , count] of ranges) {
    if (inside !== mapped) break;
    mapped += count;
  }
  return mapped;
}

/** Made anew in every container, so never taken from the host. */
const OWN_DEVICES = ['null', 'zero', 'full', 'random', 'urandom', 'tty', 'console', 'ptmx', 'init'];
const OWN_FOLDERS = ['pts', 'shm', 'mqueue', 'fd'];

// access(2) in place of open(2): opening some devices acts (a watchdog starts, a tape rewinds).
function openableDevices(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return folder === '/dev' && OWN_FOLDERS.includes(entry.name) ? [] : readable(path);
    if (!entry.isCharacterDevice() && !entry.isBlockDevice()) return [];
    return folder === '/dev' && OWN_DEVICES.includes(entry.name) ? [] : isOpenable(path) ? [path] : [];
  });
}

function readable(folder: string): string[] {
  try {
    return openableDevices(folder);
  } catch {
    return [];
  }
}

function isOpenable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK | constants.W_OK);
    const stat = statSync(path);
    return stat.isCharacterDevice() || stat.isBlockDevice();
  } catch {
    return false;
  }
}

function readOr(path: string, fallback: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return fallback;
  }
}
