// Pausing: the processes rest, the state says so everywhere, what cannot be done with a paused container is refused in Docker's words, and
// every way to end one still works.
import { readdirSync, readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { eventsOf } from './support/events.ts';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { rootOfRange, surrounded } from './support/surrounded.ts';

const box = openSandbox();
const busybox = image('busybox');
/** Counts for as long as it runs. */
const COUNTS = 'i=0; while :; do i=$((i+1)); echo $i >/count; sleep 0.02; done';

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const counter = async (name: string, ...flags: string[]): Promise<string> =>
  box.ok(['run', '-d', '--network', 'none', '--name', name, ...flags, busybox, 'sh', '-c', COUNTS]);
const status = (name: string) => box.ok(['inspect', '--format', '{{.State.Status}} {{.State.Running}} {{.State.Paused}}', name]);
const count = (id: string): number => Number(readFileSync(join(box.root, 'containers', id, 'upper/count'), 'utf8')) || 0;
const counts = (id: string) => {
  const from = count(id);
  return eventually(`${id} counts on from ${from}`, () => count(id) > from + 2);
};

test('a paused container rests, shows it everywhere, and goes on where it was', async () => {
  const id = await counter('rests');
  await counts(id);
  expect(await box.ok(['pause', 'rests'])).toBe('rests');
  expect(await status('rests')).toBe('paused true true');
  expect(await box.ok(['ps', '--format', '{{.Status}}'])).toMatch(/^Up .+ \(Paused\)$/);
  expect(await box.ok(['ps', '-q', '--no-trunc', '--filter', 'status=paused'])).toBe(id);
  const at = count(id);
  await Bun.sleep(300);
  expect(count(id)).toBe(at);
  expect(await box.ok(['unpause', 'rests'])).toBe('rests');
  expect(await status('rests')).toBe('running true false');
  await counts(id);
  await box.ok(['rm', '-f', 'rests']);
  expect(eventsOf(box, id).filter(([action]) => action === 'pause' || action === 'unpause')).toEqual([['pause'], ['unpause']]);
});

test('what a paused container cannot do is refused in one sentence, and changes nothing', async () => {
  const id = await counter('still');
  await box.ok(['container', 'pause', 'still']);
  const refused = async (args: string[], said: string) => {
    const { stdout, stderr, code } = await box.skiff(args);
    expect({ stdout, said: stderr.split('\n')[0], code }).toEqual({ stdout: '', said: `skiff: ${said}`, code: 1 });
  };
  await refused(['pause', 'still'], `Container ${id} is already paused`);
  await refused(['exec', 'still', 'true'], 'Container still is paused, unpause the container before exec');
  await refused(['start', 'still'], 'cannot start a paused container, try unpause instead');
  await refused(['attach', 'still'], 'You cannot attach to a paused container, unpause it first');
  await refused(['rm', 'still'], 'cannot remove container "/still": container is paused and must be unpaused first');
  expect(await status('still')).toBe('paused true true');
  await box.ok(['container', 'unpause', 'still']);
  await refused(['unpause', 'still'], `Container ${id} is not paused`);
  await box.ok(['rm', '-f', 'still']);
});

test('one that does not run, or is not there, is neither paused nor unpaused', async () => {
  const id = await box.ok(['create', '--network', 'none', '--name', 'created', busybox, 'true']);
  for (const [verb, said] of [
    ['pause', `Container ${id} is not running`],
    ['unpause', `Container ${id} is not paused`],
  ] as const) {
    const { stderr, code } = await box.skiff([verb, 'created']);
    expect([stderr.split('\n')[0], code]).toEqual([`skiff: ${said}`, 1]);
    const missing = await box.skiff([verb, 'nobody']);
    expect([missing.stderr.split('\n')[0], missing.code]).toEqual(['skiff: No such container: nobody', 1]);
    expect((await box.skiff([verb])).code).toBe(1);
  }
  await box.ok(['rm', 'created']);
});

test('who rests a container for a while, as commit does, undoes that pause and no later one of somebody else', async () => {
  const id = await counter('held');
  const socket = await holdOpen(join(box.run, 'c', id.slice(0, 24), 'sock'));
  expect(await status('held')).toBe('paused true true');
  await box.ok(['unpause', 'held']);
  await box.ok(['pause', 'held']);
  const ended = Promise.withResolvers<void>();
  socket.on('close', () => ended.resolve());
  socket.end('{"type":"release"}\n');
  await ended.promise;
  expect(await status('held')).toBe('paused true true');
  // Killed while it holds: the container goes on.
  await box.ok(['unpause', 'held']);
  const killed = await holdOpen(join(box.run, 'c', id.slice(0, 24), 'sock'));
  killed.destroy();
  await eventually('it goes on', async () => (await status('held')) === 'running true false');
  await box.ok(['rm', '-f', 'held']);
});

/** A connection for whose life the container rests. */
async function holdOpen(path: string): Promise<Socket> {
  const socket = connect(path);
  const answered = Promise.withResolvers<string>();
  socket.on('data', (chunk) => answered.resolve(chunk.toString()));
  socket.on('error', answered.reject);
  socket.write('{"type":"hold"}\n');
  expect(await answered.promise).toBe('{"type":"done"}\n');
  return socket;
}

test('several at once: those that can are paused, the others are told of', async () => {
  await Promise.all([counter('one'), counter('two')]);
  const { stdout, stderr, code } = await box.skiff(['pause', 'one', 'nobody', 'two']);
  expect([stdout, stderr.split('\n')[0], code]).toEqual(['one\ntwo\n', 'skiff: No such container: nobody', 1]);
  expect(await box.ok(['unpause', 'one', 'two'])).toBe('one\ntwo');
  await box.ok(['rm', '-f', 'one', 'two']);
});

describe('a paused container ends', () => {
  test('by stop, which lets it take its signal', async () => {
    const id = await box.ok([
      ...['run', '-d', '--network', 'none', '--name', 'polite', busybox, 'sh', '-c'],
      'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done',
    ]);
    await eventually('the trap is set', async () => (await box.ok(['logs', 'polite'])) === 'ready');
    await box.ok(['pause', 'polite']);
    await box.ok(['stop', 'polite']);
    expect(await box.ok(['inspect', '--format', '{{.State.Status}} {{.State.ExitCode}} {{.State.Paused}}', id])).toBe('exited 7 false');
    await box.ok(['start', 'polite']);
    expect(await status('polite')).toBe('running true false');
    await box.ok(['rm', '-f', 'polite']);
  });

  test('by kill', async () => {
    await counter('killed');
    await box.ok(['pause', 'killed']);
    await box.ok(['kill', 'killed']);
    expect(await box.ok(['wait', 'killed'])).toBe('137');
    await box.ok(['rm', 'killed']);
  });

  test('by restart, and runs again', async () => {
    const id = await counter('again');
    await box.ok(['pause', 'again']);
    await box.ok(['restart', '-t', '0', 'again']);
    expect(await status('again')).toBe('running true false');
    await counts(id);
    await box.ok(['rm', '-f', 'again']);
  });

  test('by a signal that it gets when it goes on', async () => {
    await box.ok([
      ...['run', '-d', '--network', 'none', '--name', 'later', busybox, 'sh', '-c'],
      'trap "exit 9" USR1; echo ready; while :; do sleep 0.05; done',
    ]);
    await eventually('the trap is set', async () => (await box.ok(['logs', 'later'])) === 'ready');
    await box.ok(['pause', 'later']);
    await box.ok(['kill', '-s', 'USR1', 'later']);
    expect(await status('later')).toBe('paused true true');
    await box.ok(['unpause', 'later']);
    expect(await box.ok(['wait', 'later'])).toBe('9');
    await box.ok(['rm', 'later']);
  });

  test('by rm -f, and by a kill -9 of its supervisor: nothing of it is left', async () => {
    await counter('forced');
    await box.ok(['pause', 'forced']);
    await box.ok(['rm', '-f', 'forced']);
    const id = await counter('orphaned');
    const pid = await box.ok(['inspect', '--format', '{{.State.Pid}}', 'orphaned']);
    await box.ok(['pause', 'orphaned']);
    Bun.spawnSync(['pkill', '-KILL', '-f', `__supervise ${id}`]);
    await eventually('its processes are gone', () => !readdirSync('/proc').includes(pid));
    expect(await status('orphaned')).toBe('exited false false');
    await box.ok(['rm', '-f', 'orphaned']);
    expect(await box.ok(['ps', '-aq'])).toBe('');
  });
});

test('a container without a cgroup of its own cannot be paused: one sentence says why', async () => {
  const script = [
    'mount -t tmpfs tmpfs /sys/fs/cgroup',
    `"$SKIFF" run -d --name bare --network none ${busybox} sleep 1000 >/dev/null`,
    '"$SKIFF" pause bare; echo "code $?"; "$SKIFF" inspect --format "{{.State.Status}}" bare; "$SKIFF" rm -f bare',
  ].join(' && ');
  const { stdout, stderr } = await surrounded(box, script, { by: rootOfRange });
  expect(stdout).toBe('code 1\nrunning\nbare\n');
  expect(stderr).toBe(
    'skiff: Cannot pause container "bare": it has no cgroup of its own (no cgroup v2 is mounted)\nSee "skiff info" for how containers get one\n',
  );
});
