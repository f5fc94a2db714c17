import { healthPlan } from '../../../../src/runtime/health-plan.ts';
import { afterCheck, atStart, type CheckRecord, nextCheckMs } from '../../../../src/runtime/supervisor/health/rules.ts';
import type { HealthState } from '../../../../src/storage/records.ts';

const SECOND = 1_000_000_000;
const ended = (exitCode: number, output = ''): CheckRecord => ({ start: new Date(1000), end: new Date(2000), exitCode, output });
const planOf = (check: object) => {
  const plan = healthPlan({ Healthcheck: { Test: ['CMD', 'true'], ...check } });
  if (!plan) throw new Error('no plan');
  return plan;
};
/** The health after checks that ended so, each so many ms after the start. */
const after = (
  plan: ReturnType<typeof planOf>,
  checks: [exitCode: number, sinceStartMs: number][],
  from = atStart(undefined),
): HealthState => checks.reduce((health, [exitCode, since]) => afterCheck(health, ended(exitCode), plan, since), from);
const short = ({ Status, FailingStreak }: HealthState): string => `${Status} ${FailingStreak}`;

test("what was left out is Docker's: 30 s, 30 s, no start period, 5 s in it, three failures", () => {
  expect(planOf({})).toEqual({
    command: ['true'],
    intervalMs: 30_000,
    timeoutMs: 30_000,
    startPeriodMs: 0,
    startIntervalMs: 5_000,
    retries: 3,
  });
  expect(planOf({ Interval: 0, Retries: 0 })).toEqual(planOf({}));
  expect(planOf({ Interval: 1_500_000, Timeout: SECOND, StartPeriod: 2 * SECOND, StartInterval: 3 * SECOND, Retries: 7 })).toMatchObject({
    intervalMs: 1.5,
    timeoutMs: 1000,
    startPeriodMs: 2000,
    startIntervalMs: 3000,
    retries: 7,
  });
});

test('CMD-SHELL runs by the shell of the image, else /bin/sh -c; NONE, nothing and what is unknown are no check', () => {
  const command = (Test: string[], Shell?: string[]) => healthPlan({ Healthcheck: { Test }, ...(Shell ? { Shell } : {}) })?.command;
  expect(command(['CMD-SHELL', 'a && b'])).toEqual(['/bin/sh', '-c', 'a && b']);
  expect(command(['CMD-SHELL', 'a'], ['/bin/bash', '-ec'])).toEqual(['/bin/bash', '-ec', 'a']);
  expect(command(['CMD', 'a', 'b c'])).toEqual(['a', 'b c']);
  for (const Test of [['NONE'], [], ['CMD'], ['a']]) expect(command(Test)).toBeUndefined();
  expect(healthPlan({})).toBeUndefined();
});

test('one success is healthy; failures in a row make it unhealthy, and a success in between starts the count over', () => {
  const plan = planOf({ Retries: 2 });
  expect(short(after(plan, [[0, 0]]))).toBe('healthy 0');
  expect(short(after(plan, [[1, 0]]))).toBe('starting 1');
  expect(
    short(
      after(plan, [
        [1, 0],
        [137, 0],
      ]),
    ),
  ).toBe('unhealthy 2');
  expect(
    short(
      after(plan, [
        [0, 0],
        [1, 0],
      ]),
    ),
  ).toBe('healthy 1');
  expect(
    short(
      after(plan, [
        [0, 0],
        [1, 0],
        [0, 0],
        [-1, 0],
      ]),
    ),
  ).toBe('healthy 1');
  expect(
    short(
      after(plan, [
        [1, 0],
        [1, 0],
        [1, 0],
      ]),
    ),
  ).toBe('unhealthy 3');
  expect(
    short(
      after(plan, [
        [1, 0],
        [1, 0],
        [0, 0],
      ]),
    ),
  ).toBe('healthy 0');
});

test('failures in the start period do not count, until the container was healthy once', () => {
  const plan = planOf({ Retries: 1, StartPeriod: 10 * SECOND });
  expect(
    short(
      after(plan, [
        [1, 0],
        [1, 9_999],
      ]),
    ),
  ).toBe('starting 0');
  expect(short(after(plan, [[1, 10_000]]))).toBe('unhealthy 1');
  expect(
    short(
      after(plan, [
        [0, 100],
        [1, 200],
      ]),
    ),
  ).toBe('unhealthy 1');
});

test('the start interval is for the start period of a container that was never healthy', () => {
  const plan = planOf({ Interval: 30 * SECOND, StartPeriod: 10 * SECOND, StartInterval: SECOND });
  expect(nextCheckMs(plan, atStart(undefined), 0)).toBe(1000);
  expect(nextCheckMs(plan, atStart(undefined), 10_000)).toBe(30_000);
  expect(nextCheckMs(plan, after(plan, [[0, 0]]), 5_000)).toBe(30_000);
  expect(nextCheckMs(planOf({}), atStart(undefined), 0)).toBe(30_000);
});

test('the last five checks are kept, over a restart too', () => {
  const plan = planOf({});
  const health = Array.from({ length: 7 }, (_, at) => at).reduce(
    (last, at) => afterCheck(last, ended(at, `${at}`), plan, 0),
    atStart(undefined),
  );
  expect(health.Log.map(({ ExitCode, Output }) => [ExitCode, Output])).toEqual([
    [2, '2'],
    [3, '3'],
    [4, '4'],
    [5, '5'],
    [6, '6'],
  ]);
  expect(health.Log[0]).toEqual({ Start: '1970-01-01T00:00:01.000Z', End: '1970-01-01T00:00:02.000Z', ExitCode: 2, Output: '2' });
  const again = atStart(health);
  expect([again.Status, again.FailingStreak, again.Log.length]).toEqual(['starting', 0, 5]);
});
