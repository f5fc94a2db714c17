// `--ulimit` as POSIX rlimits. A user may lower a limit but never raise the hard one, and the runtime fails on trying: what is asked
// for beyond it is cut to it.
import type { OciRlimit } from './types.ts';

export interface Ulimit {
  Name: string;
  Soft: number;
  Hard: number;
}

/** Names of setrlimit(2) as `--ulimit` spells them → their rows in /proc/PID/limits. */
const ROWS: Readonly<Record<string, string>> = {
  core: 'Max core file size',
  cpu: 'Max cpu time',
  data: 'Max data size',
  fsize: 'Max file size',
  locks: 'Max file locks',
  memlock: 'Max locked memory',
  msgqueue: 'Max msgqueue size',
  nice: 'Max nice priority',
  nofile: 'Max open files',
  nproc: 'Max processes',
  rss: 'Max resident set',
  rtprio: 'Max realtime priority',
  rttime: 'Max realtime timeout',
  sigpending: 'Max pending signals',
  stack: 'Max stack size',
};

export const ULIMIT_NAMES: readonly string[] = Object.keys(ROWS);

/** The runtime's form of `ulimits`; -1 is unlimited. `limitsText` is /proc/self/limits. */
export function rlimits(ulimits: readonly Ulimit[], limitsText: string): OciRlimit[] {
  return ulimits.map(({ Name, Soft, Hard }) => {
    const hostHard = hardLimit(limitsText, Name);
    const hard = Math.min(unlimited(Hard), hostHard);
    return { type: `RLIMIT_${Name.toUpperCase()}`, soft: finite(Math.min(unlimited(Soft), hard)), hard: finite(hard) };
  });
}

/** The names of `ulimits` that are cut, for a warning. */
export function cutUlimits(ulimits: readonly Ulimit[], limitsText: string): string[] {
  return ulimits.filter(({ Name, Hard }) => unlimited(Hard) > hardLimit(limitsText, Name)).map(({ Name }) => Name);
}

function hardLimit(limitsText: string, name: string): number {
  const line = limitsText.split('\n').find((row) => row.startsWith(`${ROWS[name]} `));
  const hard = line
    ?.slice((ROWS[name] ?? '').length)
    .trim()
    .split(/\s+/)[1];
  return hard === undefined || hard === 'unlimited' ? Number.POSITIVE_INFINITY : Number(hard);
}

const unlimited = (value: number): number => (value < 0 ? Number.POSITIVE_INFINITY : value);
/** RLIM_INFINITY is 2^64-1; the nearest double prints as an integer that overflows, so -1 stands for it (runtimes read it as uint64). */
const finite = (value: number): number => (Number.isFinite(value) ? value : -1);
