// What a person sees of a pull and does to it: the terminal, Ctrl-C, logins and redirects, helpers that die. The kinds of images are
// in images.test.ts, what registries do wrong in bad-input.test.ts.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { failure, startFakeRegistry } from './support/fake-registry.ts';
import { type Image, imageOf, layerOf } from './support/images/layout.ts';
import { tarOf } from './support/images/tar.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const references = () => box.ok(['images', '--format', '{{.Repository}}:{{.Tag}}']);
const random = (length: number): Uint8Array => crypto.getRandomValues(new Uint8Array(length));

/** Pids of the sandbox's processes whose command line ends in `__work KIND`. */
function workers(kind: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .filter((pid) => read(`/proc/${pid}/cmdline`).endsWith(`\0__work\0${kind}\0`))
    .filter((pid) => read(`/proc/${pid}/environ`).split('\0').includes(`SKIFF_RUNROOT=${box.run}`))
    .map(Number);
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

test('without a terminal it prints a line for each step, and the canonical name last', async () => {
  const name = image('busybox');
  const { stdout, stderr, code } = await box.skiff(['pull', name]);
  expect({ stderr, code }).toEqual({ stderr: '', code: 0 });
  const layer = /^([0-9a-f]{12}): Pulling fs layer$/m.exec(stdout)?.[1];
  const digest = /sha256:[0-9a-f]{64}/.exec(stdout)?.[0];
  expect(stdout).toBe(
    [
      'Using default tag: latest',
      `latest: Pulling from ${name}`,
      `${layer}: Pulling fs layer`,
      `${layer}: Verifying Checksum`,
      `${layer}: Pull complete`,
      `Digest: ${digest}`,
      `Status: Downloaded newer image for ${name}:latest`,
      `${name}:latest`,
      '',
    ].join('\n'),
  );
  await box.ok(['rmi', name]);
});

test('on a terminal each layer has a line that is rewritten in place', async () => {
  const terminal = box.terminal(['pull', image('app-zstd')], { columns: 80 });
  expect(await terminal.ended(120_000)).toBe(0);
  const printed = terminal.output().replaceAll('\x1b', 'ESC');
  expect(printed).toMatch(/ESC\[\d+AESC\[2K[0-9a-f]{12}: Downloading +\S+\/\S+ESC\[\d+B/);
  expect(printed.match(/: Pulling fs layer\n/g)).toHaveLength(6);
  expect(printed.match(/: Pull completeESC\[\d+B/g)).toHaveLength(6);
  await box.ok(['rmi', image('app-zstd')]);
});

test('run pulls what is missing: progress on standard error, standard output is the container alone', async () => {
  const name = image('busybox');
  const { stdout, stderr, code } = await box.skiff(['run', '--rm', name, 'echo', 'from inside']);
  expect({ stdout, code }).toEqual({ stdout: 'from inside\n', code: 0 });
  expect(stderr).toContain(`Unable to find image '${name}:latest' locally\nlatest: Pulling from ${name}\n`);
  expect(stderr).toContain(`Status: Downloaded newer image for ${name}:latest\n`);
  await box.ok(['rmi', name]);
});

test('Ctrl-C ends it with 130, its workers with it, nothing is visible, and the next pull completes', async () => {
  const served = imageOf({ layers: [1, 2, 3].map((seed) => layerOf(tarOf([{ path: `file-${seed}`, content: random(400_000) }]))) });
  let isSlow = true;
  const registry = startFakeRegistry(
    { image: served },
    {
      answer: ({ path }, honest) => (isSlow && path.includes('/blobs/') && !path.endsWith(configOf(served)) ? halfOf(honest()) : undefined),
    },
  );
  try {
    const name = `${registry.address}/image`;
    const terminal = box.terminal(['pull', name]);
    await terminal.waitFor(/Downloading/);
    terminal.type('\x03');
    expect(await terminal.ended()).toBe(130);
    await eventually('no worker is left', () => workers('pull').length + workers('layers').length === 0);
    expect(await references()).toBe('');
    expect(terminal.output()).not.toContain('Digest:');
    isSlow = false;
    await box.ok(['pull', '--quiet', name]);
    await box.ok(['rmi', name]);
  } finally {
    registry.stop();
  }
});

test('a helper that is killed is not missed', async () => {
  const served = imageOf({ layers: [1, 2, 3, 4].map((seed) => layerOf(tarOf([{ path: `file-${seed}`, content: random(1_500_000) }]))) });
  let isHeld = true;
  const registry = startFakeRegistry(
    { image: served },
    {
      answer: async ({ path }, honest) => {
        while (isHeld && path.includes('/blobs/') && !path.endsWith(configOf(served))) await Bun.sleep(20);
        return honest();
      },
    },
  );
  try {
    const name = `${registry.address}/image`;
    const pulling = box.skiff(['pull', '--quiet', name]);
    await eventually('the helper is at work', () => workers('layers').length === 1 && registry.fetched('/blobs/') === 5);
    for (const pid of workers('layers')) process.kill(pid, 'SIGKILL');
    isHeld = false;
    expect(await pulling).toEqual({ stdout: `${name}:latest\n`, stderr: '', code: 0 });
    await box.ok(['rmi', name]);
  } finally {
    registry.stop();
  }
});

test('a login is taken from the file of Docker, and goes neither to another host nor into a message', async () => {
  const served = imageOf({ layers: [layerOf(tarOf([{ path: 'file', content: 'content\n' }]))] });
  const store = startFakeRegistry({ image: served });
  const registry = startFakeRegistry(
    { image: served },
    {
      answer: (request) => {
        const [path, authorization] = [request.path, request.headers.get('authorization')];
        if (path === '/token')
          return authorization === `Basic ${btoa('me:secret')}` ? Response.json({ token: 'granted' }) : failure(401, 'UNAUTHORIZED');
        if (authorization !== 'Bearer granted') {
          return failure(401, 'UNAUTHORIZED', { 'www-authenticate': `Bearer realm="http://${registry.address}/token",service="here"` });
        }
        return path.includes('/blobs/') ? Response.redirect(`http://${store.address}${path}?signature=key`, 307) : undefined;
      },
    },
  );
  try {
    const name = `${registry.address}/image`;
    const logIn = (text: string): Record<string, string> => {
      const folder = join(box.files, 'docker');
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, 'config.json'), JSON.stringify({ auths: { [registry.address]: { auth: btoa(text) } } }));
      return { DOCKER_CONFIG: folder };
    };
    const refused = await box.skiff(['pull', '--quiet', name], { env: logIn('me:wrong-password') });
    expect(refused).toMatchObject({ stdout: '', code: 1 });
    expect(refused.stderr).toContain('unauthorized: incorrect username or password');
    expect(refused.stderr).not.toContain('wrong-password');
    await box.ok(['pull', '--quiet', name], { env: logIn('me:secret') });
    expect(store.fetched('/blobs/')).toBe(2);
    expect(store.requests.map(({ headers }) => headers.get('authorization'))).toEqual([null, null]);
    await box.ok(['rmi', name]);
  } finally {
    registry.stop();
    store.stop();
  }
});

test('--all-tags fetches every tag of the repository', async () => {
  const served = imageOf({ layers: [layerOf(tarOf([{ path: 'file', content: 'content\n' }]))] });
  const registry = startFakeRegistry(
    { image: served },
    {
      answer: ({ path, method }) => {
        if (path.endsWith('/tags/list')) return Response.json({ name: 'image', tags: ['one', 'two'] });
        if (!/\/manifests\/(one|two)$/.test(path)) return undefined;
        const { digest, mediaType } = served.manifest;
        const headers = { 'content-type': mediaType, 'docker-content-digest': digest };
        return new Response(method === 'HEAD' ? null : Buffer.from(served.blobs.get(digest) ?? []), { headers });
      },
    },
  );
  try {
    const name = `${registry.address}/image`;
    expect(await box.ok(['pull', '--quiet', '--all-tags', name])).toBe(name);
    expect((await references()).split('\n').sort()).toEqual([`${name}:one`, `${name}:two`]);
    const digest = `Digest: ${served.manifest.digest}`;
    const again = ['one', 'two'].flatMap((tag) => [`${tag}: Pulling from ${name}`, 'LAYER: Already exists', digest]);
    const said = await box.ok(['pull', '-a', '--platform', 'linux/amd64', name]);
    expect(said.replace(/^[0-9a-f]{12}:/gm, 'LAYER:').split('\n')).toEqual([...again, `Status: Image is up to date for ${name}`, name]);
    expect(await box.skiff(['pull', '-a', '--platform', 'linux/s390x', name])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('does not provide the specified platform (linux/s390x)'),
    });
    expect(await box.skiff(['pull', '--all-tags', `${name}:one`])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("tag can't be used with --all-tags/-a"),
    });
    await box.ok(['rmi', `${name}:one`, `${name}:two`]);
  } finally {
    registry.stop();
  }
});

test('the image that the executable carries is pulled without a network', async () => {
  expect(await box.ok(['pull', '--quiet', 'localhost/hello'])).toBe('localhost/hello:latest');
  expect(existsSync(join(box.root, 'layers'))).toBe(true);
  await box.ok(['rmi', 'localhost/hello']);
});

/** The digest of an image's config. */
function configOf(served: Image): string {
  return JSON.parse(Buffer.from(served.blobs.get(served.manifest.digest) ?? []).toString()).config.digest;
}

/** Sends half of a body and then nothing more. */
async function halfOf(whole: Response): Promise<Response> {
  const body = new Uint8Array(await whole.arrayBuffer());
  const stream = new ReadableStream({ start: (controller) => controller.enqueue(body.subarray(0, body.length / 2)) });
  return new Response(stream, { headers: { 'content-length': String(body.length) } });
}
