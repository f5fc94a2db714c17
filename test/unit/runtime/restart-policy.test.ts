import { nextPause, shouldRestart } from '../../../src/runtime/supervisor/restart-policy.ts';

const ending = { code: 1, ranMs: 5, restarts: 0, manuallyStopped: false };

test.each([
  ['no', 0, {}, false],
  ['always', 0, { code: 0 }, true],
  ['always', 0, { manuallyStopped: true }, false],
  ['unless-stopped', 0, { code: 0 }, true],
  ['unless-stopped', 0, { manuallyStopped: true }, false],
  ['on-failure', 0, { code: 0 }, false],
  ['on-failure', 0, { code: 7, restarts: 100 }, true],
  ['on-failure', 3, { code: 7, restarts: 2 }, true],
  ['on-failure', 3, { code: 7, restarts: 3 }, false],
] as const)('%s with at most %d retries after %j restarts: %s', (Name, MaximumRetryCount, change, expected) => {
  expect(shouldRestart({ Name, MaximumRetryCount }, { ...ending, ...change })).toBe(expected);
});

test('the pause doubles from 100 ms to a minute and starts over after a long run', () => {
  const pauses: number[] = [];
  for (let pause = 0, n = 0; n < 12; n++) {
    pause = nextPause(pause, 5);
    pauses.push(pause);
  }
  expect(pauses).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200, 60000, 60000]);
  expect(nextPause(60_000, 10_000)).toBe(100);
});
