// `search`: Docker Hub's search (podman's settings send it to a registry in memory), and the catalogue of other registries.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { failure, startFakeRegistry } from './support/fake-registry.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const results = [
  { name: 'bitnami/nginx', description: 'A container image that is not official', star_count: 200, is_official: false },
  {
    name: 'nginx',
    description: 'Official build of Nginx.\x1b[31m With a description that goes on and on',
    star_count: 20_000,
    is_official: true,
  },
  { name: 'someone/nginx', description: null, star_count: 0, is_official: false },
];
const hub = startFakeRegistry(
  {},
  {
    answer: ({ path }) => (path === '/v1/search' ? Response.json({ num_results: 3, query: 'nginx', results }) : failure(404, 'NOT_FOUND')),
  },
);
afterAll(() => hub.stop());

function redirected(): Record<string, string> {
  const folder = join(box.files, 'config');
  mkdirSync(join(folder, 'containers'), { recursive: true });
  writeFileSync(join(folder, 'containers/registries.conf'), `[[registry]]\nprefix = "docker.io"\nlocation = "${hub.address}"\n`);
  return { XDG_CONFIG_HOME: folder };
}
const search = (...args: string[]) => box.ok(['search', ...args], { env: redirected() });

test('shows the most starred first, in Docker’s columns', async () => {
  expect(await search('nginx')).toBe(
    [
      'NAME            DESCRIPTION                                     STARS     OFFICIAL',
      'nginx           Official build of Nginx. [31m With a descrip…   20000     [OK]',
      'bitnami/nginx   A container image that is not official          200       ',
      'someone/nginx                                                   0         ',
    ].join('\n'),
  );
});

test('filters, cuts off and formats', async () => {
  const names = (...args: string[]) => search('--format', '{{.Name}}', ...args, 'nginx');
  expect(await names('--filter', 'is-official=true')).toBe('nginx');
  expect(await names('--filter', 'stars=100', '-f', 'is-official=false')).toBe('bitnami/nginx');
  expect(await names('--filter', 'is-automated=true')).toBe('');
  expect(await names('--limit', '2')).toBe('nginx\nbitnami/nginx');
  expect(await search('--no-trunc', '--format', '{{.Description}} {{.StarCount}}', '--limit', '2', 'nginx')).toContain(
    'goes on and on 20000',
  );
  expect(await search('--format', 'json', '--filter', 'stars=1000', 'nginx')).toBe(
    '{"Description":"Official build of Nginx. [31m With a descrip…","IsAutomated":"","IsOfficial":"[OK]","Name":"nginx","StarCount":"20000"}',
  );
});

test('another registry is searched by its catalogue', async () => {
  const [address = ''] = image('busybox').split('/');
  expect((await box.ok(['search', '--format', '{{.Name}}', `${address}/app`])).split('\n').sort()).toEqual([
    `${address}/app`,
    `${address}/app-zstd`,
  ]);
  expect(await box.ok(['search', '--format', '{{.Name}}', `${address}/no-such`])).toBe('');
});

test('a catalogue of several pages is read until there is enough', async () => {
  const registry = startFakeRegistry(
    {},
    {
      answer: ({ path }) => {
        if (path !== '/v2/_catalog') return undefined;
        return Response.json({ repositories: ['a/x', 'b/y'] }, { headers: { link: '</v2/_catalog?last=b>; rel="next"' } });
      },
    },
  );
  try {
    expect(await box.ok(['search', '--limit', '3', '--format', '{{.Name}}', `${registry.address}/x`])).toBe(
      Array(3).fill(`${registry.address}/a/x`).join('\n'),
    );
    expect(registry.fetched('/v2/_catalog')).toBe(3);
  } finally {
    registry.stop();
  }
});

test.each([
  [['--limit', '0', 'x'], 'limit 0 is outside the range of [1, 100]'],
  [['--limit', '101', 'x'], 'limit 101 is outside the range of [1, 100]'],
  [['--filter', 'bad=1', 'x'], "invalid filter 'bad'"],
  [['--filter', 'stars=many', 'x'], "invalid filter 'stars=many'"],
  [['https://index.docker.io/x'], 'invalid repository name: "https://index.docker.io/x" must not have a scheme'],
  [['localhost:1/x'], 'dial tcp localhost:1: connect: connection refused'],
])('search %j is one sentence: %s', async (args, message) => {
  const { stdout, stderr, code } = await box.skiff(['search', ...args], { env: redirected() });
  expect(stderr).toContain(`skiff: ${message}\n`);
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
});

test.each([
  [
    'a page',
    () => new Response('<html>', { headers: { 'content-type': 'text/html' } }),
    /answered with a web page|neither a search nor a catalogue/,
  ],
  ['a refusal', () => failure(403, 'DENIED'), /Cannot search 127.*: unauthorized: authentication required/],
  ['nothing of the kind', () => failure(404, 'NOT_FOUND'), /Cannot search 127.*: it serves neither a search nor a catalogue/],
])('a registry that answers with %s is told in one sentence', async (_name, answer, message) => {
  const registry = startFakeRegistry({}, { answer: ({ path }) => (path === '/v2/' ? undefined : answer()) });
  try {
    const { stdout, stderr, code } = await box.skiff(['search', `${registry.address}/x`]);
    expect(stderr).toMatch(message);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  } finally {
    registry.stop();
  }
});
