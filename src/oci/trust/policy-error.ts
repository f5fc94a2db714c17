// What is said of a policy file that cannot be used. It must stop every pull, so its hint says so.
import { EngineError } from '../../sys/errors.ts';

/** `why` ends the sentence. */
export function brokenPolicy(path: string, why: string, cause?: unknown): EngineError {
  return new EngineError('ERR_POLICY_FILE', `Cannot use the policy "${path}": ${why}`, {
    hint: 'Nothing is pulled until it is corrected or removed',
    cause,
  });
}
