// What `wait` can wait for beside the end of a container, and how long a container may run.
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const create = (name: string, script: string, ...flags: string[]) =>
  box.ok(['create', '--network', 'none', '--name', name, ...flags, busybox, 'sh', '-c', script]);
const inspect = (name: string, format: string) => box.ok(['inspect', '--format', format, name]);
/** `skiff wait` in the background; whether it is over by now, and what it printed. */
function waiting(...args: string[]) {
  let isOver = false;
  const said = box.ok(['wait', ...args]).finally(() => {
    isOver = true;
  });
  return { said, isOver: () => isOver };
}

test('several containers: their codes in the order of the names, whichever ends first', async () => {
  await create('late', 'sleep 0.5; exit 1');
  await create('soon', 'exit 2');
  await box.ok(['start', 'late', 'soon']);
  expect(await box.ok(['wait', 'late', 'soon'])).toBe('1\n2');
  expect(await box.ok(['wait', '--condition', 'stopped', 'soon', 'late'])).toBe('2\n1');
  await box.ok(['rm', 'late', 'soon']);
});

test('next-exit of a container that is down waits for the end of its next run', async () => {
  await create('next', 'exit 5');
  await box.ok(['start', 'next']);
  await box.ok(['wait', 'next']);
  const next = waiting('--condition', 'next-exit', 'next');
  await Bun.sleep(300);
  expect(next.isOver()).toBe(false);
  await box.ok(['start', 'next']);
  expect(await next.said).toBe('5');
  await box.ok(['rm', 'next']);
});

test('removed: when it is gone, with the exit code of its last run', async () => {
  await create('gone', 'exit 6');
  await box.ok(['start', 'gone']);
  await box.ok(['wait', 'gone']);
  const gone = waiting('--condition', 'removed', 'gone');
  await Bun.sleep(300);
  expect(gone.isOver()).toBe(false);
  await box.ok(['rm', 'gone']);
  expect(await gone.said).toBe('6');
  await box.ok(['run', '-d', '--rm', '--network', 'none', '--name', 'itself', busybox, 'sh', '-c', 'sleep 0.5; exit 7']);
  expect(await box.ok(['wait', '--condition', 'removed', 'itself'])).toBe('7');
  expect(await box.ok(['ps', '-aq'])).toBe('');
});

test('running and paused, which have no exit code', async () => {
  await create('states', 'sleep 1000');
  const running = waiting('--condition', 'running', 'states');
  await box.ok(['start', 'states']);
  expect(await running.said).toBe('-1');
  const paused = waiting('--condition', 'paused', 'states');
  await box.ok(['pause', 'states']);
  expect(await paused.said).toBe('-1');
  await box.ok(['rm', '-f', 'states']);
});

test('a condition that there is not, and a container that there is not', async () => {
  const { stderr, code } = await box.skiff(['wait', '--condition', 'happy', 'nobody']);
  expect(stderr).toContain('invalid argument "happy" for "--condition" flag: must be one of "not-running", "next-exit", "removed"');
  expect(code).not.toBe(0);
  const missing = await box.skiff(['wait', '--condition', 'removed', 'nobody']);
  expect([missing.stderr.split('\n')[0], missing.code]).toEqual(['skiff: No such container: nobody', 1]);
});

describe('--timeout', () => {
  test('a container that runs longer is stopped, and says why', async () => {
    const flags = ['--timeout', '1', '--stop-timeout', '20'];
    await create('long', 'trap "exit 9" TERM; while :; do sleep 0.05; done', ...flags);
    await create('deaf', 'trap "" TERM; while :; do sleep 0.05; done', '--timeout', '1', '--stop-timeout', '1');
    await box.ok(['start', 'long', 'deaf']);
    expect(await box.ok(['wait', 'long', 'deaf'])).toBe('9\n137');
    await eventually('its end is written', async () => (await inspect('long', '{{.State.Status}}')) === 'exited');
    expect(await inspect('long', '{{.State.Error}}')).toBe('The container ran longer than its --timeout of 1 seconds');
    await box.ok(['rm', 'long', 'deaf']);
  });

  test('one that ends in time does not hear of it; 0 is no limit', async () => {
    await create('quick', 'exit 3', '--timeout', '100');
    await create('free', 'sleep 1000', '--timeout', '0');
    await box.ok(['start', 'quick', 'free']);
    expect(await box.ok(['wait', 'quick'])).toBe('3');
    await eventually('its end is written', async () => (await inspect('quick', '{{.State.Status}}')) === 'exited');
    expect(await inspect('quick', '{{.State.Error}}')).toBe('');
    expect(await inspect('free', '{{.State.Status}}')).toBe('running');
    await box.ok(['rm', '-f', 'quick', 'free']);
  });

  test('a value that is no number of seconds is refused', async () => {
    for (const value of ['-1', 'soon', '1.5', '']) {
      const { stderr, code } = await box.skiff(['create', '--timeout', value, busybox, 'true']);
      const said = `skiff: invalid argument "${value}" for "--timeout" flag: must be a number of seconds, 0 for no limit`;
      expect([stderr.split('\n')[0], code]).toEqual([said, 125]);
    }
    expect(await box.ok(['ps', '-aq'])).toBe('');
  });
});
