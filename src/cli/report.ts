// The one place that turns anything thrown into text for the user and an exit code. An EngineError is a sentence and a hint; what
// nobody foresaw is one sentence too, its stack only in debug mode.
import { EngineError, errnoOf, messageOf } from '../sys/errors.ts';

export interface Report {
  text: string;
  exitCode: number;
}

/** `errorExitCode`: what the command exits with where the error names no code of its own (`run`: 125). */
export function reportOf(error: unknown, { debug, errorExitCode = 1 }: { debug: boolean; errorExitCode?: number }): Report {
  const known = error instanceof EngineError ? error : fromErrno(error);
  const exitCode = known && known.exitCode !== 1 ? known.exitCode : errorExitCode;
  const lines = known ? [`skiff: ${known.message}`] : [`skiff: internal error: ${firstLine(messageOf(error))}`];
  if (known?.hint) lines.push(known.hint);
  if (!known && !debug) lines.push('Run the command again with SKIFF_DEBUG=1 for the details');
  if (debug) lines.push(...stacksOf(error));
  return { text: `${lines.join('\n')}\n`, exitCode };
}

/** Failures of the machine, not of skiff, that any system call may meet. */
function fromErrno(error: unknown): EngineError | undefined {
  const path = pathOf(error);
  const at = path === undefined ? '' : ` writing "${path}"`;
  switch (errnoOf(error)) {
    case 'ENOSPC':
      return new EngineError('ERR_DISK_FULL', `No space left on device${at}`, {
        hint: 'Free some space, for instance with: skiff rm, skiff rmi, skiff system check --repair',
      });
    case 'EDQUOT':
      return new EngineError('ERR_DISK_QUOTA', `Disk quota exceeded${at}`, { hint: 'Free some space or ask for a larger quota' });
    case 'EROFS':
      return new EngineError('ERR_READ_ONLY', `Read-only file system${at}`, { hint: 'Choose another folder with --root or SKIFF_ROOT' });
    case 'EACCES':
    case 'EPERM':
      // Without a path it is no file that the user could see to.
      if (path === undefined) return undefined;
      return new EngineError('ERR_PERMISSION', `Permission denied: "${path}"`, {
        hint: 'See whose it is: ls -ld, on it and the folders above it. Another store is chosen by --root or SKIFF_ROOT',
      });
    case 'EMFILE':
    case 'ENFILE':
      return new EngineError('ERR_TOO_MANY_FILES', 'Too many open files', { hint: 'Raise the limit with: ulimit -n 65536' });
    default:
      return undefined;
  }
}

const pathOf = (error: unknown): string | undefined =>
  error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : undefined;

function firstLine(message: string): string {
  return message.split('\n', 1)[0] ?? '';
}

function stacksOf(error: unknown): string[] {
  const stacks: string[] = [];
  for (let at = error; at instanceof Error; at = at.cause)
    stacks.push(`${stacks.length === 0 ? '' : 'Caused by: '}${at.stack ?? at.message}`);
  return stacks;
}
