// What system calls say while files are copied, as sentences that name the file.
import { EngineError, errnoOf } from '../../sys/errors.ts';

const WORDS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'operation not permitted',
  ENOENT: 'no such file or directory',
  ENOTDIR: 'not a directory',
  EISDIR: 'is a directory',
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  EROFS: 'read-only file system',
  EFBIG: 'file too large',
  EIO: 'input/output error',
  ELOOP: 'too many levels of symbolic links',
  ENAMETOOLONG: 'file name too long',
  EMFILE: 'too many open files',
  ENOTCONN: 'the file system behind it is gone',
  ECONNABORTED: 'the file system behind it is gone',
  EOPNOTSUPP: 'the file system cannot hold it',
  EMLINK: 'too many links',
};

/** Turns an error that reading `name` (of an archive whose top is `top`, a path for people) met into a sentence. */
export function readFailure(top: string): (name: string, error: unknown) => Error {
  return (name, error) => {
    const slash = name.indexOf('/');
    const below = slash < 0 ? '' : Buffer.from(name.slice(slash), 'latin1').toString().replace(/\/$/, '');
    return explained(`Cannot read "${top.replace(/\/\.?$/, '') + below || '/'}"`, error);
  };
}

/** The error of a system call that writing below `place` met; any other error as it is. */
export function writeFailure(place: string, error: unknown): Error {
  const path = error instanceof Error && 'path' in error && typeof error.path === 'string' ? error.path : '';
  const name = path.startsWith('.skiff-cp-') ? '' : Buffer.from(path, 'latin1').toString();
  return explained(`Cannot write to "${place}"${name === '' ? '' : ` ("${name}")`}`, error);
}

function explained(sentence: string, error: unknown): Error {
  const code = errnoOf(error);
  const words = code === undefined ? undefined : WORDS[code];
  if (!(error instanceof Error)) return new Error(String(error));
  if (words === undefined || error instanceof EngineError) return error;
  const hint = code === 'ENOSPC' || code === 'EDQUOT' ? { hint: 'Make room and copy again: what was copied so far is there' } : {};
  return new EngineError(`ERR_COPY_${code}`, `${sentence}: ${words}`, { cause: error, ...hint });
}
