// A RUN that failed: what Docker says of it, and how to look around where it failed. The end of its output is shown by who follows the events.
import { EngineError } from '../../sys/errors.ts';
import type { RanStep } from './model.ts';

export function failedRun({ args, ran }: { args: readonly string[]; ran: RanStep }): EngineError {
  const how = ran.ending === undefined ? `exit code: ${ran.exitCode}` : `exit code: ${ran.exitCode}: ${ran.ending}`;
  return new EngineError('ERR_RUN_FAILED', `process ${JSON.stringify(args.join(' '))} did not complete successfully: ${how}`, {
    hint: 'Look around in it as it was left: the same command with --on-error shell',
  });
}
