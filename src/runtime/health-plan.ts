// What a container's health check asks for, with Docker's defaults in the place of what was left out.
import type { ContainerConfig, Healthcheck } from '../storage/records.ts';

export interface HealthPlan {
  /** Program and arguments. */
  command: string[];
  /** Between the end of a check and the next, once the start period is over or the container was healthy. */
  intervalMs: number;
  timeoutMs: number;
  /** From the container's start; failures of a container that was never healthy do not count in it. */
  startPeriodMs: number;
  /** In place of the interval, in the start period of a container that was never healthy. */
  startIntervalMs: number;
  /** Failures in a row that make it unhealthy. */
  retries: number;
}

const NANOSECONDS_IN_MS = 1e6;
const DEFAULT_SHELL = ['/bin/sh', '-c'];

/** The plan of a container's checks; undefined when it has none. */
export function healthPlan({ Healthcheck: check, Shell }: Pick<ContainerConfig, 'Healthcheck' | 'Shell'>): HealthPlan | undefined {
  const command = check && commandOf(check, Shell?.length ? Shell : DEFAULT_SHELL);
  if (!check || !command) return undefined;
  return {
    command,
    intervalMs: milliseconds(check.Interval, 30_000),
    timeoutMs: milliseconds(check.Timeout, 30_000),
    startPeriodMs: milliseconds(check.StartPeriod, 0),
    startIntervalMs: milliseconds(check.StartInterval, 5_000),
    retries: check.Retries && check.Retries > 0 ? check.Retries : 3,
  };
}

const milliseconds = (nanoseconds: number | undefined, otherwise: number): number =>
  nanoseconds ? nanoseconds / NANOSECONDS_IN_MS : otherwise;

function commandOf({ Test = [] }: Healthcheck, shell: readonly string[]): string[] | undefined {
  const [kind, ...rest] = Test;
  if (kind === 'CMD' && rest.length > 0) return rest;
  if (kind === 'CMD-SHELL' && rest.length > 0) return [...shell, rest.join(' ')];
  return undefined;
}
