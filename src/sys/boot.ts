// The kernel's boot id: state written under another one describes processes that no longer exist.
import { readFileSync } from 'node:fs';

/** The boot id (a UUID). `SKIFF_BOOT_ID` stands in for it, so that a reboot can be told without one. */
export function bootId(env: Readonly<Record<string, string | undefined>>): string {
  if (env.SKIFF_BOOT_ID) return env.SKIFF_BOOT_ID;
  // A list of containers asks for it once for each.
  own ??= readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  return own;
}

let own: string | undefined;
