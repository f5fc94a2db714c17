// Refuses health checks that cannot be, in Docker's words, once the user's settings lie over the image's.
import { healthPlan } from '../../runtime/health-plan.ts';
import type { ContainerConfig, ContainerExtras } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';

/** Nanoseconds. */
const SHORTEST = 1_000_000;
const SPANS = ['Interval', 'Timeout', 'StartPeriod', 'StartInterval'] as const;

/** Throws ERR_BAD_OPTION (exit code 125). */
export function checkHealth(config: ContainerConfig, { HealthOnFailure = 'none' }: ContainerExtras = {}): void {
  const check = config.Healthcheck;
  for (const name of SPANS) {
    const value = check?.[name] ?? 0;
    if (value !== 0 && value < SHORTEST) throw bad(`${name} in Healthcheck cannot be less than 1ms`, 'Give a time such as 10s');
  }
  if ((check?.Retries ?? 0) < 0) throw bad('Retries in Healthcheck cannot be negative', 'Give 0 for the default');
  if (HealthOnFailure !== 'none' && !healthPlan(config)) {
    throw bad(`Cannot set the on-failure action "${HealthOnFailure}" without a health check`, 'Give one by --health-cmd');
  }
}

const bad = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_OPTION', message, { hint, exitCode: 125 });
