// The STATUS column: "Up 2 minutes", "Exited (0) 5 weeks ago". Takes the state as derived from the lock, never what was last written.
import type { ContainerState } from '../storage/records.ts';
import { ago, humanDuration } from './human.ts';

/** Docker's sentence for a container's state at `now`. */
export function statusText(state: ContainerState, now: Date): string {
  switch (state.Status) {
    case 'running':
      return `Up ${since(state.StartedAt, now)}${healthText(state)}`;
    case 'paused':
      return `Up ${since(state.StartedAt, now)} (Paused)`;
    case 'restarting':
      return `Restarting (${state.ExitCode}) ${ago(state.FinishedAt, now)}`;
    case 'created':
      return 'Created';
    case 'dead':
      return 'Dead';
    default:
      return neverStarted(state) ? 'Created' : `Exited (${state.ExitCode}) ${ago(state.FinishedAt, now)}`;
  }
}

function healthText({ Health }: ContainerState): string {
  if (!Health) return '';
  return Health.Status === 'starting' ? ' (health: starting)' : ` (${Health.Status})`;
}

function neverStarted(state: ContainerState): boolean {
  return state.StartedAt.startsWith('0001-') && state.FinishedAt.startsWith('0001-');
}

function since(time: string, now: Date): string {
  return humanDuration(now.getTime() - Date.parse(time));
}
