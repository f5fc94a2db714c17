// oom_score_adj of a container's processes. The kernel lets everybody raise the own one, and lower it down to what a privileged process
// gave it last, which can only be found out by trying: on ourselves, since every container inherits ours.
import { readFileSync, writeFileSync } from 'node:fs';
import { EngineError } from '../sys/errors.ts';

const OWN = '/proc/self/oom_score_adj';

/** Throws ERR_OOM_SCORE (125) when a child of ours cannot have the score; 0 asks for nothing. */
export function assertOomScore(score: number): void {
  const own = Number(readFileSync(OWN, 'utf8'));
  if (score === 0 || score >= own || canTake(score, own)) return;
  throw new EngineError('ERR_OOM_SCORE', `Cannot set --oom-score-adj ${score}: without root it can only be raised above your own, ${own}`, {
    hint: `Give a number from ${own} to 1000`,
    exitCode: 125,
  });
}

function canTake(score: number, own: number): boolean {
  try {
    writeFileSync(OWN, String(score));
    writeFileSync(OWN, String(own));
    return true;
  } catch {
    return false;
  }
}
