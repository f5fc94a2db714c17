// `skiff --restore COMMAND`: the first command after a reboot brings back what should run. Loaded only when asked for.
import { type Restored, restoreOncePerBoot } from '../engine/restore.ts';
import type { Ctx } from '../sys/context.ts';
import type { Io } from './command.ts';
import { reportOf } from './report.ts';

/** Restores before a command, whose standard output it leaves alone; a container that does not start does not stop the command. */
export async function restoreFirst(ctx: Ctx, io: Io): Promise<void> {
  await restoreOncePerBoot(ctx, (restored) => reportRestored(io, restored, (line) => io.err(line)));
}

/** Says what became of one container; failures on standard error. */
export function reportRestored(io: Io, restored: Restored, say: (line: string) => void): void {
  const { name, outcome } = restored;
  if (outcome === 'failed') io.err(`skiff: Cannot bring back container "${name}"\n${reportOf(restored.error, { debug: false }).text}`);
  else say(outcome === 'started' ? `Started ${name}\n` : `Removed ${name}, which was to go at its end\n`);
}
