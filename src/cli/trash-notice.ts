// The line that tells a person, not a script, that what was removed can be had back.
import type { Io } from './command.ts';

export function tellOfTrash(io: Io, count: number): void {
  if (count > 0 && io.stderrIsTerminal) io.err('Kept in the trash for a while; to have it back: skiff system undo\n');
}
