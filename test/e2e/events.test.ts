// `events`: what each verb leaves in the record, in Docker's order and words, and how it is asked for.
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

interface Message {
  status?: string;
  id?: string;
  from?: string;
  Type: string;
  Action: string;
  Actor: { ID: string; Attributes: Record<string, string> };
  scope: string;
  time: number;
}

const recorded = async (...flags: string[]): Promise<Message[]> =>
  (await box.ok(['events', '--since', '1h', '--until', '0s', '--format', 'json', ...flags]))
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));

/** `Type Action` of everything about container `id`, its networks and volumes included. */
const sequence = async (id: string): Promise<string[]> =>
  (await recorded())
    .filter(({ Actor }) => Actor.ID === id || Actor.Attributes.container === id)
    .map(({ Type, Action, Actor: { Attributes } }) => `${Type} ${Action}${Action === 'kill' ? ` ${Attributes.signal}` : ''}`);

const UP = ['network connect', 'container start'];
const DOWN = ['container die', 'network disconnect'];

test('a container’s whole life', async () => {
  const loop = 'trap "exit 0" TERM; echo ready; while :; do sleep 0.05; done';
  const id = await box.ok(['run', '-d', '--name', 'life', busybox, 'sh', '-c', loop]);
  const ready = (times: number) =>
    eventually('it listens', async () => (await box.ok(['logs', 'life'])).split('ready').length === times + 1);
  await ready(1);
  await box.skiff(['exec', 'life', 'sh', '-c', 'exit 3']);
  await box.ok(['pause', 'life']);
  await box.ok(['unpause', 'life']);
  await box.ok(['stop', 'life']);
  await box.ok(['start', 'life']);
  await ready(2);
  await box.ok(['restart', 'life']);
  await ready(3);
  await box.ok(['kill', 'life']);
  await box.ok(['wait', 'life']);
  await box.ok(['rename', 'life', 'after']);
  await box.ok(['rm', 'after']);
  expect(await sequence(id)).toEqual([
    ...['container create', ...UP],
    ...['container exec_create: sh -c exit 3', 'container exec_start: sh -c exit 3', 'container exec_die'],
    ...['container pause', 'container unpause'],
    ...['container kill 15', ...DOWN, 'container stop'],
    ...UP,
    ...['container kill 15', ...DOWN, 'container stop', ...UP, 'container restart'],
    ...['container kill 9', ...DOWN],
    ...['container rename', 'container destroy'],
  ]);
  const ofContainer = await recorded('--filter', `container=${id}`);
  const attributesOf = (action: string) => ofContainer.find(({ Action }) => Action === action)?.Actor.Attributes;
  const common = { image: busybox, 'test.image': 'busybox' };
  expect(attributesOf('create')).toEqual({ ...common, name: 'life' });
  expect(attributesOf('exec_die')).toEqual({ ...common, name: 'life', execID: expect.stringMatching(/^[0-9a-f]{64}$/), exitCode: '3' });
  expect(attributesOf('rename')).toEqual({ ...common, name: 'after', oldName: '/life' });
  expect(attributesOf('destroy')).toEqual({ ...common, name: 'after' });
  const execs = ofContainer.filter(({ Action }) => Action.startsWith('exec_')).map(({ Actor }) => Actor.Attributes.execID);
  expect([execs.length, new Set(execs).size]).toEqual([3, 1]);
});

test('run --rm: created, attached, started, died, destroyed, with the volumes that were its own', async () => {
  const cid = join(box.files, 'cid');
  await box.ok(['run', '--rm', '--cidfile', cid, '-v', '/own', '-v', 'kept:/kept', busybox, 'true']);
  const id = await Bun.file(cid).text();
  await eventually('its removal is recorded', async () => (await sequence(id)).includes('container destroy'));
  expect(await sequence(id)).toEqual([
    ...['container create', 'container attach', 'volume mount', 'volume mount', ...UP],
    ...[...DOWN, 'volume unmount', 'volume unmount', 'container destroy'],
  ]);
  const volumes = (await recorded('--filter', 'type=volume')).map(({ Action, Actor }) => [Action, Actor.ID === 'kept']);
  expect(volumes).toEqual([
    ['create', true],
    ['create', false],
    ['mount', true],
    ['mount', false],
    ['unmount', true],
    ['unmount', false],
    ['destroy', false],
  ]);
  const [mounted] = await recorded('--filter', 'volume=kept', '--filter', 'event=mount');
  expect(mounted?.Actor.Attributes).toEqual({
    driver: 'local',
    container: id,
    destination: '/kept',
    'read/write': 'true',
    propagation: '',
  });
  const [connected] = await recorded('--filter', 'network=bridge', '--filter', 'event=connect');
  expect(connected).toEqual({
    Type: 'network',
    Action: 'connect',
    Actor: { ID: expect.stringMatching(/^[0-9a-f]{64}$/), Attributes: { container: expect.any(String), name: 'bridge', type: 'bridge' } },
    scope: 'local',
    time: expect.any(Number),
    timeNano: expect.any(Number),
  });
});

test('a detached exec: its end is recorded by who is left', async () => {
  await box.ok(['run', '-d', '--name', 'host', busybox, 'sleep', '1000']);
  await box.ok(['exec', '-d', 'host', 'sh', '-c', 'while [ ! -e /go ]; do sleep 0.05; done; exit 5']);
  const [running] = JSON.parse(await box.ok(['inspect', '--format', '{{json .ExecIDs}}', 'host']));
  await box.ok(['exec', 'host', 'touch', '/go']);
  const died = await eventually('its end is recorded', async () =>
    (await recorded('--filter', 'container=host', '--filter', 'event=exec_die')).find(({ Actor }) => Actor.Attributes.exitCode === '5'),
  );
  expect(died.Actor.Attributes.execID).toBe(running);
  expect(await box.ok(['inspect', '--format', '{{json .ExecIDs}}', 'host'])).toBe('null');
  await box.ok(['rm', '-f', 'host']);
});

test('images: pull, tag, untag, delete', async () => {
  const app = image('features');
  await box.ok(['pull', '--quiet', app]);
  const id = await box.ok(['inspect', '--type', 'image', '--format', '{{.Id}}', app]);
  await box.ok(['tag', app, 'other:1']);
  await box.ok(['rmi', 'other:1']);
  await box.ok(['rmi', app]);
  const about = (await recorded('--filter', 'type=image')).filter(({ Actor }) => [id, `${app}:latest`].includes(Actor.ID));
  expect(
    about.map(({ Action, Actor, status, id: older }) => [Action, Actor.ID, Actor.Attributes.name, status === Action, older === Actor.ID]),
  ).toEqual([
    ['pull', `${app}:latest`, app, true, true],
    ['tag', id, 'other:1', true, true],
    ['untag', id, id, true, true],
    ['untag', id, id, true, true],
    ['delete', id, id, true, true],
  ]);
  expect((await recorded('--filter', `image=${app}`)).map(({ Action }) => Action)).toEqual(['pull']);
});

test('without --until it follows; with --since the past comes first; Ctrl-C ends it', async () => {
  await box.ok(['create', '--name', 'past', busybox, 'true']);
  const follow = (...flags: string[]) => {
    const child = box.start(['events', '--filter', 'type=container', '--format', '{{.Action}} {{.Actor.Attributes.name}}', ...flags]);
    const seen = { text: '' };
    void (async () => {
      for await (const chunk of child.stdout) seen.text += new TextDecoder().decode(chunk);
    })();
    return { child, seen };
  };
  const [fromNow, fromThen] = [follow(), follow('--since', '1h')];
  await eventually('the past is shown', () => fromThen.seen.text.includes('create past\n'));
  // When the other one has begun to follow is not to be seen, so some event is made until one reaches it.
  await eventually('the first event is seen', async () => {
    await box.ok(['create', '--name', 'beacon', busybox, 'true']);
    await box.ok(['rm', 'beacon']);
    return fromNow.seen.text.includes('destroy beacon\n');
  });
  const before = fromNow.seen.text;
  await box.ok(['rename', 'past', 'future']);
  await box.ok(['rm', 'future']);
  await eventually('both see what comes', () => [fromNow, fromThen].every(({ seen }) => seen.text.includes('destroy future\n')));
  expect(fromNow.seen.text.slice(before.length)).toBe('rename future\ndestroy future\n');
  expect(before).not.toContain('past');
  fromNow.child.kill('SIGINT');
  expect(await fromNow.child.exited).toBe(130);
  fromThen.child.kill('SIGTERM');
  expect(await fromThen.child.exited).toBe(143);
});

test('with --until in the future it ends by itself, then', async () => {
  const until = Math.floor(Date.now() / 1000) + 2;
  const { stdout, stderr, code } = await box.skiff([
    'events',
    '--until',
    String(until),
    '--format',
    '{{.Action}} {{.Actor.Attributes.name}}',
  ]);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(Date.now()).toBeGreaterThanOrEqual(until * 1000);
  expect(stdout).toContain('rename after\ndestroy after\n');
});

test('system events is the same, and the default line is Docker’s', async () => {
  const id = await box.ok(['create', '--name', 'lined', '-l', 'tier=front', busybox, 'true']);
  await box.ok(['rm', 'lined']);
  const lines = await box.ok([
    'system',
    'events',
    '--since',
    '1h',
    '--until',
    '0s',
    '--filter',
    'container=lined',
    '--filter',
    'event=create',
  ]);
  expect(lines).toMatch(
    new RegExp(
      `^\\d{4}-\\d\\d-\\d\\dT[\\d:]{8}\\.\\d{9}\\S+ container create ${id} \\(image=${busybox}, name=lined, test\\.image=busybox, tier=front\\)$`,
    ),
  );
});

test('a reader that leaves ends it quietly', async () => {
  const child = box.start(['events', '--since', '1h']);
  await child.stdout.cancel();
  await box.ok(['create', '--name', 'unseen', busybox, 'true']);
  await box.ok(['rm', 'unseen']);
  expect(await child.exited).toBe(141);
  expect(await new Response(child.stderr).text()).toBe('');
});

test('what cannot be recorded keeps nobody from anything', async () => {
  const folder = join(box.root, 'events');
  rmSync(folder, { recursive: true });
  writeFileSync(folder, 'in the way');
  expect(await box.skiff(['run', '--rm', busybox, 'echo', 'hi'])).toEqual({ stdout: 'hi\n', stderr: '', code: 0 });
  rmSync(folder);
  expect(await box.skiff(['run', '--rm', busybox, 'echo', 'hi'])).toEqual({ stdout: 'hi\n', stderr: '', code: 0 });
  expect(existsSync(join(folder, 'current'))).toBe(true);
});

test.each([
  [['--since', 'yesterday'], 1, 'invalid value for "since": failed to parse value as time or duration: "yesterday"'],
  [['--until', '10x'], 1, 'invalid value for "until": failed to parse value as time or duration: "10x"'],
  [['--since', '20', '--until', '10'], 1, '`since` time (20) cannot be after `until` time (10)'],
  [['--filter', 'colour=red'], 1, "invalid filter 'colour'"],
  [['--filter', 'container'], 125, 'bad format of filter (expected name=value)'],
  [['--format', '{{.Nothing}}'], 64, 'Error parsing format: template: :1:2: executing "" at <.Nothing>: can\'t evaluate field Nothing'],
  [['--format', '{{.Type'], 64, 'Error parsing format: template: :1: unclosed action'],
  [['web'], 1, "'skiff events' accepts no arguments"],
])('%j is refused', async (words, exitCode, sentence) => {
  const { stdout, stderr, code } = await box.skiff(['events', ...words]);
  expect({ stdout, code }).toEqual({ stdout: '', code: exitCode });
  expect(stderr).toContain(sentence);
});
