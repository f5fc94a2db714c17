// How checks make a container healthy or unhealthy, by Docker's rules: one success is enough, failures count in a row, and those of a
// container that was never healthy do not count in its start period. The last five checks are kept.
import type { HealthState } from '../../../storage/records.ts';
import type { HealthPlan } from '../../health-plan.ts';

export interface CheckRecord {
  start: Date;
  end: Date;
  /** 0 is healthy, everything else a failure; -1: it could not be run, or took too long. */
  exitCode: number;
  output: string;
}

const KEPT = 5;

/** A container that has just been started; `before` is what an earlier run left, whose checks are kept. */
export function atStart(before: HealthState | undefined): HealthState {
  return { Status: 'starting', FailingStreak: 0, Log: before?.Log ?? [] };
}

/** How long to wait for the next check, ms. `sinceStartMs`: since the container was started. */
export function nextCheckMs(plan: HealthPlan, { Status }: HealthState, sinceStartMs: number): number {
  return Status === 'starting' && sinceStartMs < plan.startPeriodMs ? plan.startIntervalMs : plan.intervalMs;
}

/** The health after a check. `sinceStartMs`: from the container's start to the check's. */
export function afterCheck(
  health: HealthState,
  check: CheckRecord,
  { retries, startPeriodMs }: HealthPlan,
  sinceStartMs: number,
): HealthState {
  const entry = { Start: check.start.toISOString(), End: check.end.toISOString(), ExitCode: check.exitCode, Output: check.output };
  const Log = [...health.Log, entry].slice(-KEPT);
  if (check.exitCode === 0) return { Status: 'healthy', FailingStreak: 0, Log };
  if (health.Status === 'starting' && sinceStartMs < startPeriodMs) return { ...health, Log };
  const FailingStreak = health.FailingStreak + 1;
  return { Status: FailingStreak >= retries ? 'unhealthy' : health.Status, FailingStreak, Log };
}
