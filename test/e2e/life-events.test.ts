// What a container's supervisor records of its life: Docker's actions and attributes, in Docker's order.
import { eventsOf } from './support/events.ts';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const LIFE = ['start', 'die', 'kill', 'stop', 'restart', 'attach', 'detach', 'resize', 'oom'];
/** Without how long it ran, and without what other commands record (create, rename, destroy …). */
const lifeOf = (id: string): string[] =>
  eventsOf(box, id)
    .filter(([action = '']) => LIFE.includes(action))
    .map((event) => event.filter((part) => !part.startsWith('execDuration=')).join(' '));
const start = (name: string, script: string, ...flags: string[]) =>
  box.ok(['run', '-d', '--network', 'none', '--name', name, ...flags, busybox, 'sh', '-c', script]);
const ready = (name: string) => eventually(`${name} is ready`, async () => (await box.ok(['logs', name])).includes('ready'));
const POLITE = 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done';

test('one that ends by itself: start, then die with its exit code and how long it ran', async () => {
  const id = await start('short', 'exit 3');
  await box.ok(['wait', 'short']);
  await eventually('the end is recorded', () => eventsOf(box, id).some(([action]) => action === 'die'));
  expect(eventsOf(box, id).filter(([action]) => action === 'start' || action === 'die')).toEqual([
    ['start'],
    ['die', expect.stringMatching(/^execDuration=\d+$/), 'exitCode=3'],
  ]);
  await box.ok(['rm', 'short']);
});

test('stop: kill with the number of the stop signal, die, stop', async () => {
  const id = await start('stopped', POLITE);
  await ready('stopped');
  await box.ok(['stop', 'stopped']);
  expect(lifeOf(id)).toEqual(['start', 'kill signal=15', 'die exitCode=7', 'stop']);
  await box.ok(['rm', 'stopped']);
});

test('a stop that the container does not heed kills it: both signals are recorded', async () => {
  const id = await start('deaf', 'trap "" TERM; echo ready; while :; do sleep 0.05; done');
  await ready('deaf');
  await box.ok(['stop', '-t', '0', 'deaf']);
  expect(lifeOf(id)).toEqual(['start', 'kill signal=15', 'kill signal=9', 'die exitCode=137', 'stop']);
  await box.ok(['rm', 'deaf']);
});

test('kill and restart', async () => {
  const id = await start('many', POLITE);
  await ready('many');
  await box.ok(['kill', '-s', 'TERM', 'many']);
  await box.ok(['wait', 'many']);
  await box.ok(['start', 'many']);
  await box.ok(['restart', '-t', '0', '-s', 'KILL', 'many']);
  const first = ['start', 'kill signal=15', 'die exitCode=7'];
  expect(lifeOf(id)).toEqual([...first, 'start', 'kill signal=9', 'die exitCode=137', 'stop', 'start', 'restart']);
  await box.ok(['rm', '-f', 'many']);
});

test('a restart policy: die and start again', async () => {
  const id = await start('policy', 'exit 4', '--restart', 'on-failure:1');
  await eventually('it has given up', async () => (await box.ok(['inspect', '-f', '{{.State.Status}}', 'policy'])) === 'exited');
  expect(lifeOf(id)).toEqual(['start', 'die exitCode=4', 'start', 'die exitCode=4']);
  await box.ok(['rm', 'policy']);
});

test('--rm: destroy comes last', async () => {
  const { stdout } = await box.skiff(['run', '--rm', '--cidfile', `${box.files}/cid`, '--network', 'none', busybox, 'echo', 'hi']);
  expect(stdout).toBe('hi\n');
  const id = await Bun.file(`${box.files}/cid`).text();
  expect(lifeOf(id)).toEqual(['attach', 'start', 'die exitCode=0']);
  await eventually('the removal is recorded', () => eventsOf(box, id).at(-1)?.[0] === 'destroy');
});

test('a terminal: attach, resize with rows and columns, detach by its keys; under the name that it has by then', async () => {
  const id = await box.ok(['run', '-dit', '--network', 'none', '--name', 'before', busybox, 'sh', '-c', 'echo ready; cat']);
  await ready('before');
  await box.ok(['rename', 'before', 'after']);
  const terminal = box.terminal(['attach', 'after'], { rows: 33, columns: 77 });
  await eventually('its size is passed on', () => lifeOf(id).includes('resize height=33 width=77'));
  terminal.type('\x10\x11');
  expect(await terminal.ended()).toBe(0);
  await eventually('leaving is recorded', () => lifeOf(id).includes('detach'));
  expect(lifeOf(id).slice(0, 2)).toEqual(['start', 'attach']);
  await box.ok(['rm', '-f', 'after']);
});
