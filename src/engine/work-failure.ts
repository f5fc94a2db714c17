// An error on its way between two processes of ours: as a message, and back.
import type { WorkFailure } from '../runtime/messages-work.ts';
import { EngineError, errnoOf, messageOf } from '../sys/errors.ts';

export function failureOf(error: unknown): WorkFailure {
  if (error instanceof EngineError) {
    return { type: 'failed', code: error.code, message: error.message, hint: error.hint, exitCode: error.exitCode };
  }
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined;
  return { type: 'failed', code: errnoOf(error) ?? 'ERR_INTERNAL', message: messageOf(error), exitCode: 1, path };
}

/** An EngineError, or what a failed system call throws. */
export function errorOf(failure: WorkFailure): Error {
  const { code, message, hint, exitCode, path } = failure;
  if (code.startsWith('ERR_')) return new EngineError(code, message, { ...(hint === undefined ? {} : { hint }), exitCode });
  return Object.assign(new Error(message), { code, path });
}
