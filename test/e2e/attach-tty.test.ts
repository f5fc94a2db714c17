// Terminals and attaching: what a person at a keyboard sees and can do.
import { eventsOf } from './support/events.ts';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { openTerminal } from './support/terminal.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const state = (name: string) => box.ok(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name]);

test('run -it gives a shell with a terminal of the right size, and its exit code', async () => {
  const terminal = box.terminal(['run', '-it', '--rm', busybox, 'sh'], { columns: 101, rows: 31 });
  await terminal.waitFor(/# /);
  terminal.type('stty size; test -t 0 && test -t 1 && test -t 2 && echo terminals\n');
  await terminal.waitFor(/31 101/);
  await terminal.waitFor(/\nterminals/);
  terminal.type('exit 3\n');
  expect(await terminal.ended()).toBe(3);
});

test('the end of input (Ctrl-D) ends the shell', async () => {
  const terminal = box.terminal(['run', '-it', '--rm', busybox, 'sh']);
  await terminal.waitFor(/# /);
  terminal.type('\x04');
  expect(await terminal.ended()).toBe(0);
});

test('Ctrl-C goes to the process in the container, not to skiff', async () => {
  const terminal = box.terminal([
    'run',
    '-it',
    '--rm',
    busybox,
    'sh',
    '-c',
    'trap "echo caught; exit 8" INT; echo ready; while :; do sleep 0.1; done',
  ]);
  await terminal.waitFor(/ready/);
  terminal.type('\x03');
  await terminal.waitFor(/caught/);
  expect(await terminal.ended()).toBe(8);
});

test('a terminal that changes its size is followed', async () => {
  const terminal = box.terminal(['run', '-it', '--rm', busybox, 'sh'], { columns: 80, rows: 24 });
  await terminal.waitFor(/# /);
  terminal.resize(120, 40);
  await eventually('the container sees the new size', async () => {
    terminal.type('stty size\n');
    return terminal.waitFor(/40 120/, 500).catch(() => undefined);
  });
  terminal.type('exit\n');
  expect(await terminal.ended()).toBe(0);
});

test('the detach keys leave the container running; attach comes back to it', async () => {
  const first = box.terminal(['run', '-it', '--name', 'left', busybox, 'sh']);
  await first.waitFor(/# /);
  first.type('remembered=yes\n');
  await first.waitFor(/# /);
  first.type('\x10\x11');
  expect(await first.ended()).toBe(0);
  expect(await state('left')).toBe('running 0');

  const second = box.terminal(['attach', 'left']);
  second.type('echo "it says $remembered"\n');
  await second.waitFor(/it says yes/);
  second.type('exit 4\n');
  expect(await second.ended()).toBe(4);
  expect(await state('left')).toBe('exited 4');
  await box.ok(['rm', 'left']);
});

test('--detach-keys names other keys', async () => {
  const terminal = box.terminal(['run', '-it', '--name', 'keys', '--detach-keys', 'ctrl-a,x', busybox, 'sh']);
  await terminal.waitFor(/# /);
  terminal.type('\x01x');
  expect(await terminal.ended()).toBe(0);
  expect(await state('keys')).toBe('running 0');
  await box.ok(['rm', '-f', 'keys']);
});

test('the detach keys of exec leave its command running, and its end is recorded', async () => {
  const id = await box.ok(['run', '-d', '--network', 'none', '--name', 'stays', busybox, 'sleep', '100000']);
  const script = 'echo ready; until test -e /over; do echo tick; sleep 0.05; done; tty -s && echo "still on a terminal" >/said; exit 3';
  const terminal = box.terminal(['exec', '-it', 'stays', 'sh', '-c', script]);
  await terminal.waitFor(/tick/);
  terminal.type('\x10\x11');
  expect(await terminal.ended()).toBe(0);
  expect(JSON.parse(await box.ok(['inspect', '--format', '{{json .ExecIDs}}', 'stays']))).toHaveLength(1);
  await box.ok(['exec', 'stays', 'touch', '/over']);
  await eventually('it says so', async () => (await box.skiff(['exec', 'stays', 'cat', '/said'])).stdout === 'still on a terminal\n');
  const ended = await eventually('its end is recorded', () => eventsOf(box, id).find((event) => event.includes('exitCode=3')));
  const [left] = eventsOf(box, id).filter(([action]) => action === 'exec_detach');
  expect(ended).toEqual(['exec_die', left?.[1] ?? '', 'exitCode=3']);
  expect(await box.ok(['inspect', '--format', '{{json .ExecIDs}}', 'stays'])).toBe('null');
  await box.ok(['rm', '-f', 'stays']);
});

test('a terminal that dies hangs the command of exec up', async () => {
  await box.ok(['run', '-d', '--network', 'none', '--name', 'dies', busybox, 'sleep', '100000']);
  const terminal = box.terminal(['exec', '-it', 'dies', 'sh', '-c', 'echo ready; exec sleep 99999']);
  await terminal.waitFor(/ready/);
  terminal.process.kill('SIGKILL');
  await eventually('the command is gone', async () => !(await box.ok(['exec', 'dies', 'ps'])).includes('sleep 99999'));
  await box.ok(['rm', '-f', 'dies']);
});

test('-t without -i shows colours but takes no input; -it without a terminal is refused', async () => {
  const { stderr, code } = await box.skiff(['run', '-it', '--rm', busybox, 'true']);
  expect(code).toBe(1);
  expect(stderr).toContain('the input device is not a TTY');
  expect(await box.skiff(['run', '-t', '--rm', busybox, 'sh', '-c', 'test -t 1 && echo terminal'])).toEqual({
    stdout: 'terminal\r\n',
    stderr: '',
    code: 0,
  });
});

test('the terminal is as before when run has ended', async () => {
  const script = 'before=$(stty -g); "$0" run -it --rm "$1" true; test "$before" = "$(stty -g)" && echo restored';
  const shell = openTerminal(['sh', '-c', script, process.env.SKIFF_TEST_BINARY ?? 'dist/skiff', busybox], { env: box.env });
  await shell.waitFor(/restored/);
  expect(await shell.ended()).toBe(0);
});

test('attach shows the output of both streams and ends with the exit code', async () => {
  await box.ok([
    'run',
    '-d',
    '--name',
    'talks',
    busybox,
    'sh',
    '-c',
    'while [ ! -e /go ]; do sleep 0.1; done; echo out; echo err >&2; exit 9',
  ]);
  const attached = box.skiff(['attach', '--no-stdin', 'talks']);
  await box.ok(['exec', 'talks', 'sh', '-c', 'sleep 0.5; touch /go']);
  expect(await attached).toEqual({ stdout: 'out\n', stderr: 'err\n', code: 9 });
  await box.ok(['rm', 'talks']);
});

test('two can watch one container', async () => {
  await box.ok(['run', '-d', '--name', 'watched', busybox, 'sh', '-c', 'while [ ! -e /go ]; do sleep 0.1; done; seq 1 1000']);
  const watchers = [1, 2].map(() => box.skiff(['attach', '--no-stdin', 'watched']));
  await box.ok(['exec', 'watched', 'sh', '-c', 'sleep 0.5; touch /go']);
  const expected = { stdout: `${Array.from({ length: 1000 }, (_, line) => line + 1).join('\n')}\n`, stderr: '', code: 0 };
  expect(await Promise.all(watchers)).toEqual([expected, expected]);
  await box.ok(['rm', 'watched']);
});

test('attach to a container with -i gives it input, whose end is its end', async () => {
  await box.ok(['create', '-i', '--name', 'fed', busybox, 'cat']);
  await box.ok(['start', 'fed']);
  expect(await box.skiff(['attach', 'fed'], { stdin: 'by attach\n' })).toEqual({ stdout: 'by attach\n', stderr: '', code: 0 });
  await box.ok(['rm', '-f', 'fed']);
});

test('attach to one that does not run is refused', async () => {
  await box.ok(['create', '--name', 'still', busybox, 'true']);
  const { stderr, code } = await box.skiff(['attach', 'still']);
  expect(code).toBe(1);
  expect(stderr).toMatch(/cannot attach to a stopped container/i);
  await box.ok(['rm', 'still']);
});

test.each(['TERM', 'INT', 'USR1'] as const)('SIG%s to run in the foreground reaches the container', async (signal) => {
  const child = box.start([
    'run',
    '--rm',
    '--name',
    `signal-${signal}`,
    busybox,
    'sh',
    '-c',
    `trap "echo got; exit 21" ${signal}; echo ready; while :; do sleep 0.1; done`,
  ]);
  await eventually('the container is ready', async () => (await box.skiff(['logs', `signal-${signal}`])).stdout.includes('ready'));
  child.kill(`SIG${signal}`);
  expect(await child.exited).toBe(21);
  expect(await child.stdout.text()).toBe('ready\ngot\n');
});

test('with --sig-proxy=false the signal ends run and leaves the container', async () => {
  const child = box.start(['run', '--sig-proxy=false', '--name', 'untouched', busybox, 'sh', '-c', 'echo ready; exec sleep 1000']);
  await eventually('the container is ready', async () => (await box.skiff(['logs', 'untouched'])).stdout.includes('ready'));
  child.kill('SIGTERM');
  await child.exited;
  expect(await state('untouched')).toBe('running 0');
  await box.ok(['rm', '-f', 'untouched']);
});

test('a SIGTERM to run -it gives the terminal back as it was', async () => {
  const shell = Bun.which('bash') ?? '/bin/bash';
  const script = `before=$(stty -g); "$1" run -it --name window "$2" sh; echo "ended $?"; [ "$(stty -g)" = "$before" ] && echo same`;
  const opened = openTerminal([shell, '-c', script, 'bash', process.env.SKIFF_TEST_BINARY ?? 'dist/skiff', busybox], {
    cwd: box.files,
    env: box.env,
  });
  await opened.waitFor(/# /);
  const front = (await Bun.$`pgrep -f -x ${'.*/skiff run -it --name window .* sh'}`.text()).trim().split('\n').map(Number);
  for (const pid of front) process.kill(pid, 'SIGTERM');
  await opened.waitFor(/ended 143\nsame/);
  await opened.ended();
  await box.ok(['rm', '-f', 'window']);
});
