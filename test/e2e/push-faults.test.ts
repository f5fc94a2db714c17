// Pushes that are broken off, refused or cut short, through the built file: what is resumed, what is tried again and what is not, and that
// nothing is left behind.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startFakeRegistry } from './support/fake-registry.ts';
import { type Image, imageOf, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { openSandbox } from './support/sandbox.ts';
import { type Fault, startUploadRegistry, type UploadRegistry, type UploadRequest } from './support/upload-registry.ts';

const box = openSandbox();
const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));
const served: Image = imageOf({ layers: [1, 2, 3].map((seed) => layerOf(tarOf([{ path: `file-${seed}`, content: random(2_000_000) }]))) });
let source: string;
let registry: UploadRegistry;

beforeAll(async () => {
  const fake = startFakeRegistry({ image: served });
  source = `${fake.address}/image`;
  await box.ok(['pull', '--quiet', source]);
  fake.stop();
});
afterEach(() => registry.stop());

/** A registry to push `image` to, and its name there. */
async function target(fault: (request: UploadRequest) => Fault | undefined = () => undefined): Promise<string> {
  registry = await startUploadRegistry(fault);
  const name = `${registry.address}/image`;
  await box.ok(['tag', source, name]);
  return name;
}

const isBody = ({ method, path }: UploadRequest): boolean => path.includes('/blobs/uploads/') && (method === 'PUT' || method === 'PATCH');
const denied = (code: string, message: string): string => JSON.stringify({ errors: [{ code, message }] });

/** Every blob of the image, and its manifest under the tag, as they were pulled. */
function expectWhole(): void {
  for (const [digest, bytes] of served.blobs) expect(registry.content.get(`image@${digest}`)?.equals(bytes)).toBe(true);
  expect(registry.content.get('image:latest')?.equals(served.blobs.get(served.manifest.digest) ?? Buffer.alloc(0))).toBe(true);
}

test('connections that break again and again: each upload goes on where it was', async () => {
  let cuts = 0;
  const name = await target((request) =>
    isBody(request) && Number(request.headers['content-length']) > 500_000 && ++cuts ? { cutAfter: 500_000 } : undefined,
  );
  const { stdout, stderr, code } = await box.skiff(['push', name]);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  expect(stdout).toContain(': Retrying\n');
  expectWhole();
  const ranges = registry.requests.map(({ headers }) => headers['content-range']).filter(Boolean);
  expect(ranges).toContainEqual(expect.stringMatching(/^500000-/));
  expect(ranges).toContainEqual(expect.stringMatching(/^1000000-/));
  expect(cuts).toBeGreaterThan(6);
}, 120_000);

test('a registry that is busy for a while', async () => {
  const failures = new Map<string, number>();
  const name = await target(({ method, path, query }) => {
    const what = `${method} ${query.get('digest') ?? path.replace(/upload-.*/, '')}`;
    failures.set(what, (failures.get(what) ?? 0) + 1);
    return path.startsWith('/v2/image/') && failures.get(what) === 1 ? { status: 429, headers: { 'retry-after': '0' } } : undefined;
  });
  expect(await box.skiff(['push', '-q', name])).toEqual({ stdout: `${name}:latest\n`, stderr: '', code: 0 });
  expectWhole();
}, 120_000);

test.each([
  [401, denied('UNAUTHORIZED', 'authentication required'), 'unauthorized: authentication required'],
  [403, denied('DENIED', 'requested access to the resource is denied'), 'denied: requested access to the resource is denied'],
])('%s is said in the words of Docker, and not tried again', async (status, body, said) => {
  const name = await target(({ method }) => (method === 'POST' ? { status, body } : undefined));
  const { stderr, code } = await box.skiff(['push', name]);
  expect(code).toBe(1);
  expect(stderr).toContain(`push access denied for ${name}, repository does not exist or may require authorization: ${said}\n`);
  expect(registry.steps().filter((step) => step === 'POST upload').length).toBeLessThanOrEqual(4);
  expect(registry.steps()).not.toContain('PUT upload');
});

test('a token is asked for once, to read and to write, and to read what is mounted from', async () => {
  const credentials = `Basic ${btoa('me:secret')}`;
  const asked: string[][] = [];
  const name = await target((request) => {
    const { path, headers, query } = request;
    if (path === '/token') {
      asked.push(query.getAll('scope'));
      return headers.authorization === credentials ? { status: 200, body: '{"token":"granted"}' } : { status: 401 };
    }
    if (headers.authorization === 'Bearer granted') return undefined;
    const challenge = `Bearer realm="http://${headers.host}/token",service="here",scope="repository:image:pull"`;
    return { status: 401, headers: { 'www-authenticate': challenge } };
  });
  const folder = join(box.files, 'docker');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [registry.address]: { auth: btoa('me:secret') } } }));
  const env = { DOCKER_CONFIG: folder };
  await box.ok(['push', '--quiet', name], { env });
  expectWhole();
  await box.ok(['tag', name, `${registry.address}/other`]);
  const { stdout } = await box.skiff(['push', `${registry.address}/other`], { env });
  expect(stdout.match(/: Mounted from image\n/g)).toHaveLength(3);
  expect(asked).toEqual([['repository:image:pull,push'], ['repository:other:pull,push', 'repository:image:pull']]);

  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [registry.address]: { auth: btoa('me:wrong-password') } } }));
  const refused = await box.skiff(['push', name], { env });
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('unauthorized: incorrect username or password') });
  expect(`${refused.stdout}${refused.stderr}`).not.toContain('wrong-password');
  expect(asked).toHaveLength(3);
});

test('a wrong password is tried once, and goes nowhere else', async () => {
  let tries = 0;
  const name = await target(({ path, headers }) => {
    if (path === '/v2/') return undefined;
    if (headers.authorization !== undefined) tries++;
    return { status: 401, headers: { 'www-authenticate': 'Basic realm="here"' }, body: denied('UNAUTHORIZED', 'authentication required') };
  });
  const folder = join(box.files, 'wrong');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [registry.address]: { auth: btoa('me:wrong-password') } } }));
  const { stdout, stderr, code } = await box.skiff(['push', name], { env: { DOCKER_CONFIG: folder } });
  expect(code).toBe(1);
  expect(stderr).toContain(`push access denied for ${name}, repository does not exist or may require authorization`);
  expect(`${stdout}${stderr}`).not.toContain('wrong-password');
  expect(tries).toBe(1);
});

test('what the tag names already is not put again', async () => {
  const name = await target();
  await box.ok(['push', '--quiet', name]);
  const before = registry.steps().length;
  await box.ok(['push', '--quiet', name]);
  expect(registry.steps().slice(before).sort()).toEqual(['HEAD blob', 'HEAD blob', 'HEAD blob', 'HEAD blob', 'HEAD manifest']);
});

test('a registry that takes no uploads says so', async () => {
  const name = await target(({ method }) =>
    method === 'POST' ? { status: 405, body: denied('UNSUPPORTED', 'the operation is unsupported') } : undefined,
  );
  expect((await box.skiff(['push', name])).stderr).toContain(
    `${registry.address} takes no uploads: unsupported: the operation is unsupported\n`,
  );
});

test('a manifest that the registry dislikes', async () => {
  const body = denied('MANIFEST_INVALID', 'manifest invalid');
  const name = await target(({ method, path }) => (method === 'PUT' && path.includes('/manifests/') ? { status: 400, body } : undefined));
  const { stderr, code } = await box.skiff(['push', name]);
  expect(code).toBe(1);
  expect(stderr).toContain(
    `Cannot push the manifest of "${name}:latest": ${registry.address} answered with status 400: manifest invalid: manifest invalid\n`,
  );
});

test('a blob that is damaged here is found out by the registry, and said', async () => {
  const name = await target();
  const layer: { digest: string } = JSON.parse(Buffer.from(served.blobs.get(served.manifest.digest) ?? []).toString()).layers[0];
  const path = join(box.root, 'images/blobs/sha256', layer.digest.slice(7));
  const whole = readFileSync(path);
  const damaged = Buffer.from(whole);
  damaged.writeUInt8(damaged.readUInt8(1000) ^ 1, 1000);
  writeFileSync(path, damaged);
  try {
    const { stderr, code } = await box.skiff(['push', name]);
    expect(code).toBe(1);
    expect(stderr).toContain(`The blob "${layer.digest}" is damaged: its content does not match its digest\n`);
    expect(stderr).toContain('skiff system check --repair');
  } finally {
    writeFileSync(path, whole);
  }
});

test.each([['Ctrl-C'], ['kill -9']])('%s in the middle leaves nothing, and the next push sends only what is missing', async (how) => {
  let isHeld = true;
  const name = await target((request) =>
    isHeld && isBody(request) && Number(request.headers['content-length']) > 500_000 ? { cutAfter: 400_000 } : undefined,
  );
  const terminal = box.terminal(['push', name], { columns: 80 });
  await terminal.waitFor(/Retrying/);
  if (how === 'Ctrl-C') terminal.type('\x03');
  else terminal.process.kill('SIGKILL');
  expect(await terminal.ended()).toBe(how === 'Ctrl-C' ? 130 : 137);
  expect(registry.content.has('image:latest')).toBe(false);
  isHeld = false;
  await box.ok(['push', '--quiet', name]);
  expectWhole();
  expect(await box.ok(['system', 'check'])).toMatch(/ objects checked, 0 problems$/);
});

test('on a terminal each layer has a line that is rewritten in place', async () => {
  const name = await target();
  const terminal = box.terminal(['push', name], { columns: 80 });
  expect(await terminal.ended()).toBe(0);
  const printed = terminal.output().replaceAll('\x1b', 'ESC');
  expect(printed.match(/: Preparing\r?\n/g)).toHaveLength(3);
  expect(printed).toMatch(/ESC\[\d+A\r?ESC\[2K[0-9a-f]{12}: Pushing +\S+\/2\S+/);
  expect(printed.match(/: Pushed\r?ESC\[\d+B/g)).toHaveLength(3);
});

test('a layer that may not be distributed is left where it is', async () => {
  const [plain, foreign] = [1, 2].map((seed) => layerOf(tarOf([{ path: `foreign-${seed}`, content: random(1000) }])));
  if (!plain || !foreign) throw new Error('unreachable');
  const mediaType = 'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip';
  const descriptor = Object.assign({ ...foreign.descriptor, mediaType }, { urls: ['https://example.com/layer'] });
  const fake = startFakeRegistry({ foreign: imageOf({ layers: [plain, { ...foreign, descriptor }] }) });
  const from = `${fake.address}/foreign`;
  await box.ok(['pull', '--quiet', from]);
  fake.stop();
  registry = await startUploadRegistry();
  await box.ok(['tag', from, `${registry.address}/foreign`]);
  expect(await box.ok(['push', `${registry.address}/foreign`])).toMatch(/^[0-9a-f]{12}: Skipped foreign layer$/m);
  expect(registry.content.has(`foreign@${plain.descriptor.digest}`)).toBe(true);
  expect(registry.content.has(`foreign@${descriptor.digest}`)).toBe(false);
  expect(JSON.parse(registry.content.get('foreign:latest')?.toString() ?? '').layers[1]).toEqual(descriptor);
});

test('a manifest that is missing or damaged here is said, and nothing is sent', async () => {
  const name = await target();
  const path = join(box.root, 'images/blobs/sha256', served.manifest.digest.slice(7));
  const whole = readFileSync(path);
  try {
    writeFileSync(path, whole.subarray(1));
    expect(await box.skiff(['push', name])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`The blob "${served.manifest.digest}" is damaged`),
    });
    rmSync(path, { force: true });
    expect(await box.skiff(['push', name])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`"${served.manifest.digest}" is not in the store`),
    });
    expect(registry.steps().filter((step) => !step.startsWith('GET'))).toEqual([]);
  } finally {
    writeFileSync(path, whole);
  }
});

test('a registry that nobody answers for', async () => {
  const name = await target();
  registry.stop();
  const { stderr, code } = await box.skiff(['push', name]);
  expect(code).toBe(1);
  expect(stderr).toContain(`dial tcp ${registry.address}: connect: connection refused\n`);
});
