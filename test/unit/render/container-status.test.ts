import { statusText } from '../../../src/render/container-status.ts';
import type { ContainerState } from '../../../src/storage/records.ts';
import { containerState, NOW } from './support/records.ts';

const NEVER = '0001-01-01T00:00:00Z';

test.each<[Partial<ContainerState>, string]>([
  [{ Status: 'running' }, 'Up 2 minutes'],
  [{ Status: 'paused' }, 'Up 2 minutes (Paused)'],
  [{ Status: 'created', StartedAt: NEVER }, 'Created'],
  [{ Status: 'dead' }, 'Dead'],
  [{ Status: 'restarting', ExitCode: 1, FinishedAt: '2024-01-02T03:04:00Z' }, 'Restarting (1) 5 seconds ago'],
  [{ Status: 'exited', ExitCode: 137, FinishedAt: '2024-01-01T03:04:05Z' }, 'Exited (137) 24 hours ago'],
  [{ Status: 'exited', StartedAt: NEVER, FinishedAt: NEVER }, 'Created'],
])('%j reads %p', (changes, expected) => {
  expect(statusText(containerState(changes), NOW)).toBe(expected);
});
