// A container in the pause before its next restart: what can be done with it, and in which words the rest is refused.
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const status = (name: string) => box.ok(['inspect', '--format', '{{.State.Status}} {{.RestartCount}}', name]);

/** Resolves in a pause that is long enough to look at it: they double with every restart, from 100 ms. */
const inLongPause = (name: string) =>
  eventually(`${name} is in a pause of seconds`, async () => /^restarting ([6-9]|\d\d)/.test(await status(name)));

test('attach and exec say that it is restarting, and kill ends the loop', async () => {
  const id = await box.ok(['run', '-d', '--network', 'none', '--restart', 'always', '--name', 'loops', busybox, 'sh', '-c', 'exit 3']);
  await inLongPause('loops');
  expect(await box.skiff(['attach', 'loops'])).toEqual({
    stdout: '',
    stderr: 'skiff: You cannot attach to a restarting container, wait until it is running\n',
    code: 1,
  });
  expect(await box.skiff(['exec', 'loops', 'true'])).toEqual({
    stdout: '',
    stderr: `skiff: Container ${id} is restarting, wait until the container is running\n`,
    code: 1,
  });
  expect(await box.ok(['kill', 'loops'])).toBe('loops');
  expect(await box.ok(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', 'loops'])).toBe('exited 3');
  await box.ok(['rm', 'loops']);
});

test('on-failure:N restarts so often and no more, and a start counts anew', async () => {
  const flags = ['--network', 'none', '--restart', 'on-failure:2', '--name', 'counts'];
  await box.ok(['run', '-d', ...flags, busybox, 'sh', '-c', 'echo run; exit 3']);
  const given = () => eventually('it has given up', async () => (await status('counts')) === 'exited 2');
  await given();
  expect(await box.ok(['logs', 'counts'])).toBe('run\nrun\nrun');
  await box.ok(['start', 'counts']);
  await given();
  expect(await box.ok(['logs', 'counts'])).toBe('run\n'.repeat(6).trim());
  await box.ok(['rm', 'counts']);
});

test('one that succeeds is not restarted by on-failure, one that is stopped or killed by nothing', async () => {
  const start = (name: string, policy: string, ...command: string[]) =>
    box.ok(['run', '-d', '--network', 'none', '--restart', policy, '--stop-timeout', '0', '--name', name, busybox, ...command]);
  await start('succeeds', 'on-failure', 'true');
  await start('always', 'always', 'sleep', '100000');
  await start('unless', 'unless-stopped', 'sleep', '100000');
  await box.ok(['stop', 'always']);
  await box.ok(['kill', 'unless']);
  await box.ok(['wait', 'succeeds', 'always', 'unless']);
  for (const name of ['succeeds', 'always', 'unless']) {
    await eventually(`${name} stays down`, async () => (await status(name)) === 'exited 0');
  }
  await box.ok(['rm', 'succeeds', 'always', 'unless']);
});
