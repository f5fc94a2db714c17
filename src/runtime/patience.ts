// How long the programs that bring a container up may take before we say which one hangs: a dead disk or network file system stops them for ever,
// and whoever waits for them with it. Slow machines can be given longer.
import { EngineError } from '../sys/errors.ts';

const DEFAULT_SECONDS = 60;

/** Milliseconds; SKIFF_START_TIMEOUT gives seconds. */
export function startPatienceMs(env: Readonly<Record<string, string | undefined>>): number {
  const seconds = Number(env.SKIFF_START_TIMEOUT);
  return (seconds > 0 ? seconds : DEFAULT_SECONDS) * 1000;
}

/** What to throw when `program` has not done `what` within `ms`. */
export function hangs(program: string, what: string, ms: number): EngineError {
  return new EngineError('ERR_HANGS', `"${program}" has not ${what} within ${ms / 1000} seconds`, {
    hint: 'A disk or network file system may not answer; on a slow machine give it longer with SKIFF_START_TIMEOUT=SECONDS',
    exitCode: 125,
  });
}
