// What lies mounted below the source of a bind mount: whether it can be made read-only with it, or left out.
import { readFileSync, realpathSync } from 'node:fs';
import { release } from 'node:os';
import type { MountPoint } from '../storage/records.ts';
import { EngineError } from '../sys/errors.ts';
import { detachIfMounted } from '../sys/mount.ts';

/**
 * The mount with what Docker means by read-only: what is mounted below the source is read-only too, where the kernel can do that
 * (5.12). Throws ERR_SUBMOUNTS when the user insists on that where it cannot be done, or wants to leave out mounts that may not be.
 */
export function settleRecursion(point: MountPoint, kernel = release()): MountPoint {
  const { Type, Source, RW, Recursion } = point;
  if (Type !== 'bind') return point;
  const canAll = isAtLeast(kernel, 5, 12);
  if (Recursion === 'readonly' && !canAll) {
    throw new EngineError('ERR_SUBMOUNTS', `Cannot make "${Source}" read-only with all that is mounted below it: the kernel is ${kernel}`, {
      hint: 'Linux 5.12 can; use bind-recursive=writable to have only the folder itself read-only',
      exitCode: 125,
    });
  }
  if (Recursion === 'disabled' && hasSubmounts(Source)) {
    // The kernel keeps what a more privileged namespace mounted over a folder from being lifted (mount_namespaces(7)).
    throw new EngineError('ERR_SUBMOUNTS', `Cannot mount "${Source}" without what is mounted below it: only root may uncover that`, {
      hint: 'Leave bind-recursive=disabled out, or name a folder that has no other mounts in it',
      exitCode: 125,
    });
  }
  return !RW && Recursion === undefined && canAll && hasSubmounts(Source) ? { ...point, Recursion: 'readonly' } : point;
}

/** Whether anything is mounted below `path`, itself not counted. */
export function hasSubmounts(path: string, mountinfo = readFileSync('/proc/self/mountinfo', 'latin1')): boolean {
  const folder = Buffer.from(realpathSync(path)).toString('latin1').replace(/\/$/, '');
  return mountinfo.split('\n').some((line) => unescaped(line.split(' ')[4] ?? '').startsWith(`${folder}/`));
}

/**
 * Detaches whatever is mounted below the folder, the last first. Throws where something stays: who deletes the folder then would delete what
 * is shown in it.
 */
export function detachBelow(path: string): void {
  const folder = realpathSync(path);
  for (let round = 0; round < ROUNDS; round++) {
    const points = mountPoints().filter((point) => point.startsWith(`${folder}/`));
    if (points.length === 0) return;
    for (const point of points.toReversed()) detachIfMounted(point);
  }
  throw new Error(`Something is mounted below "${folder}" that does not go`);
}

const ROUNDS = 5;

const mountPoints = (): string[] =>
  readFileSync('/proc/self/mountinfo', 'latin1')
    .split('\n')
    .map((line) => Buffer.from(unescaped(line.split(' ')[4] ?? ''), 'latin1').toString());

/** Blanks and backslashes stand as octal numbers there (proc(5)). */
const unescaped = (text: string): string =>
  text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

function isAtLeast(kernel: string, major: number, minor: number): boolean {
  const [, first = 0, second = 0] = (/^(\d+)\.(\d+)/.exec(kernel) ?? []).map(Number);
  return first > major || (first === major && second >= minor);
}
