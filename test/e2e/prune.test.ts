// Removing what is down: `container prune`, and `rm` of several with its flags.
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const create = (name: string, ...flags: string[]) => box.ok(['create', '--name', name, ...flags, busybox, 'true']);
const names = async () => (await box.ok(['ps', '-a', '--format', '{{.Names}}'])).split('\n').filter(Boolean).sort();
const remove = (...all: string[]) => box.ok(['rm', '-f', ...all]);

test('prune -f removes created and ended containers and says what came free; what runs or is paused stays', async () => {
  const created = await create('created');
  const ended = await box.ok(['run', '-d', '--name', 'ended', busybox, 'sh', '-c', 'head -c 1200000 /dev/zero >/data']);
  await box.ok(['wait', 'ended']);
  await box.ok(['run', '-d', '--name', 'runs', busybox, 'sleep', '1000']);
  await box.ok(['run', '-d', '--name', 'paused', busybox, 'sleep', '1000']);
  await box.ok(['pause', 'paused']);
  await eventually('it is down', async () => (await box.ok(['inspect', '-f', '{{.State.Status}}', 'ended'])) === 'exited');
  expect(await box.ok(['container', 'prune', '-f'])).toBe(`Deleted Containers:\n${created}\n${ended}\n\nTotal reclaimed space: 1.2MB`);
  expect(await names()).toEqual(['paused', 'runs']);
  expect(await box.ok(['container', 'prune', '--force'])).toBe('Total reclaimed space: 0B');
  expect((await box.ok(['events', '--since', '1h', '--until', '0s', '--filter', 'event=prune'])).split('\n')[0]).toMatch(
    / container prune {2}\(reclaimed=12\d{5}\)$/,
  );
  await remove('paused', 'runs');
});

test('volumes stay, anonymous ones too', async () => {
  await create('mounted', '-v', '/data');
  const volume = await box.ok(['inspect', '-f', '{{(index .Mounts 0).Source}}', 'mounted']);
  await box.ok(['container', 'prune', '-f']);
  expect(Bun.spawnSync(['ls', '-d', volume]).exitCode).toBe(0);
});

test('it asks first, in Docker’s words; only a y is a yes', async () => {
  await create('asked');
  const question = 'WARNING! This will remove all stopped containers.\nAre you sure you want to continue? [y/N] ';
  for (const stdin of ['', 'n\n', '\n', 'yes\n']) {
    expect(await box.skiff(['container', 'prune'], { stdin })).toEqual({ stdout: question, stderr: '', code: 0 });
  }
  expect(await names()).toEqual(['asked']);
  const terminal = box.terminal(['container', 'prune']);
  await terminal.waitFor(/\[y\/N\] $/);
  terminal.type('Y\n');
  await terminal.waitFor(/Deleted Containers:\n[0-9a-f]{64}\n\nTotal reclaimed space: 0B\n$/);
  expect(await terminal.ended()).toBe(0);
  expect(await names()).toEqual([]);
});

test.each([
  [
    ['--filter', 'label=keep'],
    ['other', 'plain'],
  ],
  [
    ['--filter', 'label=keep=yes'],
    ['other', 'plain'],
  ],
  [
    ['--filter', 'label=keep=no'],
    ['kept', 'other', 'plain'],
  ],
  [['--filter', 'label!=keep'], ['kept']],
  [
    ['--filter', 'label=tier', '--filter', 'label!=keep'],
    ['kept', 'plain'],
  ],
  [
    ['--filter', 'until=1h'],
    ['kept', 'other', 'plain'],
  ],
  [['--filter', 'until=0s'], []],
])('%j leaves %j', async (flags, left) => {
  await create('kept', '--label', 'keep=yes');
  await create('other', '--label', 'tier=front');
  await create('plain');
  await box.ok(['container', 'prune', '-f', ...flags]);
  expect(await names()).toEqual(left);
  await remove('kept', 'other', 'plain');
});

test.each([
  [['--filter', 'status=exited'], 1, "invalid filter 'status'"],
  [['--filter', 'until=soon'], 1, 'invalid value for "until": failed to parse value as time or duration: "soon"'],
  [['--filter', 'until=1h', '--filter', 'until=2h'], 1, 'more than one until filter specified'],
  [['--filter', 'label'], 125, 'bad format of filter (expected name=value)'],
  [['web'], 1, "'skiff container prune' accepts no arguments"],
])('prune %j is refused, and nothing is removed', async (words, exitCode, sentence) => {
  await create('there');
  const { stdout, stderr, code } = await box.skiff(['container', 'prune', '-f', ...words]);
  expect({ stdout, code }).toEqual({ stdout: '', code: exitCode });
  expect(stderr).toContain(sentence);
  expect(await names()).toEqual(['there']);
  await remove('there');
});

test('several prunes beside starts and removals: each container goes once, none that runs goes', async () => {
  const many = Array.from({ length: 8 }, (_, at) => `many-${at}`);
  await Promise.all(many.map((name) => box.ok(['create', '--network', 'none', '--name', name, busybox, 'sleep', '1000'])));
  const started = many.slice(0, 3);
  const [starts, removal, ...prunes] = await Promise.all([
    Promise.all(started.map((name) => box.skiff(['start', name]))),
    box.skiff(['rm', 'many-7']),
    ...[1, 2, 3].map(() => box.skiff(['container', 'prune', '-f'])),
  ]);
  const running = started.filter((_, at) => starts[at]?.code === 0);
  for (const { code, stderr } of [...starts, removal]) if (code !== 0) expect(stderr).toContain('No such container');
  expect(prunes.map(({ code, stderr }) => ({ code, stderr }))).toEqual(prunes.map(() => ({ code: 0, stderr: '' })));
  const deleted = prunes.flatMap(({ stdout }) => stdout.match(/^[0-9a-f]{64}$/gm) ?? []);
  expect(new Set(deleted).size).toBe(deleted.length);
  expect(await names()).toEqual(running.sort());
  await remove(...many);
});

test('rm -fv of several: those that run and those that do not, with the volumes that are theirs alone', async () => {
  await create('stopped', '-v', '/own', '-v', 'shared:/shared');
  await box.ok(['run', '-d', '--name', 'up', '-v', '/own', busybox, 'sleep', '1000']);
  const volumes = await Promise.all(
    ['stopped', 'up'].map((name) => box.ok(['inspect', '-f', '{{range .Mounts}}{{.Source}} {{end}}', name])),
  );
  expect(await box.ok(['rm', '-fv', 'stopped', 'nobody', 'up'])).toBe('stopped\nup');
  const left = volumes.flatMap((line) => line.trim().split(' ')).filter((folder) => Bun.spawnSync(['ls', '-d', folder]).exitCode === 0);
  expect(left).toEqual([expect.stringMatching(/\/volumes\/shared\/_data$/)]);
});

test('rm -l is refused by name, and removes nothing', async () => {
  await create('linked');
  const { stderr, code } = await box.skiff(['rm', '-l', 'linked']);
  expect(code).toBe(125);
  expect(stderr).toContain('not supported: there are no links between containers');
  expect(await names()).toEqual(['linked']);
  await remove('linked');
});
