// What comes back after a reboot, told by another boot id and supervisors that are gone. (test/vm/reboot.test.ts has a real one.)
import { readFileSync } from 'node:fs';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
let boots = 0;
let env: Record<string, string> = {};

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});
afterEach(async () => {
  const names = (await ok('ps', '-aq')).split('\n').filter(Boolean);
  if (names.length > 0) await ok('rm', '-f', ...names);
});

const ok = (...args: string[]) => box.ok(args, { env });
const run = (name: string, ...flags: string[]) =>
  ok('run', '-d', '--name', name, ...flags, busybox, 'sh', '-c', 'trap exit TERM; sleep 100000 & wait');
const running = async () => (await ok('ps', '--format', '{{.Names}}')).split('\n').filter(Boolean).sort();
const sorted = (text: string) => text.split('\n').filter(Boolean).sort();
const supervisor = async (name: string) =>
  JSON.parse(readFileSync(`${box.root}/containers/${await ok('inspect', '-f', '{{.Id}}', name)}/state.json`, 'utf8'))
    .SupervisorPid as number;

/** The power goes, and comes back. */
async function reboot(): Promise<void> {
  for (const name of await running()) process.kill(await supervisor(name), 'SIGKILL');
  await eventually('all supervisors are gone', async () => (await running()).length === 0);
  boots++;
  env = { SKIFF_BOOT_ID: `00000000-0000-4000-8000-00000000000${boots}` };
}

test('after a reboot the containers come back whose policy wants it, and --rm is made up for', async () => {
  await run('always', '--restart', 'always');
  await run('stopped-always', '--restart', 'always');
  await run('unless', '--restart', 'unless-stopped');
  await run('stopped-unless', '--restart', 'unless-stopped');
  await run('failure', '--restart', 'on-failure');
  await run('none');
  await run('brief', '--rm');
  await ok('create', '--name', 'fresh', '--restart', 'always', busybox, 'true');
  await ok('stop', 'stopped-always', 'stopped-unless');

  await reboot();
  expect(await running()).toEqual([]);
  expect(sorted(await ok('system', 'restore'))).toEqual([
    'Removed brief, which was to go at its end',
    'Started always',
    'Started failure',
    'Started stopped-always',
    'Started unless',
  ]);
  expect(await running()).toEqual(['always', 'failure', 'stopped-always', 'unless']);
  expect(await ok('system', 'restore')).toBe('');
});

test('a container that fails does not stop the others, is told of, and is not tried again in this boot', async () => {
  await run('first', '--restart', 'always', '-v', `${box.files}:/given`);
  await run('second', '--restart', 'always');
  const config = `${box.root}/containers/${await ok('inspect', '-f', '{{.Id}}', 'first')}/config.json`;
  await Bun.write(config, readFileSync(config, 'utf8').replaceAll(`"Path":"sh"`, '"Path":"/not/there"'));

  await reboot();
  const { stdout, stderr, code } = await box.skiff(['system', 'restore'], { env });
  expect({ stdout, code }).toEqual({ stdout: 'Started second\n', code: 1 });
  expect(stderr).toMatch(/^skiff: Cannot bring back container "first"\nskiff: .*\/not\/there/);
  expect(await box.skiff(['system', 'restore'], { env })).toEqual({ stdout: '', stderr: '', code: 0 });
  expect(await running()).toEqual(['second']);
});

test('two at once start each container once', async () => {
  const names = ['one', 'two', 'three', 'four'];
  for (const name of names) await run(name, '--restart', 'unless-stopped');
  await reboot();
  const outputs = await Promise.all([ok('system', 'restore'), ok('system', 'restore'), ok('--restore', 'ps', '-q')]);
  expect(await running()).toEqual([...names].sort());
  // The third tells of its own on standard error.
  const told = sorted(`${outputs[0]}\n${outputs[1]}`);
  expect(told).toEqual([...new Set(told)]);
});

test('--restore and SKIFF_RESTORE bring back what should run before the command, once per boot', async () => {
  await run('web', '--restart', 'unless-stopped');
  await reboot();
  const first = await box.skiff(['--restore', 'ps', '--format', '{{.Names}}'], { env });
  expect(first).toEqual({ stdout: 'web\n', stderr: 'Started web\n', code: 0 });

  await reboot();
  expect(await box.skiff(['ps', '-q'], { env })).toEqual({ stdout: '', stderr: '', code: 0 });
  const second = await box.skiff(['exec', 'web', 'echo', 'here'], { env: { ...env, SKIFF_RESTORE: '1' } });
  expect(second).toEqual({ stdout: 'here\n', stderr: 'Started web\n', code: 0 });
  await ok('stop', 'web');
  expect(await box.skiff(['--restore', 'ps', '-q'], { env })).toEqual({ stdout: '', stderr: '', code: 0 });
});

describe('SIGTERM to the supervisor, as at the end of a machine or a session', () => {
  test('ends the container by its stop signal, does not restart it, and does not count as a stop by the user', async () => {
    const script = 'trap "echo got INT; exit 3" INT; echo ready; while :; do sleep 0.1; done';
    await ok('run', '-d', '--name', 'web', '--restart', 'unless-stopped', '--stop-signal', 'INT', busybox, 'sh', '-c', script);
    await eventually('it is ready', async () => (await ok('logs', 'web')) === 'ready');
    process.kill(await supervisor('web'), 'SIGTERM');
    await eventually('it is down', async () => (await running()).length === 0);
    expect(await ok('logs', 'web')).toBe('ready\ngot INT');
    expect(await ok('inspect', '-f', '{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}', 'web')).toBe('exited 3 0');
    // The same boot: the user logged out and in again.
    expect(await ok('system', 'restore')).toBe('Started web');
    await ok('stop', '-t', '0', 'web');
    expect(await ok('system', 'restore')).toBe('');
  });
});
