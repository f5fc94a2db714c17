// Where no /proc can be mounted containers have no pid namespace, and nothing dies by itself with its init or its supervisor. What the
// kernel does elsewhere is done here by the supervisor and its guard. (The sandbox looks, at its end, for processes that stayed.)
import { eventually } from './support/eventually.ts';
import { pathWithout } from './support/path-without.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox({ env: { SKIFF_PIDNS_STEP: 'shared', SKIFF_NETWORK_STEP: 'own' } });
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const pgrep = (...args: string[]): number[] =>
  Bun.spawnSync(['pgrep', ...args])
    .stdout.toString()
    .split('\n')
    .filter(Boolean)
    .map(Number);
const idOf = (name: string) => box.ok(['inspect', '--format', '{{.Id}}', name]);
const statusOf = (name: string) => box.ok(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}}', name]);

/** Supervisor and guard of a container. */
async function watchersOf(name: string): Promise<{ supervisor: number; guard: number }> {
  const [supervisor = 0] = pgrep('-f', `__supervise ${await idOf(name)}`);
  const [guard = 0] = pgrep('-P', String(supervisor), '-x', 'sh');
  expect([supervisor, guard].every((pid) => pid > 1)).toBe(true);
  return { supervisor, guard };
}

// A number that no other file's programs sleep for, since they are found among all of the user's.
const start = (name: string, ...flags: string[]) =>
  box.ok(['run', '-d', '--name', name, ...flags, busybox, 'sh', '-c', 'sleep 876541 & exec sleep 876540']);

test('a container shares the pids of the host, and info says so', async () => {
  const inside = await box.ok(['run', '--rm', '--network', 'none', busybox, 'sh', '-c', 'readlink /proc/self/ns/pid; hostname']);
  expect(inside.split('\n')[0]).toBe((await Bun.$`readlink /proc/self/ns/pid`.text()).trim());
  expect(await box.ok(['info', '--format', '{{.Rootless.Processes.Step}}: {{.Rootless.Processes.Reason}}'])).toBe('shared: asked for');
  expect(await box.ok(['info', '--format', '{{.Rootless.Processes.Step}}'], { env: { SKIFF_PIDNS_STEP: '' } })).toBe('own');
});

test('output, exit codes, input and exec are as anywhere', async () => {
  const result = await box.skiff(['run', '--rm', '-i', busybox, 'sh', '-c', 'cat; echo oops >&2; exit 42'], { stdin: 'typed\n' });
  expect(result).toEqual({ stdout: 'typed\n', stderr: 'oops\n', code: 42 });
  await start('lives');
  expect(await box.ok(['exec', '-u', 'app', 'lives', 'id', '-un'])).toBe('app');
  expect((await box.skiff(['exec', 'lives', 'sh', '-c', 'exit 7'])).code).toBe(7);
  expect(await box.ok(['restart', '-t', '0', 'lives'])).toBe('lives');
  expect(await box.ok(['exec', 'lives', 'echo', 'still'])).toBe('still');
  await box.ok(['rm', '-f', 'lives']);
});

test('a detached exec is listed as long as it runs', async () => {
  await start('lists', '--network', 'none');
  await box.ok(['exec', '-d', 'lists', 'sh', '-c', 'until test -e /over; do sleep 0.05; done']);
  const execs = () => box.ok(['inspect', '--format', '{{len .ExecIDs}}', 'lists']);
  expect(await execs()).toBe('1');
  await box.ok(['exec', 'lists', 'touch', '/over']);
  await eventually('it is gone', async () => (await execs()) === '0');
  await box.ok(['rm', '-f', 'lists']);
});

test('what a container leaves running ends with it, and does not hold its output open', async () => {
  const result = await box.skiff(['run', '--rm', '--network', 'none', busybox, 'sh', '-c', 'sleep 876541 & (sleep 876542 &) ; exit 3']);
  expect(result).toEqual({ stdout: '', stderr: '', code: 3 });
  expect(pgrep('-f', '^sleep 87654[12]$')).toEqual([]);
});

test('stop takes the processes of exec along', async () => {
  await start('stopped', '--network', 'none');
  await box.ok(['exec', '-d', 'stopped', 'sleep', '876543']);
  await eventually('it sleeps', () => pgrep('-f', '^sleep 876543$').length === 1);
  await box.ok(['stop', 'stopped']);
  // Its init is an ordinary process here, which SIGTERM ends.
  expect(await statusOf('stopped')).toBe('exited 143');
  expect(pgrep('-f', '^sleep 876543$')).toEqual([]);
  await box.ok(['rm', 'stopped']);
});

test('a kill -9 of the supervisor takes the whole container along', async () => {
  await start('killed', '-p', '127.0.0.1::80', '--storage-driver', 'fuse-overlayfs');
  await box.ok(['exec', '-d', 'killed', 'sleep', '876543']);
  const id = (await idOf('killed')).slice(0, 24);
  expect(pgrep('-f', `^\\S*(pasta|fuse-overlayfs) .*${id}`)).toHaveLength(2);
  process.kill((await watchersOf('killed')).supervisor, 'SIGKILL');
  await eventually('all of it has ended', () => pgrep('-f', `^sleep 87654|^\\S*(pasta|fuse-overlayfs) .*${id}`).length === 0);
  expect(await statusOf('killed')).toBe('exited 137');
  expect(await box.ok(['start', 'killed'])).toBe('killed');
  expect(await box.ok(['exec', 'killed', 'echo', 'again'])).toBe('again');
  await box.ok(['rm', '-f', 'killed']);
});

test.each(['rm -f', 'start'])('when the guard was killed first, %s ends what is left', async (verb) => {
  await start('orphan', '--storage-driver', 'fuse-overlayfs');
  const id = (await idOf('orphan')).slice(0, 24);
  const { supervisor, guard } = await watchersOf('orphan');
  process.kill(guard, 'SIGKILL');
  process.kill(supervisor, 'SIGKILL');
  await eventually('it is seen to have ended', async () => (await statusOf('orphan')) === 'exited 137');
  const left = pgrep('-f', `^sleep 87654|^\\S*(pasta|fuse-overlayfs) .*${id}`);
  expect(left).toHaveLength(4);
  if (verb === 'start') await box.ok(['start', 'orphan']);
  else await box.ok(['rm', '-f', 'orphan']);
  await eventually('what was left has ended', () => !pgrep('-f', '.').some((pid) => left.includes(pid)));
  if (verb === 'start') await box.ok(['rm', '-f', 'orphan']);
});

test('a start that fails leaves no process, no name and no folder', async () => {
  const env = { PATH: pathWithout('pasta', box.files) };
  const result = await box.skiff(['run', '--rm', '--name', 'failed', busybox, 'true'], { env });
  expect(result.code).toBe(125);
  expect(await box.ok(['ps', '-aq'])).toBe('');
});

test('a step that does not exist is refused', async () => {
  const { stderr, code } = await box.skiff(['run', '--rm', busybox, 'true'], { env: { SKIFF_PIDNS_STEP: 'none' } });
  expect({ stderr, code }).toEqual({
    stderr: 'skiff: Unknown pid namespace step "none" in SKIFF_PIDNS_STEP\nUse one of: own, shared\n',
    code: 125,
  });
});
