// What happens when the command in the foreground, or who reads its output, goes away or stops: nothing hangs, nothing runs unseen.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

// What a command that was killed had begun is garbage, which a sweep takes.
afterEach(async () => {
  await box.ok(['system', 'check', '--repair']);
});

const binary = process.env.SKIFF_TEST_BINARY ?? join(process.cwd(), 'dist/skiff');
const state = (name: string) => box.ok(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name]);
const supervisorOf = async (name: string) => {
  const id = await box.ok(['inspect', '--format', '{{.Id}}', name]);
  const record = await Bun.file(join(box.root, 'containers', id, 'state.json')).json();
  return Number(record.SupervisorPid);
};

test('run whose reader leaves (| head) ends with 141, and rm -f takes what it started', async () => {
  const script = `"$1" run --name talker "$2" yes | head -1; echo "\${PIPESTATUS[0]}"`;
  const shell = Bun.spawn(['timeout', '30', 'bash', '-c', script, 'bash', binary, busybox], {
    env: box.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  expect(await shell.stdout.text()).toBe('y\n141\n');
  await box.ok(['rm', '-f', 'talker']);
});

test.each([0, 20, 40, 60, 80, 100])('run killed with -9 after %d ms leaves no container that starts by itself later', async (pauseMs) => {
  const child = box.start(['run', '--rm', busybox, 'sleep', '1000']);
  await Bun.sleep(pauseMs);
  child.kill('SIGKILL');
  await child.exited;
  // Either it had attached, and the container runs as it would under Docker; or nobody is left who would start it.
  await eventually('no container is about to start', async () => {
    const created = (await box.ok(['ps', '-aq', '--no-trunc', '--filter', 'status=created'])).split('\n').filter(Boolean);
    return created.every((id) => Bun.spawnSync(['pgrep', '-f', `__supervise ${id}`]).stdout.length === 0);
  });
  const ids = (await box.ok(['ps', '-aq'])).split('\n').filter(Boolean);
  if (ids.length > 0) await box.ok(['rm', '-f', ...ids]);
});

test('input that came from a killed run -i has ended for the container', async () => {
  const child = box.start(['run', '-i', '--rm', '--name', 'fed', busybox, 'cat']);
  child.stdin.write('some\n');
  await child.stdin.flush();
  await eventually('the container has read', async () => (await box.skiff(['logs', 'fed'])).stdout === 'some\n');
  child.kill('SIGKILL');
  await eventually('cat has ended', async () => (await box.ok(['ps', '-aq'])) === '');
});

test('a reader that stopped does not keep an ended container, nor change its exit code', async () => {
  const child = box.start([
    'run',
    '--name',
    'flood',
    busybox,
    'sh',
    '-c',
    'head -c 60000000 /dev/zero & trap "exit 9" TERM; while :; do sleep 0.1; done',
  ]);
  await eventually('it prints', async () => (await box.skiff(['ps', '-q'])).stdout !== '');
  child.kill('SIGSTOP');
  await box.ok(['stop', '-t', '5', 'flood']);
  expect(await state('flood')).toBe('exited 9');
  child.kill('SIGKILL');
  await box.ok(['rm', 'flood']);
});

test('restarts leave no descriptor open in the supervisor', async () => {
  await box.ok(['create', '-i', '--name', 'again', '--restart', 'always', busybox, 'true']);
  await box.ok(['start', 'again']);
  const restarts = async () => Number(await box.ok(['inspect', '--format', '{{.RestartCount}}', 'again']));
  await eventually('it was restarted once', async () => (await restarts()) >= 1);
  const supervisor = await supervisorOf('again');
  const pipes = () => readdirSync(`/proc/${supervisor}/fd`).length;
  const before = pipes();
  await eventually('it was restarted thrice more', async () => (await restarts()) >= 4);
  // A leak would be three for each of them and stay; what one start has open goes again.
  await eventually('no more are open than before', () => pipes() < before + 3);
  await box.ok(['rm', '-f', 'again']);
});

test('a SIGTERM to the supervisor, as at logout, ends the container in order and does not restart it', async () => {
  await box.ok([
    'run',
    '-d',
    '--name',
    'polite',
    '--restart',
    'always',
    busybox,
    'sh',
    '-c',
    'trap "exit 5" TERM; while :; do sleep 0.1; done',
  ]);
  process.kill(await supervisorOf('polite'), 'SIGTERM');
  await eventually('it has ended', async () => (await state('polite')) === 'exited 5');
  await box.ok(['rm', 'polite']);
});

test('--log-opt max-size and max-file bound the log', async () => {
  const limits = ['--log-opt', 'max-size=10k', '--log-opt', 'max-file=2'];
  await box.ok(['run', '--name', 'chatty', ...limits, busybox, 'sh', '-c', 'for i in $(seq 600); do echo "line $i of a long story"; done']);
  const id = await box.ok(['inspect', '--format', '{{.Id}}', 'chatty']);
  const logs = readdirSync(join(box.root, 'containers', id)).filter((name) => name.includes('-json.log'));
  expect(logs.toSorted()).toEqual([`${id}-json.log`, `${id}-json.log.1`]);
  for (const name of logs) expect(Bun.file(join(box.root, 'containers', id, name)).size).toBeLessThan(11_000);
  expect((await box.ok(['logs', 'chatty'])).split('\n').at(-1)).toBe('line 600 of a long story');
  await box.ok(['rm', 'chatty']);
});

test('input that the container does not read stays outside, and signals pass it by', async () => {
  const script = `"$1" run -i --name deaf "$2" sh -c 'trap "exit 6" TERM; echo ready; while :; do sleep 0.1; done' </dev/zero`;
  const child = Bun.spawn(['bash', '-c', `exec ${script}`, 'bash', binary, busybox], {
    env: box.env,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await eventually('it listens', async () => (await box.skiff(['logs', 'deaf'])).stdout === 'ready\n');
  await Bun.sleep(1000);
  const status = await Bun.file(`/proc/${await supervisorOf('deaf')}/status`).text();
  expect(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1])).toBeLessThan(150_000);
  child.kill('SIGTERM');
  expect(await child.exited).toBe(6);
  await box.ok(['rm', 'deaf']);
});

test('run -i reads a file on from where the caller stands in it', async () => {
  const path = join(box.files, 'lines');
  await Bun.write(path, 'first\nsecond\nthird\n');
  const script = `{ read -r line; "$1" run --rm -i "$2" cat; } <"$3"`;
  const shell = Bun.spawn(['bash', '-c', script, 'bash', binary, busybox, path], { env: box.env, stdio: ['ignore', 'pipe', 'inherit'] });
  expect(await shell.stdout.text()).toBe('second\nthird\n');
});
