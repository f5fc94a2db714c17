// renameat2(2): two paths change places, or one is renamed to a name that nobody has, in one step that a kill cannot halve.
import { dlopen } from 'bun:ffi';
import { check, cstr, ptr } from './ffi.ts';

const { symbols: f } = dlopen('libc.so.6', {
  renameat2: { args: ['i32', 'ptr', 'i32', 'ptr', 'u32'], returns: 'i32' },
});

const AT_FDCWD = -100;
const RENAME_NOREPLACE = 1;
const RENAME_EXCHANGE = 2;

/** What is `one` becomes `other`, and the other way round. Throws SystemError: EINVAL where the file system cannot. */
export function exchange(one: string, other: string): void {
  check(f.renameat2(AT_FDCWD, ptr(cstr(one)), AT_FDCWD, ptr(cstr(other)), RENAME_EXCHANGE), 'renameat2', other);
}

/** Throws SystemError: EEXIST when something is called `to` already. */
export function renameToNew(from: string, to: string): void {
  check(f.renameat2(AT_FDCWD, ptr(cstr(from)), AT_FDCWD, ptr(cstr(to)), RENAME_NOREPLACE), 'renameat2', to);
}
