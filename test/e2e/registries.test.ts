// Settings for registries, ours and those of podman and Docker, as every command sees them.
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type FakeRegistry, failure, startFakeRegistry } from './support/fake-registry.ts';
import { imageOf, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { makeAuthority, startPrivateRegistry } from './support/private-registry.ts';
import { openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const layer = layerOf(tarOf([{ path: 'file', content: 'x'.repeat(50_000) }]), 'gzip');
const app = imageOf({ layers: [layer] });
let count = 0;

/** Settings of its own for each test. */
function settings(files: Record<string, string | object>): Record<string, string> {
  const folder = join(box.files, `config-${count++}`);
  for (const [name, content] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content));
  }
  return { XDG_CONFIG_HOME: folder, HOME: folder };
}

const open: FakeRegistry[] = [];
afterEach(() => {
  for (const registry of open.splice(0)) registry.stop();
});
const serve = (...args: Parameters<typeof startFakeRegistry>): FakeRegistry => {
  const registry = startFakeRegistry(...args);
  open.push(registry);
  return registry;
};
const pull = async (name: string, env: Record<string, string>): Promise<void> => {
  await box.ok(['pull', '-q', name], { env });
  await box.ok(['rmi', name]);
};

test('a mirror is asked in place of the registry, under its own path', async () => {
  const mirror = serve({ 'hub/team/app': app });
  const env = settings({ 'skiff/registries.json': { mirrors: { 'registry.invalid': [`${mirror.address}/hub`] } } });
  await pull('registry.invalid/team/app', env);
  expect(mirror.fetched(`/v2/hub/team/app/blobs/${layer.descriptor.digest}`)).toBe(1);
  expect(await box.ok(['pull', 'registry.invalid/team/app'], { env })).toMatch(/registry\.invalid\/team\/app:latest$/);
  await box.ok(['rmi', 'registry.invalid/team/app']);
});

test.each<[string, (origin: FakeRegistry) => string]>([
  ['is down', () => '127.0.0.1:1'],
  ['does not have it', () => serve({}).address],
  ['answers with a page', () => serve({}, { answer: () => new Response('<html>', { headers: { 'content-type': 'text/html' } }) }).address],
  [
    'has the manifest and no layer',
    () =>
      serve({ app }, { answer: ({ path }) => (path.includes(layer.descriptor.digest) ? failure(404, 'BLOB_UNKNOWN') : undefined) }).address,
  ],
  [
    'has a damaged layer',
    () => {
      const damaged = Buffer.from(layer.blob).fill(0, 20, 30);
      return serve({ app }, { answer: ({ path }) => (path.includes(layer.descriptor.digest) ? new Response(damaged) : undefined) }).address;
    },
  ],
  ['wants a login', () => serve({}, { answer: () => failure(401, 'UNAUTHORIZED', { 'www-authenticate': 'Basic realm="x"' }) }).address],
])('a mirror that %s is passed over', async (_name, mirrorFor) => {
  const origin = serve({ app });
  const mirror = mirrorFor(origin);
  const env = settings({ 'skiff/registries.json': { mirrors: { [origin.address]: [mirror] } } });
  await pull(`${origin.address}/app`, env);
  expect(origin.fetched(layer.descriptor.digest)).toBe(1);
});

test('what no mirror and not the registry has is told in the words of the registry', async () => {
  const [mirror, origin] = [serve({}), serve({})];
  const env = settings({ 'skiff/registries.json': { mirrors: { [origin.address]: [mirror.address] } } });
  const { stderr, code } = await box.skiff(['pull', `${origin.address}/none`], { env });
  expect(stderr).toContain(`manifest for ${origin.address}/none:latest not found`);
  expect(code).toBe(1);
});

test.each([
  ['registries.json', { 'skiff/registries.json': { blocked: ['bad.invalid'] } }],
  ["podman's registries.conf", { 'containers/registries.conf': '[[registry]]\nprefix = "bad.invalid"\nblocked = true\n' }],
])('what %s blocks is refused by pull, run and login, and is shown by info', async (_name, files) => {
  const env = settings(files);
  for (const args of [
    ['pull', 'bad.invalid/app'],
    ['run', '--rm', 'bad.invalid/app'],
    ['login', '-u', 'a', '-p', 'b', 'bad.invalid'],
  ]) {
    const { stderr, code } = await box.skiff(args, { env });
    expect(stderr).toMatch(/skiff: Refused "bad\.invalid(\/app)?": the registry bad\.invalid is blocked by this machine's settings\n/);
    expect(code).toBe(args[0] === 'run' ? 125 : 1);
  }
  expect(await box.ok(['info'], { env })).toContain(' Blocked Registries:\n  bad.invalid\n');
});

test("podman's registries.conf redirects and mirrors", async () => {
  const [mirror, moved] = [serve({ 'near/app': app }), serve({ 'old/other': app })];
  const env = settings({
    'containers/registries.conf': `[[registry]]
prefix = "quay.invalid/team"
location = "${moved.address}/old"
[[registry.mirror]]
location = "${mirror.address}/near"
`,
  });
  await pull('quay.invalid/team/app', env);
  await pull('quay.invalid/team/other', env);
  expect([mirror.fetched('/blobs/'), moved.fetched('/blobs/')]).toEqual([2, 2]);
  expect(await box.ok(['info'], { env })).toContain(` Registry Mirrors:\n  quay.invalid/team: ${mirror.address}/near\n`);
});

test('a registry without TLS must be listed, by file or for once by a flag', async () => {
  const plain = await startPrivateRegistry({});
  try {
    const login = ['login', '-u', 'a', '-p', 'b'];
    const refused = await box.skiff([...login, plain.address], { env: settings({}) });
    expect(refused.stderr).toContain(`skiff: ${plain.address} does not speak TLS: server gave HTTP response to HTTPS client\n`);
    expect(refused.code).toBe(1);
    expect(await box.ok([...login, '--tls-verify=false', plain.address], { env: settings({}) })).toBe('Login Succeeded');
    const env = settings({ 'skiff/registries.json': { insecure: [plain.address] } });
    expect(await box.ok([...login, plain.address], { env })).toBe('Login Succeeded');
    expect(await box.ok(['info'], { env })).toContain(` Insecure Registries:\n  ${plain.address}\n`);
  } finally {
    plain.stop();
  }
});

test('certificates of one registry stand in registries.json too', async () => {
  const authority = makeAuthority(join(box.files, 'authority'));
  const { certificate, key } = authority.server;
  const strict = await startPrivateRegistry({ tls: { certificate, key, clientAuthority: authority.ca } });
  try {
    const certificates = { [strict.address]: { ca: authority.ca, cert: authority.client.certificate, key: authority.client.key } };
    const env = settings({ 'skiff/registries.json': { certificates } });
    expect(await box.ok(['login', '-u', 'a', '-p', 'b', strict.address], { env })).toBe('Login Succeeded');
    const broken = settings({ 'skiff/registries.json': { certificates: { [strict.address]: { ca: '/none.pem' } } } });
    const { stderr } = await box.skiff(['login', '-u', 'a', '-p', 'b', strict.address], { env: broken });
    expect(stderr).toContain('skiff: Cannot read the certificates "/none.pem": ENOENT\n');
  } finally {
    strict.stop();
  }
});

test.each([
  ['skiff/registries.json', '{"insecure": ', 'it is not JSON'],
  ['skiff/registries.json', '{"mirror": {}}', 'it is not of the form'],
  ['containers/registries.conf', '[[registry]\n[[registry]]\n', 'it is not TOML'],
])('a broken %s (%j) stops what would go by it, in one sentence', async (name, text, why) => {
  const env = settings({ [name]: text });
  const { stderr, code } = await box.skiff(['pull', 'localhost:1/a'], { env });
  expect(stderr).toContain(`Cannot use "${join(env.XDG_CONFIG_HOME ?? '', name)}": ${why}`);
  expect(code).toBe(1);
});
