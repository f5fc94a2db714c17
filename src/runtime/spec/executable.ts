// Says, before the runtime tries, whether the kernel can run a container's command, so that the answer can be a sentence with Docker's
// exit code: 127 not found, 126 not executable, a folder, or made for another machine. It errs on the side of "can": what cannot be
// known yet (a command on a tmpfs, say) is left to the runtime.
import { closeSync, openSync, readSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { EngineError } from '../../sys/errors.ts';
import { getXattr } from '../../sys/xattr.ts';
import { type Access, type Lookup, lookInside, type RootView } from './inside.ts';

export interface ExecutableCheck {
  view: RootView;
  /** As given: `sh`, `./run`, `/bin/sh`. */
  command: string;
  /** The container's environment, for PATH. */
  env: readonly string[];
  cwd: string;
  /** Who is to run it, in the ids that files show here; default root. */
  user?: { uid: number; gid: number; additionalGids: readonly number[] /** Default: uid 0 is. */; isRoot?: boolean };
  /** It is added to a running container. */
  isExec?: boolean;
  /** What cannot be known yet is not left to the runtime: it throws ERR_CANNOT_TELL. */
  mustKnow?: boolean;
  /** Go's name of this machine, `amd64` or `arm64`. */
  architecture: string;
  /** Whether the kernel runs a foreign program with these first bytes all the same (binfmt_misc). */
  canRun: (head: Uint8Array) => boolean;
}

/** `e_machine` of the ELF header (elf.h) → Go's name. */
const MACHINES: Readonly<Record<number, string>> = {
  3: '386',
  8: 'mips',
  20: 'ppc',
  21: 'ppc64',
  22: 's390x',
  40: 'arm',
  62: 'amd64',
  183: 'arm64',
  243: 'riscv64',
  258: 'loong64',
};

/** What a kernel of this kind runs by itself besides its own: 32-bit programs of the same family. */
const NATIVE_KIN: Readonly<Record<string, readonly string[]>> = { amd64: ['386'], arm64: ['arm'] };

/** qemu-user's names where they differ from Go's. */
const QEMU_NAMES: Readonly<Record<string, string>> = { amd64: 'x86_64', arm64: 'aarch64', '386': 'i386', loong64: 'loongarch64' };

const SCRIPT_LEVELS = 4;
const HEAD_BYTES = 256;

/** Throws EngineError with exit code 126 or 127 when the command certainly cannot run. */
export function checkExecutable(check: ExecutableCheck): void {
  try {
    findExecutable(check);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    const { code, message, hint, exitCode } = error;
    throw new EngineError(code, `${check.isExec ? EXEC_FAILED : 'Failed to create task for container'}: ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      exitCode,
    });
  }
}

/** How Docker begins when `exec` cannot start a program. */
export const EXEC_FAILED = 'OCI runtime exec failed: exec failed: unable to start container process';

class Refusal extends EngineError {}

function findExecutable(check: ExecutableCheck): void {
  const { command } = check;
  if (command.includes('/')) {
    const path = isAbsolute(command) ? command : join(check.cwd, command);
    verify(check, lookInside(check.view, path), `stat ${command}`, 0);
    return;
  }
  let unknown = false;
  let refused: Lookup | undefined;
  for (const folder of searchPath(check.env)) {
    const place = lookInside(check.view, join(isAbsolute(folder) ? folder : join(check.cwd, folder), command));
    if (place.found === 'unknown') unknown = true;
    if (place.found !== 'file') continue;
    if (mayExecute(check, place)) {
      verify(check, place, command, 0);
      return;
    }
    refused ??= place;
  }
  if (unknown) {
    leave(check);
    return;
  }
  if (refused) throw failure(126, 'ERR_NOT_EXECUTABLE', `exec: "${command}": permission denied`, NOT_EXECUTABLE_HINT);
  throw failure(127, 'ERR_COMMAND_NOT_FOUND', `exec: "${command}": executable file not found in $PATH`, NOT_FOUND_HINT);
}

function leave({ command, mustKnow = false }: ExecutableCheck): void {
  if (mustKnow) throw failure(126, 'ERR_CANNOT_TELL', `exec: "${command}": permission denied`, NOT_EXECUTABLE_HINT);
}

const NOT_FOUND_HINT = 'Check the spelling and that the image holds this program; an image without a shell cannot run "sh" or "bash"';
const NOT_EXECUTABLE_HINT = 'Make the file executable in the image for the user it runs as (chmod +x), or choose another user (-u)';

function verify(check: ExecutableCheck, place: Lookup, what: string, level: number): void {
  const { command } = check;
  if (place.found === 'unknown') {
    leave(check);
    return;
  }
  if (place.found === 'nothing') {
    throw failure(127, 'ERR_COMMAND_NOT_FOUND', `exec: "${command}": ${what}: no such file or directory`, NOT_FOUND_HINT);
  }
  if (place.found === 'not-a-directory') {
    throw failure(126, 'ERR_NOT_EXECUTABLE', `exec: "${command}": ${what}: not a directory`, NOT_FOUND_HINT);
  }
  if (place.found === 'directory') {
    throw failure(126, 'ERR_NOT_EXECUTABLE', `exec: "${command}": is a directory`, 'Name a program, not a folder, as the command');
  }
  if (place.found === 'other' || !mayExecute(check, place)) {
    throw failure(126, 'ERR_NOT_EXECUTABLE', `exec: "${command}": permission denied`, NOT_EXECUTABLE_HINT);
  }
  const head = readHead(place.host);
  if (!head) return;
  if (head.toString('latin1', 0, 2) === '#!') {
    if (level < SCRIPT_LEVELS) verifyInterpreter(check, head, level);
    return;
  }
  verifyMachine(check, head);
}

function verifyInterpreter(check: ExecutableCheck, head: Buffer, level: number): void {
  const line = head.toString('utf8', 2).split('\n')[0] ?? '';
  // The kernel drops blanks and tabs only: a carriage return is part of the name.
  const interpreter = line.replace(/^[ \t]+/, '').split(/[ \t]/)[0] ?? '';
  if (!interpreter) return;
  const place = lookInside(check.view, isAbsolute(interpreter) ? interpreter : join(check.cwd, interpreter));
  if (place.found === 'nothing') {
    const printed = interpreter.replace(/\r$/, '\\r');
    throw failure(
      127,
      'ERR_COMMAND_NOT_FOUND',
      `exec: "${check.command}": its interpreter "${printed}" does not exist in the image: no such file or directory`,
      interpreter.endsWith('\r')
        ? 'The script has Windows line ends: save it with Unix ones (dos2unix)'
        : `Install the interpreter in the image, or change the first line of the script`,
    );
  }
  verify(check, place, interpreter, level + 1);
}

function verifyMachine(check: ExecutableCheck, head: Buffer): void {
  if (head.length < 20 || head.readUInt32BE(0) !== 0x7f454c46) return;
  const isLittleEndian = head[5] === 1;
  const machine = isLittleEndian ? head.readUInt16LE(18) : head.readUInt16BE(18);
  const name = (machine === 21 && isLittleEndian ? 'ppc64le' : undefined) ?? MACHINES[machine] ?? `ELF machine ${machine}`;
  const native = [check.architecture, ...(NATIVE_KIN[check.architecture] ?? [])];
  if (native.includes(name) || check.canRun(head)) return;
  throw failure(
    126,
    'ERR_FOREIGN_ARCHITECTURE',
    `exec: "${check.command}": exec format error: the program is made for ${name}, and this machine is ${check.architecture}`,
    `Use an image for linux/${check.architecture}, or have the administrator install emulation (qemu-user-static and binfmt-support: ` +
      `no binfmt_misc entry "qemu-${QEMU_NAMES[name] ?? name}" is active)`,
  );
}

// Root needs one bit of the three (path_resolution(7), capabilities(7): CAP_DAC_OVERRIDE); another user that of their class, and the
// search bit of every folder on the way.
function mayExecute({ user }: ExecutableCheck, place: Lookup): boolean {
  if (!('mode' in place) || (place.mode & 0o111) === 0) return false;
  if (!user || (user.isRoot ?? user.uid === 0)) return true;
  const isOpen = ({ host, uid, gid, mode }: Access): boolean => {
    const shift = uid === user.uid ? 6 : gid === user.gid || user.additionalGids.includes(gid) ? 3 : 0;
    return ((mode >> shift) & 1) === 1 || getXattr(host, 'system.posix_acl_access') !== undefined;
  };
  return [place, ...place.folders].every(isOpen);
}

function searchPath(env: readonly string[]): string[] {
  const value = env.findLast((entry) => entry.startsWith('PATH='))?.slice('PATH='.length);
  return (value ?? DEFAULT_PATH).split(':').map((folder) => folder || '.');
}

/** Docker's PATH for an image that has none. */
export const DEFAULT_PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function readHead(path: string): Buffer | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch {
    return undefined;
  }
  try {
    const buffer = Buffer.alloc(HEAD_BYTES);
    return buffer.subarray(0, readSync(fd, buffer, 0, HEAD_BYTES, 0));
  } catch {
    return undefined;
  } finally {
    closeSync(fd);
  }
}

function failure(exitCode: number, code: string, message: string, hint: string): EngineError {
  return new Refusal(code, message, { hint, exitCode });
}
