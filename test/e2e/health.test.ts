// Health checks, as the supervisor runs them: what a check sees, what it makes of the container, where that shows, and how a check ends
// that does not end by itself. The rules themselves are tested by health-rules.test.ts.
import { readdirSync, readFileSync } from 'node:fs';
import { eventsOf } from './support/events.ts';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const features = image('features');

beforeAll(async () => {
  await Promise.all([busybox, features].map((name) => box.ok(['pull', '--quiet', name])));
});

const OFTEN = ['--health-interval', '100ms'];
const run = (name: string, check: string, ...flags: string[]) =>
  box.ok(['run', '-d', '--network', 'none', '--name', name, '--health-cmd', check, ...OFTEN, ...flags, busybox, 'sleep', '100000']);
const inspect = (name: string, format: string) => box.ok(['inspect', '--format', format, name]);
const logOf = async (name: string): Promise<{ ExitCode: number; Output: string; Start: string; End: string }[]> =>
  JSON.parse(await inspect(name, '{{json .State.Health.Log}}'));
const checked = (name: string) => eventually(`${name} was checked`, async () => (await logOf(name)).at(-1));
const remove = (...names: string[]) => box.ok(['rm', '-f', ...names]);
const psStatus = (name: string) => box.ok(['ps', '-a', '--filter', `name=${name}`, '--format', '{{.Status}}']);
const healthEvents = (id: string) => eventsOf(box, id).filter(([action = '']) => action.startsWith('health_status'));

test('starting, then healthy, then unhealthy, then healthy again: in ps, inspect, events and for wait', async () => {
  const id = await run('turns', 'test -e /well', '--health-retries', '2');
  expect(await inspect('turns', '{{json .Config.Healthcheck}}')).toBe(
    '{"Test":["CMD-SHELL","test -e /well"],"Interval":100000000,"Retries":2}',
  );
  await box.ok(['exec', 'turns', 'touch', '/well']);
  expect(await box.ok(['wait', '--condition', 'healthy', 'turns'])).toBe('-1');
  expect(await psStatus('turns')).toMatch(/^Up .+ \(healthy\)$/);
  await box.ok(['exec', 'turns', 'rm', '/well']);
  expect(await box.ok(['wait', '--condition', 'unhealthy', 'turns'])).toBe('-1');
  expect(await psStatus('turns')).toMatch(/^Up .+ \(unhealthy\)$/);
  expect(Number(await inspect('turns', '{{.State.Health.FailingStreak}}'))).toBeGreaterThanOrEqual(2);
  await box.ok(['exec', 'turns', 'touch', '/well']);
  await box.ok(['wait', '--condition=healthy', 'turns']);
  await eventually('five checks', async () => (await logOf('turns')).length === 5);
  const log = await logOf('turns');
  expect(log.every(({ Start, End }) => Date.parse(Start) <= Date.parse(End))).toBe(true);
  const events = healthEvents(id).map(([action]) => action);
  // It may have been unhealthy before its file was there.
  expect(events.slice(-3)).toEqual(['health_status: healthy', 'health_status: unhealthy', 'health_status: healthy']);
  const first = eventsOf(box, id).filter(([action = '']) => action.startsWith('exec_'));
  const execID = first.find(([action]) => action?.startsWith('exec_create: /bin/sh'))?.[1] ?? '';
  expect(execID).toMatch(/^execID=[0-9a-f]{64}$/);
  expect(first.filter((event) => event.includes(execID))).toEqual([
    ['exec_create: /bin/sh -c test -e /well', execID],
    ['exec_start: /bin/sh -c test -e /well', execID],
    ['exec_die', execID, expect.stringMatching(/^exitCode=[01]$/)],
  ]);
  await remove('turns');
});

test("before its first check it is starting; one that was not healthy yet has its start period's interval", async () => {
  const flags = ['--health-interval', '1h', '--health-start-period', '1h', '--health-start-interval', '100ms'];
  await run('begins', 'test -e /well', ...flags);
  expect(await psStatus('begins')).toMatch(/^Up .+ \(health: starting\)$/);
  await eventually('it was checked often', async () => (await logOf('begins')).length === 5);
  expect(await inspect('begins', '{{.State.Health.Status}} {{.State.Health.FailingStreak}}')).toBe('starting 0');
  await box.ok(['exec', 'begins', 'touch', '/well']);
  await box.ok(['wait', '--condition', 'healthy', 'begins']);
  await remove('begins');
});

test('a check runs as the container: its user, folder and environment, and what it prints is kept', async () => {
  const flags = ['--user', '12:34', '--workdir', '/tmp', '--env', 'COLOUR=blue'];
  await run('seen', 'echo "$(id -u):$(id -g) $PWD $COLOUR"; echo to stderr >&2; exit 3', ...flags);
  const { ExitCode, Output } = await checked('seen');
  expect([ExitCode, Output]).toEqual([3, '12:34 /tmp blue\nto stderr\n']);
  await remove('seen');
});

test('of what a check prints the first 4096 bytes are kept, and the rest does not hold it up', async () => {
  await run('loud', 'yes 1234567 | head -c 1000000');
  const { ExitCode, Output } = await checked('loud');
  expect([ExitCode, Output]).toEqual([0, `${'1234567\n'.repeat(512)}...`]);
  await remove('loud');
});

test('a check that takes too long is killed with all it started, and says so', async () => {
  await run('slow', 'echo begun; sleep 4242 & sleep 4343', '--health-timeout', '1s', '--health-retries', '1', '--health-interval', '300ms');
  await box.ok(['wait', '--condition', 'unhealthy', 'slow']);
  const [first] = await logOf('slow');
  expect([first?.ExitCode, first?.Output]).toEqual([-1, 'Health check exceeded timeout (1s): begun\n']);
  const pid = Number(await inspect('slow', '{{.State.Pid}}'));
  await box.ok(['pause', 'slow']);
  // Paused, nothing is checked; what is left of the checks would be seen here.
  expect(sleepersBeside(pid)).toEqual([]);
  await remove('slow');
});

test('a check that leaves somebody behind with its output is not waited for', async () => {
  await run('leaves', 'sleep 100 & echo done');
  const { ExitCode, Output } = await checked('leaves');
  expect([ExitCode, Output]).toEqual([0, 'done\n']);
  await remove('leaves');
});

test('a program that is not there fails the check with the reason', async () => {
  await box.ok(['create', '--name', 'absent', '--network', 'none', '--health-cmd', 'nonsense-program', ...OFTEN, busybox, 'sleep', '1000']);
  await box.ok(['start', 'absent']);
  const { ExitCode, Output } = await checked('absent');
  expect([ExitCode, Output]).toEqual([127, expect.stringContaining('nonsense-program: not found')]);
  await remove('absent');
});

test("the image's own check is run, --no-healthcheck leaves it out, flags change what they name", async () => {
  const start = (name: string, ...flags: string[]) =>
    box.ok(['run', '-d', '--network', 'none', '--name', name, ...flags, '--entrypoint', 'sleep', features, '1000']);
  await start('own', '--health-interval', '100ms');
  expect(await inspect('own', '{{json .Config.Healthcheck}}')).toBe(
    '{"Test":["CMD-SHELL","test -e /data/seed"],"Interval":100000000,"Timeout":1000000000,"Retries":2}',
  );
  await box.ok(['wait', '--condition', 'healthy', 'own']);
  await start('without', '--no-healthcheck');
  expect(await inspect('without', '{{json .Config.Healthcheck}} {{.State.Status}}')).toBe(
    '{"Test":["NONE"],"Interval":2000000000,"Timeout":1000000000,"Retries":2} running',
  );
  expect(await psStatus('without')).not.toContain('health');
  const refused = await box.skiff(['wait', '--condition', 'healthy', 'without']);
  expect([refused.stderr.split('\n')[0], refused.code]).toEqual(['skiff: Container "without" has no health check', 1]);
  await remove('own', 'without');
});

test('a paused container is not checked, and is checked again when it goes on', async () => {
  await run('rests', 'true');
  await box.ok(['wait', '--condition', 'healthy', 'rests']);
  await box.ok(['pause', 'rests']);
  const last = (await logOf('rests')).at(-1)?.End;
  await Bun.sleep(500);
  expect((await logOf('rests')).at(-1)?.End).toBe(last);
  await box.ok(['unpause', 'rests']);
  await eventually('it is checked again', async () => (await logOf('rests')).at(-1)?.End !== last);
  await remove('rests');
});

test('one that ends is not healthy any more, also while a check runs; a start begins anew', async () => {
  await run('ends', 'test -e /slow && sleep 1000; true');
  await box.ok(['wait', '--condition', 'healthy', 'ends']);
  await box.ok(['exec', 'ends', 'touch', '/slow']);
  await Bun.sleep(300);
  await box.ok(['kill', 'ends']);
  expect(await inspect('ends', '{{.State.Status}} {{.State.ExitCode}} {{.State.Health.Status}}')).toBe('exited 137 unhealthy');
  expect(await psStatus('ends')).toMatch(/^Exited \(137\) .+ ago$/);
  const over = await box.skiff(['wait', '--condition', 'healthy', 'ends']);
  expect([over.stderr.split('\n')[0], over.code]).toEqual(['skiff: Container "ends" is not running, so it does not become healthy', 1]);
  await box.ok(['start', 'ends']);
  expect(await inspect('ends', '{{.State.Health.Status}} {{.State.Health.FailingStreak}}')).toBe('starting 0');
  await remove('ends');
});

describe('--health-on-failure', () => {
  const sick = (name: string, action: string, ...flags: string[]) =>
    run(name, 'test ! -e /sick', '--health-retries', '1', '--health-on-failure', action, ...flags);
  const infect = (name: string) => box.ok(['exec', name, 'touch', '/sick']);
  const ended = (name: string) => eventually(`${name} has ended`, async () => (await inspect(name, '{{.State.Status}}')) === 'exited');

  test('kill ends it by SIGKILL, stop by its stop signal; none leaves it', async () => {
    await Promise.all([
      sick('killed', 'kill'),
      sick('stopped', 'stop', '--stop-timeout', '1', '--restart', 'always'),
      sick('left', 'none'),
    ]);
    await Promise.all(['killed', 'stopped', 'left'].map(infect));
    await Promise.all(['killed', 'stopped'].map(ended));
    expect(await inspect('killed', '{{.State.ExitCode}}')).toBe('137');
    const actions = eventsOf(box, await inspect('stopped', '{{.Id}}')).filter(([action = '']) => ['kill', 'stop'].includes(action));
    expect(actions).toEqual([['kill', 'signal=15'], ['kill', 'signal=9'], ['stop']]);
    await box.ok(['wait', '--condition', 'unhealthy', 'left']);
    expect(await inspect('left', '{{.State.Status}}')).toBe('running');
    await remove('killed', 'stopped', 'left');
  });

  test('restart starts it again, whatever its restart policy', async () => {
    const id = await sick('again', 'restart', '--stop-timeout', '0', '--tmpfs', '/run');
    const before = await inspect('again', '{{.State.StartedAt}}');
    await infect('again');
    await eventually('it was restarted', async () => (await inspect('again', '{{.State.StartedAt}}')) !== before);
    await eventually('the restart is recorded', () => eventsOf(box, id).some(([action]) => action === 'restart'));
    await remove('again');
  });

  test('needs a check', async () => {
    const { stderr, code } = await box.skiff(['create', '--health-on-failure', 'kill', busybox, 'true']);
    expect([stderr.split('\n')[0], code]).toEqual(['skiff: Cannot set the on-failure action "kill" without a health check', 125]);
  });
});

test('healthcheck run checks at once: 0, or 1 with "unhealthy"; and it counts', async () => {
  const id = await run('asked', 'test -e /well', '--health-interval', '1h', '--health-retries', '1');
  expect(await box.skiff(['healthcheck', 'run', 'asked'])).toEqual({ stdout: 'unhealthy\n', stderr: '', code: 1 });
  expect(await inspect('asked', '{{.State.Health.Status}} {{len .State.Health.Log}}')).toBe('unhealthy 1');
  await box.ok(['exec', 'asked', 'touch', '/well']);
  expect(await box.skiff(['healthcheck', 'run', id.slice(0, 12)])).toEqual({ stdout: '', stderr: '', code: 0 });
  expect(await inspect('asked', '{{.State.Health.Status}} {{len .State.Health.Log}}')).toBe('healthy 2');
  const refused = async (said: string, name = 'asked') => {
    const { stdout, stderr, code } = await box.skiff(['healthcheck', 'run', name]);
    expect([stdout, stderr.split('\n')[0], code]).toEqual(['', `skiff: ${said}`, expect.any(Number)]);
    expect(code).not.toBe(0);
  };
  await box.ok(['pause', 'asked']);
  await refused('Container asked is paused, unpause the container before a check');
  await box.ok(['kill', 'asked']);
  await refused(`Container ${id} is not running`);
  await refused('No such container: nobody', 'nobody');
  await box.ok(['create', '--name', 'unchecked', busybox, 'true']);
  await refused('Container "unchecked" has no health check', 'unchecked');
  await remove('asked', 'unchecked');
});

test('what cannot be is refused before anything is made', async () => {
  for (const [flags, said] of [
    [['--health-interval', 'soon'], 'invalid argument "soon" for "--health-interval" flag: time: invalid duration "soon"'],
    [['--health-timeout', '10'], 'invalid argument "10" for "--health-timeout" flag: time: missing unit in duration "10"'],
    [['--health-retries', 'x'], 'invalid argument "x" for "--health-retries" flag: must be an integer'],
    [['--health-start-period', '-1s'], '--health-start-period cannot be negative'],
    [['--health-retries', '-1'], '--health-retries cannot be negative'],
    [['--health-interval', '999us'], 'Interval in Healthcheck cannot be less than 1ms'],
    [['--health-start-interval', '1ns'], 'StartInterval in Healthcheck cannot be less than 1ms'],
    [['--no-healthcheck', '--health-cmd', 'true'], '--no-healthcheck conflicts with --health-* options'],
    [
      ['--health-on-failure', 'cry'],
      'invalid argument "cry" for "--health-on-failure" flag: must be one of "none", "kill", "restart", "stop"',
    ],
  ] as const) {
    const { stdout, stderr, code } = await box.skiff(['create', ...flags, busybox, 'true']);
    expect([stdout, stderr.split('\n')[0], code]).toEqual(['', `skiff: ${said}`, 125]);
  }
  expect(await box.ok(['ps', '-aq'])).toBe('');
});

/** Commands of processes that sleep in the container of `pid`, beside its own program. */
function sleepersBeside(pid: number): string[] {
  const namespace = (of: string): string => Bun.spawnSync(['readlink', `/proc/${of}/ns/pid`]).stdout.toString();
  const own = namespace(String(pid));
  return (
    readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name) && Number(name) !== pid && namespace(name) === own)
      .map((name) => readFileSync(`/proc/${name}/cmdline`, 'utf8').replaceAll('\0', ' '))
      // The container's program, which reaps nobody, keeps its dead.
      .filter((command) => command !== '')
  );
}
