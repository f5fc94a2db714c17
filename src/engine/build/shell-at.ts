// `--shell-at`: the step before which a build ends, for a shell to be opened there.
import { EngineError } from '../../sys/errors.ts';
import type { ShellPoint } from './keep-shell.ts';
import type { BuildSpot } from './spot.ts';
import { diffIdsOf, type StageState } from './stage-state.ts';
import { StoppedForShell } from './stopped.ts';

/** Throws StoppedForShell where `--shell-at` means the step that is about to begin. */
export async function stopForShell(spot: BuildSpot, state: StageState, point: ShellPoint): Promise<void> {
  const { shellAt } = spot.solving.job.options;
  if (shellAt === undefined || !isMeant(spot, shellAt)) return;
  await spot.solving.site.cache.need(diffIdsOf(state));
  const { keepShell } = await import('./keep-shell.ts');
  throw new StoppedForShell(keepShell(spot, state, point));
}

/** Nothing was reached that `--shell-at` could mean. */
export function noSuchStep(shellAt: string): EngineError {
  return new EngineError('ERR_NO_SUCH_STEP', `No step of this build is "${shellAt}"`, {
    hint: 'Name a step by its number in its stage (3, or builder:3), or a line of the file (:12)',
  });
}

/** `3`: the third step of the target; `builder:3` of another stage; `:12`, `Dockerfile:12`: what stands in that line. */
function isMeant({ solving, node, names, span }: BuildSpot, shellAt: string): boolean {
  const [, where, digits] = /^(?:(.*):)?(\d+)$/.exec(shellAt) ?? [];
  if (digits === undefined) return false;
  const number = Number(digits);
  if (where === undefined) return node === solving.graph.target && names.at === number;
  if (where === '' || where === solving.graph.dockerfile.name) return span.start.line <= number && number <= span.end.line;
  return (node.stage.name === where.toLowerCase() || node.label === where) && names.at === number;
}
