// Open-file-description locks (fcntl(2), F_OFD_SETLK): they belong to the open file, are inherited by children that get the
// descriptor, and die with the last holder. Asking with F_OFD_GETLK takes nothing, so a reader can never block or be blocked.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { EngineError, errnoOf } from './errors.ts';
import { c, check, errno, ptr } from './ffi.ts';

const F_OFD_GETLK = 36;
const F_OFD_SETLK = 37;
const F_RDLCK = 0;
const F_WRLCK = 1;
const F_UNLCK = 2;
const EAGAIN = 11;
const EACCES = 13;

export interface Lock {
  readonly fd: number;
  /** Closes the descriptor, which frees the lock unless a child inherited it. */
  release(): void;
}

/** Takes the exclusive lock on `path` (made if missing) or returns undefined when another open file holds it. */
export function tryLock(path: string, mode: 'exclusive' | 'shared' = 'exclusive'): Lock | undefined {
  const fd = openForLock(path);
  const request = flock(mode === 'shared' ? F_RDLCK : F_WRLCK);
  if (c.fcntl(fd, F_OFD_SETLK, BigInt(ptr(request))) === 0) {
    return { fd, release: () => closeSync(fd) };
  }
  const failure = errno();
  closeSync(fd);
  if (failure === EAGAIN || failure === EACCES) return undefined;
  return check(-1, 'fcntl', path) as never;
}

/** Whether anyone holds the lock on `path`. Takes nothing; a missing file is not locked. */
export function isLocked(path: string): boolean {
  let fd: number;
  try {
    fd = openSync(path, 'r+');
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return false;
    throw error;
  }
  try {
    const request = flock(F_WRLCK);
    check(c.fcntl(fd, F_OFD_GETLK, BigInt(ptr(request))), 'fcntl', path);
    return request.readInt16LE(0) !== F_UNLCK;
  } finally {
    closeSync(fd);
  }
}

/**
 * Runs `fn` under the exclusive lock on `path`, waiting for at most `timeoutMs` (default 10 000).
 * `fn` must be short: no network, no child, no other wait while the lock is held. Throws ERR_LOCK_TIMEOUT.
 */
export function withLock<T>(path: string, fn: () => T, options: { timeoutMs?: number } = {}): T {
  const deadline = performance.now() + (options.timeoutMs ?? 10_000);
  let pauseMs = 1;
  for (;;) {
    const lock = tryLock(path);
    if (lock) {
      try {
        return fn();
      } finally {
        lock.release();
      }
    }
    if (performance.now() > deadline) {
      throw new EngineError('ERR_LOCK_TIMEOUT', `Cannot lock "${path}": another process has held it for too long`, {
        hint: `See who holds it: fuser -v ${path}`,
      });
    }
    Bun.sleepSync(pauseMs);
    pauseMs = Math.min(pauseMs * 2, 20);
  }
}

function openForLock(path: string): number {
  try {
    return openSync(path, 'a+', 0o600);
  } catch (error) {
    if (errnoOf(error) !== 'ENOENT') throw error;
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    return openSync(path, 'a+', 0o600);
  }
}

// struct flock { short l_type, l_whence; off_t l_start, l_len; pid_t l_pid } - 32 bytes on 64-bit Linux; l_pid must be 0.
function flock(type: number): Buffer {
  const buffer = Buffer.alloc(32);
  buffer.writeInt16LE(type, 0);
  return buffer;
}
