// The one error type that reaches a user. Message: sentence case, active voice, no final period, values quoted,
// what failed first. `hint` is what to do, a command to paste where there is one. Only cli/ formats it.

export interface EngineErrorOptions {
  hint?: string;
  cause?: unknown;
  /** Docker's exit code: 1 for a refused request, 125 run failed, 126 not executable, 127 not found. */
  exitCode?: number;
}

/** A failure with a stable `code` (ERR_…), a sentence for the user, and Docker's exit code. */
export class EngineError extends Error {
  readonly code: string;
  readonly hint: string | undefined;
  readonly exitCode: number;

  constructor(code: string, message: string, options: EngineErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.name = 'EngineError';
    this.code = code;
    this.hint = options.hint;
    this.exitCode = options.exitCode ?? 1;
  }
}

/** The errno name (`ENOENT`, …) of a thrown system error, or undefined. */
export function errnoOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/** Whether the error says that there is no room left, on the disk or in a quota. */
export function isDiskFull(error: unknown): boolean {
  return errnoOf(error) === 'ENOSPC' || errnoOf(error) === 'EDQUOT';
}

/** The message of anything thrown. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
