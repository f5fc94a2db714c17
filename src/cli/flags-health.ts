// The flags of `run` and `create` that say how a container's health is checked, with Docker's names and rules (`--health-on-failure` is
// Podman's). Durations are Go's (`1m30s`); 0 leaves a setting to the image or to the default.
import type { ContainerExtras, Healthcheck } from '../engine/create/options.ts';
import { parseSpan } from '../engine/timestamp.ts';
import { EngineError } from '../sys/errors.ts';
import { type FlagValues, flag } from './flag.ts';

/** Nanoseconds. */
function duration(text: string): number {
  const span = parseSpan(text);
  if (span !== undefined) return Math.round(span);
  throw new Error(/^[+-]?\d+$/.test(text) ? `time: missing unit in duration "${text}"` : `time: invalid duration "${text}"`);
}

const span = (description: string) => flag.custom({ helpValue: 'duration', description, parse: duration });

const ACTIONS = ['none', 'kill', 'restart', 'stop'] as const;

function action(text: string): (typeof ACTIONS)[number] {
  const found = ACTIONS.find((known) => known === text);
  if (found) return found;
  throw new Error(`must be one of ${ACTIONS.map((known) => `"${known}"`).join(', ')}`);
}

export const healthFlags = {
  'health-cmd': flag.string({ description: 'Command to run to check health' }),
  'health-interval': span('Time between running the check (ms|s|m|h) (default 30s)'),
  'health-on-failure': flag.custom({
    description: 'What to do with the container when it becomes unhealthy (none, kill, restart, stop)',
    parse: action,
  }),
  'health-retries': flag.integer({ description: 'Consecutive failures needed to report unhealthy (default 3)' }),
  'health-start-interval': span('Time between running the check during the start period (ms|s|m|h) (default 5s)'),
  'health-start-period': span(
    'Start period for the container to initialize before starting health-retries countdown (ms|s|m|h) (default 0s)',
  ),
  'health-timeout': span('Maximum time to allow one check to run (ms|s|m|h) (default 30s)'),
  'no-healthcheck': flag.boolean({ description: 'Disable any container-specified HEALTHCHECK' }),
};

type HealthFlags = FlagValues<typeof healthFlags>;

/** What is to be laid over the image's check; nothing where no flag says anything. Throws ERR_BAD_OPTION. */
export function healthOptions(flags: HealthFlags): { Healthcheck?: Healthcheck } {
  const amounts = {
    Interval: flags['health-interval'],
    Timeout: flags['health-timeout'],
    StartPeriod: flags['health-start-period'],
    StartInterval: flags['health-start-interval'],
    Retries: flags['health-retries'],
  };
  const given = Object.entries(amounts).filter(([, value]) => value !== undefined && value !== 0);
  const command = flags['health-cmd'];
  if (!command && given.length === 0) return flags['no-healthcheck'] ? { Healthcheck: { Test: ['NONE'] } } : {};
  if (flags['no-healthcheck']) throw refuse('--no-healthcheck conflicts with --health-* options', 'Leave one of the two out');
  for (const name of AMOUNTS) {
    if ((flags[name] ?? 0) < 0) throw refuse(`--${name} cannot be negative`, 'Give 0 for the default');
  }
  return { Healthcheck: { ...(command ? { Test: ['CMD-SHELL', command] } : {}), ...Object.fromEntries(given) } };
}

/** What skiff has beyond Docker's configuration. */
export function healthExtras(flags: HealthFlags): Pick<ContainerExtras, 'HealthOnFailure'> {
  const wanted = flags['health-on-failure'];
  return wanted && wanted !== 'none' ? { HealthOnFailure: wanted } : {};
}

const AMOUNTS = ['health-interval', 'health-timeout', 'health-retries', 'health-start-period', 'health-start-interval'] as const;

const refuse = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_OPTION', message, { hint, exitCode: 125 });
