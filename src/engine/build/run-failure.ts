// A RUN that failed: what Docker says of it, and how to look around where it failed. The end of its output is shown by who follows the events.
import { EngineError } from '../../sys/errors.ts';
import type { RanStep } from './model.ts';

/** `line`: of the Dockerfile, where the step stands. */
export function failedRun({ args, ran, line }: { args: readonly string[]; ran: RanStep; line: number }): EngineError {
  const how = ran.ending === undefined ? `exit code: ${ran.exitCode}` : `exit code: ${ran.exitCode}: ${ran.ending}`;
  return new EngineError('ERR_RUN_FAILED', `process ${JSON.stringify(args.join(' '))} did not complete successfully: ${how}`, {
    hint: `Look around in it: the same command with --on-error shell, or as it was before with --shell-at :${line}`,
  });
}
