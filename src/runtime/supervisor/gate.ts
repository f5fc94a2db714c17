// A gate in the runtime's way: a createRuntime hook (runtime-spec, config.md, POSIX-platform hooks) that reads a line from a FIFO. So the
// runtime sets the container up while pasta still configures the network, and the program runs once both are done.
import { openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { makeFifo } from '../../sys/fd.ts';
import type { OciHooks } from '../spec/types.ts';

export interface Gate {
  hooks: OciHooks;
  open(): void;
}

// The runtime writes the container's state to the hook's standard input, and fails when nobody reads it.
const WAIT = 'while read -r line; do :; done; read -r line <"$0"';

/** Makes a closed gate in `folder`. */
export function makeGate(folder: string, shell: string): Gate {
  const path = join(folder, 'gate');
  makeFifo(path);
  // Open both ways: neither side ever waits for the other to open, and what is written early stays until it is read.
  const fd = openSync(path, 'r+');
  return {
    hooks: { createRuntime: [{ path: shell, args: ['sh', '-c', WAIT, path] }] },
    open: () => {
      writeSync(fd, 'go\n');
    },
  };
}
