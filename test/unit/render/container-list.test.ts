import { type ContainerListOptions, renderContainerList } from '../../../src/render/container-list.ts';
import { timeFormatter } from '../../../src/render/go-time.ts';
import { containerRecord, containerState, ID, IMAGE_ID, NOW, STOPPED } from './support/records.ts';

const OPTIONS: ContainerListOptions = { quiet: false, size: false, format: undefined, noTrunc: false, now: NOW, env: { TZ: 'UTC' } };
const RUNNING = { record: containerRecord(), state: containerState(), image: 'nginx:1' };
const EXITED = {
  record: containerRecord({ Id: 'b'.repeat(64), Name: 'old', Path: 'true', Args: [], Created: '2023-12-01T00:00:00Z', Mounts: [] }),
  state: containerState(STOPPED),
  image: IMAGE_ID,
};

const list = (changes: Partial<ContainerListOptions> = {}): Promise<string> =>
  renderContainerList([RUNNING, EXITED], { ...OPTIONS, ...changes });

test('the default table has Docker’s columns', async () => {
  expect(await list()).toBe(
    [
      'CONTAINER ID   IMAGE          COMMAND                  CREATED         STATUS                     PORTS                                              NAMES',
      'a1b2c3d4e5f6   nginx:1        "/docker-entrypoint.…"   2 minutes ago   Up 2 minutes               443/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp   web',
      'bbbbbbbbbbbb   0123456789ab   "true"                   4 weeks ago     Exited (3) 5 seconds ago                                                      old',
      '',
    ].join('\n'),
  );
});

test('--no-trunc shows ids, commands and images whole', async () => {
  const [, first = '', second = ''] = (await list({ noTrunc: true })).split('\n');
  expect(first).toContain(`${ID}   nginx:1`);
  expect(first).toContain(`"/docker-entrypoint.sh nginx -g 'daemon off;'"`);
  expect(second).toContain(IMAGE_ID);
});

test('--quiet prints ids', async () => {
  expect(await list({ quiet: true })).toBe('a1b2c3d4e5f6\nbbbbbbbbbbbb\n');
  expect(await list({ quiet: true, noTrunc: true, format: 'json' })).toBe(`${ID}\n${'b'.repeat(64)}\n`);
});

test('--size adds a column', async () => {
  const text = await renderContainerList([{ ...RUNNING, size: { sizeRw: 1_234_567, sizeRootFs: 77_777_777 } }], { ...OPTIONS, size: true });
  expect(text.split('\n').map((line) => line.replace(/^.*NAMES|^.*web/, ''))).toEqual(['     SIZE', '       1.23MB (virtual 77.8MB)', '']);
});

test('json has Docker’s fields, all text, escaped for HTML', async () => {
  const [first] = (await list({ format: 'json' })).split('\n');
  expect(first).toContain('8080-\\u003e80/tcp');
  expect(JSON.parse(first ?? '')).toEqual({
    Command: '"/docker-entrypoint.…"',
    CreatedAt: timeFormatter(OPTIONS.env)(Date.parse('2024-01-02T03:02:00Z')),
    ID: 'a1b2c3d4e5f6',
    Image: 'nginx:1',
    Labels: 'a=1,org.example.tier=front',
    LocalVolumes: '1',
    Mounts: '/srv,a-rather-long-…',
    Names: 'web',
    Networks: 'bridge',
    Platform: null,
    Ports: '443/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp',
    RunningFor: '2 minutes ago',
    Size: '0B',
    State: 'running',
    Status: 'Up 2 minutes',
  });
  expect(await list({ format: '{{json .}}' })).toBe(await list({ format: 'json' }));
});

test.each([
  ['{{.ID}} {{.Names}}', 'a1b2c3d4e5f6 web\nbbbbbbbbbbbb old\n'],
  ['{{.Names}}\\t{{.State}}', 'web\trunning\nold\texited\n'],
  ['{{.Label "a"}}{{.Label "b"}}', '1\n1\n'],
  [
    'table {{.ID}}\\t{{upper .Names}}\\t{{.Label "org.example.some-label"}}',
    'CONTAINER ID   NAMES     some label\na1b2c3d4e5f6   WEB       \nbbbbbbbbbbbb   OLD       \n',
  ],
  ['table {{.RunningFor}}\\t{{.LocalVolumes}}', 'CREATED         LOCAL VOLUMES\n2 minutes ago   1\n4 weeks ago     0\n'],
  ['table {{json .ID}}', 'CONTAINER ID\n"a1b2c3d4e5f6"\n"bbbbbbbbbbbb"\n'],
  ['table {{if eq .State "running"}}{{.ID}}{{end}}\\t{{.Names}}', '               NAMES\na1b2c3d4e5f6   web\n               old\n'],
  ['table {{.Names}}\\n{{.ID}}\\tx', 'NAMES\nCONTAINER ID   x\nweb\na1b2c3d4e5f6   x\nold\nbbbbbbbbbbbb   x\n'],
  [' table {{.ID}}', 'table a1b2c3d4e5f6\ntable bbbbbbbbbbbb\n'],
  ['pretty', 'pretty\npretty\n'],
])('--format %p', async (format, expected) => {
  expect(await list({ format })).toBe(expected);
});

test('--format table and an empty format are the default', async () => {
  expect(await list({ format: 'table' })).toBe(await list());
  expect(await list({ format: '' })).toBe(await list());
});

test('--format raw has a paragraph per container', async () => {
  expect((await list({ format: 'raw' })).split('\n\n')[1]).toBe(
    `container_id: bbbbbbbbbbbb\nimage: 0123456789ab\ncommand: "true"\ncreated_at: ${timeFormatter(OPTIONS.env)(Date.parse('2023-12-01T00:00:00Z'))}\nstate: exited\n` +
      'status: Exited (3) 5 seconds ago\nnames: old\nlabels: a=1,org.example.tier=front\nports:',
  );
});

test('without containers a table is its header', async () => {
  expect(await renderContainerList([], { ...OPTIONS, format: 'table {{.ID}}\\t{{.Names}}' })).toBe('CONTAINER ID   NAMES\n');
  expect(await renderContainerList([], { ...OPTIONS, format: '{{.ID}}' })).toBe('');
});

test.each([
  [
    '{{.Foo}}',
    'Failed to execute template: template: :1:2: executing "" at <.Foo>: can\'t evaluate field Foo in type *formatter.ContainerContext',
  ],
  ['{{', 'Template parsing error: template: :1: unclosed action'],
])('--format %p is refused with exit code 1', async (format, message) => {
  await expect(list({ format })).rejects.toMatchObject({ message, exitCode: 1 });
});

test.each([
  [`nginx:1@sha256:${'f'.repeat(64)}`, 'nginx:1'],
  [`nginx@sha256:${'f'.repeat(64)}`, `nginx@sha256:${'f'.repeat(64)}`],
  ['f'.repeat(64), 'ffffffffffff'],
])('the image %p is shown as %p', async (image, expected) => {
  expect(await renderContainerList([{ ...RUNNING, image }], { ...OPTIONS, format: '{{.Image}}' })).toBe(`${expected}\n`);
});
