// The life of a container by its verbs: create, start, stop, restart, kill, wait, rename, rm, and what restarts it by itself.
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const state = (name: string, format = '{{.State.Status}} {{.State.ExitCode}}') => box.ok(['inspect', '--format', format, name]);
const background = (name: string, script: string, ...flags: string[]) =>
  box.ok(['run', '-d', '--name', name, ...flags, busybox, 'sh', '-c', script]);
const remove = (...names: string[]) => box.ok(['rm', '-f', ...names]);
const logged = (name: string, text: string) =>
  eventually(`"${text}" in the log of ${name}`, async () => (await box.ok(['logs', name])).includes(text));

test('create, start, wait, start again, rm: each prints what it worked on', async () => {
  const id = await box.ok(['create', '--name', 'once', busybox, 'sh', '-c', 'echo ran; exit 4']);
  expect(id).toMatch(/^[0-9a-f]{64}$/);
  expect(await state('once')).toBe('created 0');
  expect(await box.ok(['start', 'once'])).toBe('once');
  expect(await box.ok(['wait', 'once'])).toBe('4');
  expect(await state('once')).toBe('exited 4');
  expect(await box.ok(['start', 'once'])).toBe('once');
  await box.ok(['wait', 'once']);
  expect(await box.ok(['logs', 'once'])).toBe('ran\nran');
  expect(await box.ok(['rm', 'once'])).toBe('once');
  expect((await box.skiff(['inspect', 'once'])).code).toBe(1);
});

test('what was written before a stop is there after the start', async () => {
  await background('keeps', 'echo run >>/count; wc -l </count; exec sleep 1000');
  await logged('keeps', '1');
  await box.ok(['restart', '-t', '0', 'keeps']);
  await logged('keeps', '2');
  await remove('keeps');
});

test('start -a shows the output and ends with the exit code', async () => {
  await box.ok(['create', '--name', 'shown', busybox, 'sh', '-c', 'echo shown; exit 6']);
  expect(await box.skiff(['start', '-a', 'shown'])).toEqual({ stdout: 'shown\n', stderr: '', code: 6 });
  await remove('shown');
});

test('stop asks with SIGTERM and takes the exit code that is given', async () => {
  await background('polite', 'trap "echo asked; exit 7" TERM; echo ready; while :; do sleep 0.1; done');
  await logged('polite', 'ready');
  expect(await box.ok(['stop', 'polite'])).toBe('polite');
  expect(await state('polite')).toBe('exited 7');
  expect(await box.ok(['logs', 'polite'])).toBe('ready\nasked');
  expect(await box.ok(['stop', 'polite'])).toBe('polite');
  await remove('polite');
});

test('stop -t 1 does not wait for a container that does not listen: 137', async () => {
  await background('deaf', 'trap "" TERM; echo ready; while :; do sleep 0.1; done');
  await logged('deaf', 'ready');
  await box.ok(['stop', '-t', '1', 'deaf']);
  expect(await state('deaf')).toBe('exited 137');
  await remove('deaf');
});

test('--stop-signal and --stop-timeout of run are what stop uses', async () => {
  await background(
    'own',
    'trap "echo usr1; exit 3" USR1; echo ready; while :; do sleep 0.1; done',
    '--stop-signal',
    'SIGUSR1',
    '--stop-timeout',
    '20',
  );
  await logged('own', 'ready');
  await box.ok(['stop', 'own']);
  expect(await state('own')).toBe('exited 3');
  await remove('own');
});

test('kill sends the signal it is told, SIGKILL by itself', async () => {
  await background('target', 'trap "echo hup" HUP; echo ready; while :; do sleep 0.1; done');
  await logged('target', 'ready');
  expect(await box.ok(['kill', '-s', 'HUP', 'target'])).toBe('target');
  await logged('target', 'hup');
  expect(await state('target')).toBe('running 0');
  await box.ok(['kill', 'target']);
  await box.ok(['wait', 'target']);
  expect(await state('target')).toBe('exited 137');
  const { stderr, code } = await box.skiff(['kill', 'target']);
  expect(code).toBe(1);
  expect(stderr).toContain('is not running');
  await remove('target');
});

test('an unknown signal is refused', async () => {
  await background('target', 'exec sleep 1000');
  const { stderr, code } = await box.skiff(['kill', '-s', 'NOPE', 'target']);
  expect(code).toBe(1);
  expect(stderr).toContain('NOPE');
  await remove('target');
});

test('rm refuses a running container, and rm -f does not', async () => {
  const id = await background('busy', 'exec sleep 1000');
  const { stderr, code } = await box.skiff(['rm', 'busy']);
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`cannot remove container "/?(busy|${id})": container is running`));
  expect(await remove('busy')).toBe('busy');
  expect(await box.ok(['ps', '-aq'])).toBe('');
});

test('of several names the good ones are done, the bad one is named, and the code is 1', async () => {
  await box.ok(['create', '--name', 'one', busybox, 'true']);
  await box.ok(['create', '--name', 'two', busybox, 'true']);
  const { stdout, stderr, code } = await box.skiff(['rm', 'one', 'nobody', 'two']);
  expect({ stdout, code }).toEqual({ stdout: 'one\ntwo\n', code: 1 });
  expect(stderr).toContain('No such container: nobody');
});

test('rename: the new name is found, the old one is free, a name in use is refused', async () => {
  const id = await box.ok(['create', '--name', 'old', busybox, 'true']);
  await box.ok(['rename', 'old', 'new']);
  expect(await box.ok(['inspect', '--format', '{{.Id}} {{.Name}}', 'new'])).toBe(`${id} /new`);
  expect((await box.skiff(['inspect', 'old'])).code).toBe(1);
  await box.ok(['create', '--name', 'old', busybox, 'true']);
  const { stderr, code } = await box.skiff(['rename', 'old', 'new']);
  expect(code).toBe(1);
  expect(stderr).toContain(`Conflict. The container name "/new" is already in use by container "${id}"`);
  await remove('old', 'new');
});

test('a running container can be renamed', async () => {
  await background('before', 'exec sleep 1000');
  await box.ok(['rename', 'before', 'after']);
  expect((await box.skiff(['exec', 'after', 'echo', 'still here'])).stdout).toBe('still here\n');
  expect(await box.ok(['ps', '--format', '{{.Names}}'])).toBe('after');
  await remove('after');
});

test('wait of several prints a code for each, and wait of one that runs waits', async () => {
  await background('quick', 'exit 2');
  await background('slow', 'while [ ! -e /go ]; do sleep 0.1; done; exit 5');
  const waiting = box.skiff(['wait', 'quick', 'slow']);
  await box.ok(['exec', 'slow', 'touch', '/go']);
  expect(await waiting).toEqual({ stdout: '2\n5\n', stderr: '', code: 0 });
  await remove('quick', 'slow');
});

test('an id prefix that fits several is refused and said to be ambiguous', async () => {
  const ids: string[] = [];
  const shared = () => ids.find((id, at) => ids.some((other, position) => position > at && other[0] === id[0]))?.[0];
  while (shared() === undefined) ids.push(await box.ok(['create', busybox, 'true']));
  const { stderr, code } = await box.skiff(['start', shared() ?? '']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/multiple IDs found with provided prefix|ambiguous/i);
  await remove(...ids);
});

describe('restart policies', () => {
  test('on-failure:2 tries twice more, then stays down', async () => {
    await background('fails', 'echo try; exit 1', '--restart', 'on-failure:2');
    await eventually('it gave up', async () => (await state('fails', '{{.State.Status}} {{.RestartCount}}')) === 'exited 2');
    expect(await box.ok(['logs', 'fails'])).toBe('try\ntry\ntry');
    await remove('fails');
  });

  test('on-failure lets a success be', async () => {
    await background('succeeds', 'echo done', '--restart', 'on-failure');
    await box.ok(['wait', 'succeeds']);
    expect(await state('succeeds', '{{.State.Status}} {{.RestartCount}}')).toBe('exited 0');
    await remove('succeeds');
  });

  test('always starts it again when its process dies, and stop is stronger', async () => {
    await background('immortal', 'echo born; exec sleep 1000', '--restart', 'always');
    await logged('immortal', 'born');
    process.kill(Number(await state('immortal', '{{.State.Pid}}')), 'SIGKILL');
    await eventually('it was born again', async () => (await box.ok(['logs', 'immortal'])).split('born').length > 2);
    await eventually('it runs', async () => (await state('immortal', '{{.State.Status}}')) === 'running');
    await box.ok(['stop', '-t', '0', 'immortal']);
    expect(await state('immortal', '{{.State.Status}}')).toBe('exited');
    await remove('immortal');
  });

  test('a policy that is none is refused', async () => {
    const { stderr, code } = await box.skiff(['run', '--restart', 'sometimes', busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain('sometimes');
  });

  test('--restart and --rm exclude each other', async () => {
    const { stderr, code } = await box.skiff(['run', '--restart', 'always', '--rm', busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toMatch(/conflicting options: cannot specify both --restart and --rm/i);
  });
});

test.each([0, 10, 20, 40, 80])('rm -f %d ms after run -d began leaves nothing, whether it was still starting or not', async (pauseMs) => {
  const name = `early-${pauseMs}`;
  const run = box.skiff(['run', '-d', '--name', name, busybox, 'sleep', '1000']);
  await Bun.sleep(pauseMs);
  await box.skiff(['rm', '-f', name]);
  const { code, stderr } = await run;
  if (code !== 0) expect(stderr).toMatch(/stopped while it started|No such container|supervisor died/);
  await remove(name);
  expect(await box.ok(['ps', '-aq'])).toBe('');
});
