// A gate in the runtime's way: a createRuntime hook (runtime-spec, config.md, POSIX-platform hooks) that waits for a line in a pipe. So the
// runtime sets the container up while the network is still being made, and the program runs once both are done.
// The hook is grep: it also has to take the container's state, which the runtime writes to it, and with the compiled seccomp filter in it
// those are 11 KB, which a shell would read in as many system calls. The pipe's end without that line is a failure: who dies opens nothing.
import { closeSync, writeSync } from 'node:fs';
import { makePipe } from '../../sys/fd.ts';
import type { OciHooks } from '../spec/types.ts';

export interface Gate {
  hooks: OciHooks;
  open(): void;
  /** Once the runtime is done, or will not come. A gate that was not opened by then keeps shut. */
  remove(): void;
}

// No line of the state is like it: line ends are escaped in JSON's texts.
const WORD = 'go';

/** Makes a closed gate; `grep` is the program's path. */
export function makeGate(grep: string): Gate {
  const { read, write } = makePipe();
  // Opening a pipe's end through /proc never waits, even for one that nobody writes to any more.
  const path = `/proc/${process.pid}/fd/${read}`;
  return {
    hooks: { createRuntime: [{ path: grep, args: ['grep', '-q', '-x', WORD, '-', path] }] },
    open: () => {
      writeSync(write, `${WORD}\n`);
    },
    remove: () => {
      closeSync(write);
      closeSync(read);
    },
  };
}
