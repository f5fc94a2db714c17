// `system check`: the front's half. The looking, and the repairing, is done in the user namespace (jobs/check.ts).
import type { CheckReport, HealReport } from '../runtime/messages-work.ts';
import type { Ctx } from '../sys/context.ts';
import { runJob } from './worker-client.ts';

export interface SystemCheckOptions {
  /** Puts right what can be, and sweeps what nothing uses. */
  repair?: boolean;
  /** Looks at records only, not at the contents of blobs and layers. */
  quick?: boolean;
}

export function checkSystem(ctx: Ctx, { repair = false, quick = false }: SystemCheckOptions = {}): Promise<CheckReport> {
  return runJob(ctx, { kind: 'check', repair, quick });
}

/** Puts right blobs and layers that a command found damaged or missing. */
export function healObjects(ctx: Ctx, suspects: string[]): Promise<HealReport> {
  return runJob(ctx, { kind: 'heal', suspects });
}
