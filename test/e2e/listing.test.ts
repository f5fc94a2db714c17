// `ps`: which containers it shows, by each filter and flag.
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  await box.ok(['tag', busybox, 'other:1']);
  await box.ok(['create', '--name', 'first', '-l', 'tier=front', '-v', 'data:/data', busybox, 'true']);
  await box
    .ok(['run', '--name', 'failed', '--network', 'none', 'other:1', 'sh', '-c', 'head -c 5000 /dev/zero >/f; exit 3'])
    .catch(() => undefined);
  await box.ok(['run', '-d', '--name', 'web', '-l', 'tier=back', '-p', '127.0.0.1::80', '--expose', '9000', busybox, 'sleep', '1000']);
  await box.ok(['run', '-d', '--name', 'held', '--network', 'none', '--health-cmd', 'true', busybox, 'sleep', '1000']);
  await box.ok(['pause', 'held']);
});

const listed = async (...flags: string[]) => (await box.ok(['ps', '--format', '{{.Names}}', ...flags])).split('\n').filter(Boolean);
const idOf = (name: string) => box.ok(['inspect', '-f', '{{.Id}}', name]);

test.each([
  [[], ['held', 'web']],
  [['-a'], ['held', 'web', 'failed', 'first']],
  [['-l'], ['held']],
  [
    ['-n', '3'],
    ['held', 'web', 'failed'],
  ],
  [['--last', '1'], ['held']],
  [['-a', '--filter', 'name=fi'], ['first']],
  [
    ['-a', '--filter', 'name=^f'],
    ['failed', 'first'],
  ],
  [
    ['-a', '--filter', 'label=tier'],
    ['web', 'first'],
  ],
  [['-a', '--filter', 'label=tier=front'], ['first']],
  [['--filter', 'status=created'], ['first']],
  [
    ['--filter', 'status=exited', '--filter', 'status=created'],
    ['failed', 'first'],
  ],
  [['--filter', 'status=paused'], ['held']],
  [['--filter', 'status=running'], ['web']],
  [['-a', '--filter', 'exited=3'], ['failed']],
  [['-a', '--filter', 'exited=0'], []],
  [
    ['-a', '--filter', 'ancestor=other:1'],
    ['held', 'web', 'failed', 'first'],
  ],
  [['-a', '--filter', 'ancestor=nothing'], []],
  [
    ['-a', '--filter', 'before=web'],
    ['failed', 'first'],
  ],
  [
    ['-a', '--filter', 'since=failed'],
    ['held', 'web'],
  ],
  [
    ['-a', '--filter', 'since=first', '--filter', 'before=held'],
    ['web', 'failed'],
  ],
  [['-a', '--filter', 'volume=data'], ['first']],
  [['-a', '--filter', 'volume=/data'], ['first']],
  [
    ['-a', '--filter', 'network=none'],
    ['held', 'failed'],
  ],
  [
    ['-a', '--filter', 'network=bridge'],
    ['web', 'first'],
  ],
  [['--filter', 'publish=80'], ['web']],
  [['--filter', 'publish=70-90/tcp'], ['web']],
  [['--filter', 'publish=9000'], []],
  [['--filter', 'expose=9000'], ['web']],
  [
    ['-a', '--filter', 'health=none'],
    ['web', 'failed', 'first'],
  ],
  [['-a', '--filter', 'health=healthy', '--filter', 'health=starting'], ['held']],
  [['-a', '--filter', 'is-task=true'], []],
  [['-a', '--filter', 'is-task=false', '--filter', 'name=web'], ['web']],
])('ps %j shows %j', async (flags, expected) => {
  expect(await listed(...flags)).toEqual(expected);
});

test('by id, by a network’s id, and before an id', async () => {
  expect(await listed('-a', '--filter', `id=${(await idOf('first')).slice(0, 12)}`)).toEqual(['first']);
  const network = await box.ok(['inspect', '-f', '{{.NetworkSettings.Networks.bridge.NetworkID}}', 'web']);
  expect(network).toMatch(/^[0-9a-f]{64}$/);
  expect(await listed('-a', '--filter', `network=${network.slice(0, 12)}`)).toEqual(['web', 'first']);
  expect(await listed('-a', '--filter', `before=${await idOf('failed')}`)).toEqual(['first']);
});

test('-s shows what a container has written, and that with its image', async () => {
  expect(await box.ok(['ps', '-as', '--filter', 'name=failed', '--format', '{{.Size}}'])).toMatch(/^5kB \(virtual [\d.]+[kM]B\)$/);
  const [header, row] = (await box.ok(['ps', '-as', '--filter', 'name=failed'])).split('\n');
  expect([header?.trim().endsWith('SIZE'), row?.includes('5kB (virtual ')]).toEqual([true, true]);
});

test('the state in words, and as one word', async () => {
  const rows = await box.ok(['ps', '-a', '--format', '{{.Names}}|{{.State}}|{{.Status}}']);
  expect(rows.split('\n')).toEqual([
    expect.stringMatching(/^held\|paused\|Up .* \(Paused\)$/),
    expect.stringMatching(/^web\|running\|Up [^(]*$/),
    expect.stringMatching(/^failed\|exited\|Exited \(3\) .* ago$/),
    'first|created|Created',
  ]);
});

test('container ls, list and ps are the same', async () => {
  for (const name of ['ls', 'list', 'ps']) expect(await box.ok(['container', name, '-aq'])).toBe(await box.ok(['ps', '-aq']));
});

test.each([
  [['--filter', 'colour=red'], 1, "invalid filter 'colour'"],
  [['--filter', 'status=asleep'], 1, "invalid filter 'status=asleep'"],
  [['--filter', 'health=fine'], 1, "invalid filter 'health=fine'"],
  [['--filter', 'exited=many'], 1, "invalid filter 'exited=many'"],
  [['--filter', 'publish=http'], 1, "invalid filter 'publish=http'"],
  [['--filter', 'is-task=perhaps'], 1, "invalid filter 'is-task=perhaps'"],
  [['--filter', 'before=nobody'], 1, 'No such container: nobody'],
  [['-n', 'few'], 125, 'invalid argument "few" for "-n, --last" flag'],
  [['web'], 1, "'skiff ps' accepts no arguments"],
])('ps %j is refused', async (flags, exitCode, sentence) => {
  const { stdout, stderr, code } = await box.skiff(['ps', ...flags]);
  expect({ stdout, code }).toEqual({ stdout: '', code: exitCode });
  expect(stderr).toContain(sentence);
});
