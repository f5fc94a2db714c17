// Checks a container's health again and again: one check at a time, the next as long after the end of the last as its plan says. Loaded
// only for containers that have a check.
import type { HealthState } from '../../../storage/records.ts';
import { messageOf } from '../../../sys/errors.ts';
import type { HealthPlan } from '../../health-plan.ts';
import { afterCheck, type CheckRecord, nextCheckMs } from './rules.ts';

export interface HealthSite {
  plan: HealthPlan;
  /** When the container was started, by `performance.now()`. */
  startedMs: number;
  now(): Date;
  health(): HealthState;
  /** Runs the check once; ends early on `signal`. What it throws is a failed check. */
  check(signal: AbortSignal): Promise<Pick<CheckRecord, 'exitCode' | 'output'>>;
  /** Whether the container's program still runs: the check of one that has ended says nothing. */
  isAlive(): boolean;
  /** Called with the health after each check. */
  update(health: HealthState): void;
}

export interface HealthMonitor {
  /** Checks at once, or when the check that runs is over; the exit code, or undefined when there is nothing left to check. */
  checkNow(): Promise<number | undefined>;
  /** No further check; resolves when the one that runs has been ended. */
  stop(): Promise<void>;
}

/** setTimeout knows no longer one. */
const LONGEST_MS = 2 ** 31 - 1;

/** The first check comes an interval after the call. */
export function monitorHealth(site: HealthSite): HealthMonitor {
  const stopped = new AbortController();
  const sinceStart = (): number => performance.now() - site.startedMs;
  let checking: Promise<number | undefined> | undefined;
  let timer: Timer;
  const schedule = (): void => {
    const pause = Math.min(nextCheckMs(site.plan, site.health(), sinceStart()), LONGEST_MS);
    timer = setTimeout(begin, pause);
  };
  const begin = (): Promise<number | undefined> => {
    clearTimeout(timer);
    checking = round().finally(() => {
      checking = undefined;
    });
    return checking;
  };
  const round = async (): Promise<number | undefined> => {
    const [start, startMs] = [site.now(), sinceStart()];
    const result = await site.check(stopped.signal).catch((error: unknown) => ({ exitCode: -1, output: messageOf(error) }));
    if (stopped.signal.aborted || !site.isAlive()) return undefined;
    site.update(afterCheck(site.health(), { start, end: site.now(), ...result }, site.plan, startMs));
    schedule();
    return result.exitCode;
  };
  schedule();
  return {
    checkNow: async () => {
      while (checking) await checking;
      return stopped.signal.aborted ? undefined : begin();
    },
    stop: async () => {
      stopped.abort();
      clearTimeout(timer);
      await checking;
    },
  };
}
