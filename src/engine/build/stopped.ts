// A build that ended where `--shell-at` asked it to: no failure, but nothing that comes after is done.
import type { KeptShell } from './model.ts';

export class StoppedForShell extends Error {
  readonly shell: KeptShell;

  constructor(shell: KeptShell) {
    super('Stopped for a shell');
    this.name = 'StoppedForShell';
    this.shell = shell;
  }
}
