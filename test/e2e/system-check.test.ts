// `system check` finds damage of every kind in a store that was filled by pulls and runs, and its repair makes the next pull whole.
import { appendFileSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const reference = image('unusual');
const layersFolder = join(box.root, 'layers');
const recordFile = () => join(box.root, 'images/records', readdirSync(join(box.root, 'images/records'))[0] ?? '');
const check = (...flags: string[]) => box.skiff(['system', 'check', ...flags]);
const lastLine = (text: string) => text.trimEnd().split('\n').at(-1);

beforeEach(() => box.ok(['pull', '--quiet', reference]));

test('a store is whole after a pull, a run, and with a container in it', async () => {
  await box.ok(['run', '--name', 'stopped', reference, 'true']);
  const { stdout, stderr, code } = await check();
  expect({ stdout, stderr, code }).toEqual({ stdout: expect.stringMatching(/^\d+ objects checked, 0 problems\n$/), stderr: '', code: 0 });
  await box.ok(['rm', '-v', 'stopped']);
});

test('a file that changed in a layer is found; a repair brings the layer back, files of other owners too', async () => {
  const damaged = readdirSync(layersFolder).find((hex) => readdirSync(join(layersFolder, hex, 'fs')).includes('bin')) ?? '';
  appendFileSync(join(layersFolder, damaged, 'fs/bin/busybox'), 'x');
  const line = `layer sha256:${damaged}: its files are not as they were unpacked`;
  const found = await check();
  expect([found.code, found.stdout.split('\n')[0]]).toEqual([1, line]);
  expect((await check('--quick')).code).toBe(0);
  const repaired = await check('--repair');
  expect([repaired.code, repaired.stdout.split('\n')[0], lastLine(repaired.stdout)]).toEqual([
    0,
    `${line} (restored)`,
    expect.stringMatching(/^\d+ objects checked, 0 problems, 1 repaired$/),
  ]);
  expect((await check()).code).toBe(0);
  expect(await box.ok(['run', '--rm', reference, 'echo', 'whole'])).toBe('whole');
});

test('damaged blobs are found, manifest, config and compressed layer; a repair fetches them again', async () => {
  const { id, manifest, layers } = JSON.parse(readFileSync(recordFile(), 'utf8'));
  const digests = [id, manifest.digest, layers[0].digest];
  for (const digest of digests) writeFileSync(join(box.root, 'images/blobs/sha256', digest.slice(7)), '{}');
  const lines = digests.map((digest) => `blob ${digest}: its content does not match its digest`);
  const found = await check();
  expect([found.code, found.stdout.split('\n').slice(0, 3).sort()]).toEqual([1, lines.toSorted()]);
  const repaired = await check('--repair');
  expect([repaired.code, repaired.stdout.split('\n').slice(0, 3).sort()]).toEqual([
    0,
    lines.map((line) => `${line} (restored)`).toSorted(),
  ]);
  expect((await check()).code).toBe(0);
});

test.each([
  ['unreadable', (path: string) => writeFileSync(path, '')],
  ['lost', (path: string) => rmSync(path)],
])('an image record that is %s is made again by a repair: nothing goes that a reference reaches', async (_how, damage) => {
  const before = JSON.parse(readFileSync(recordFile(), 'utf8'));
  damage(recordFile());
  expect((await box.skiff(['images'])).code).toBe(0);
  const { code, stdout } = await check('--repair');
  expect([code, lastLine(stdout)]).toEqual([0, expect.stringMatching(/^\d+ objects checked, 0 problems, 1 repaired$/)]);
  expect(JSON.parse(readFileSync(recordFile(), 'utf8'))).toEqual({ ...before, repoDigests: [], storedAt: expect.any(String) });
  expect(await box.ok(['run', '--rm', '--pull', 'never', reference, 'echo', 'whole'])).toBe('whole');
});

test('a lost layer is reported with the command that brings it back', async () => {
  const [lost = ''] = readdirSync(layersFolder);
  rmSync(join(layersFolder, lost, 'layer.json'));
  const { code, stdout } = await check('--quick');
  expect([code, stdout.split('\n')[0]]).toEqual([
    1,
    `image ${reference}:latest: its layer sha256:${lost} is missing: skiff pull ${reference}:latest`,
  ]);
  await box.ok(['pull', '--quiet', reference]);
  expect((await check()).code).toBe(0);
});

test('the claim of a command that died before it made anything goes with a repair', async () => {
  const claims = join(box.root, 'tmp/claims');
  writeFileSync(join(claims, 'create-of-the-dead'), '');
  await box.ok(['system', 'check', '--repair']);
  expect(readdirSync(claims)).not.toContain('create-of-the-dead');
});

test('a state that says too little counts as none: the container is listed with the others, and starts', async () => {
  const id = await box.ok(['create', '--network', 'none', '--name', 'stateless', reference, 'true']);
  writeFileSync(join(box.root, 'containers', id, 'state.json'), '{"version":1,"Status":"exited"}\n');
  expect(await box.ok(['ps', '-a', '--format', '{{.Names}} {{.Status}}'])).toBe('stateless Created');
  expect(await box.ok(['start', '-a', 'stateless'])).toBe('');
  await box.ok(['rm', 'stateless']);
});

test("a secret that cannot be read is in nobody's way, and is told of with where its bytes are", async () => {
  const file = join(box.files, 'word');
  writeFileSync(file, 'hush');
  const id = await box.ok(['secret', 'create', 'word', file]);
  expect((await check('--quick')).code).toBe(0);
  const folder = join(box.root, 'secrets', id);
  writeFileSync(join(folder, 'secret.json'), '{');
  const { code, stdout } = await check('--quick');
  expect([code, stdout.split('\n')[0]]).toEqual([1, `secret ${id}: it cannot be read; what is left of it is in ${folder}`]);
  expect(readFileSync(join(folder, 'data'), 'utf8')).toBe('hush');
  await box.ok(['secret', 'create', 'word', file]);
  rmSync(folder, { recursive: true });
  expect((await check('--quick')).code).toBe(0);
});

describe('what a command meets is put right by itself, once, and said in one line', () => {
  const recordOf = () => JSON.parse(readFileSync(recordFile(), 'utf8'));
  const loseLayer = (): string => {
    const { diffId } = recordOf().layers.at(-1);
    Bun.spawnSync(['unshare', '--map-auto', '--map-root-user', 'rm', '-rf', join(layersFolder, diffId.slice(7))]);
    return diffId;
  };
  const said = (what: string) => `skiff: image ${reference}:latest: its ${what} was missing, and is restored now\n`;

  test('run: a layer that is gone', async () => {
    const diffId = loseLayer();
    expect(await box.skiff(['run', '--rm', '--network', 'none', reference, 'echo', 'runs'])).toEqual({
      stdout: 'runs\n',
      stderr: said(`layer ${diffId}`),
      code: 0,
    });
  });

  test('start: a layer that is gone with its compressed blob is fetched', async () => {
    await box.ok(['create', '--name', 'waits', '--network', 'none', reference, 'true']);
    const { digest, diffId } = recordOf().layers.at(-1);
    loseLayer();
    rmSync(join(box.root, 'images/blobs/sha256', digest.slice(7)));
    expect(await box.skiff(['start', 'waits'])).toEqual({ stdout: 'waits\n', stderr: said(`layer ${diffId}`), code: 0 });
    await box.ok(['wait', 'waits']);
    await box.ok(['rm', 'waits']);
    expect((await check()).code).toBe(0);
  });

  test('inspect: a config that is damaged', async () => {
    const { id } = recordOf();
    writeFileSync(join(box.root, 'images/blobs/sha256', id.slice(7)), 'damage');
    const { stdout, stderr, code } = await box.skiff(['inspect', '-f', '{{.Id}}', reference]);
    expect({ stdout, stderr, code }).toEqual({ stdout: `${id}\n`, stderr: said(`config ${id}`), code: 0 });
  });

  test('save: a compressed layer that is gone; what may have written half its output is to be given again', async () => {
    const { digest } = recordOf().layers.at(-1);
    rmSync(join(box.root, 'images/blobs/sha256', digest.slice(7)));
    const archive = join(box.files, 'saved.tar');
    const { stdout, stderr, code } = await box.skiff(['save', '--format', 'oci-archive', '-o', archive, reference]);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr.split('\n')[0]).toBe(said(`compressed layer ${digest}`).replace(/\n$/, ': give the command again'));
    await box.ok(['save', '--format', 'oci-archive', '-o', archive, reference]);
    const copied = Bun.spawnSync(['skopeo', 'inspect', '--format', '{{.Digest}}', `oci-archive:${archive}`]);
    expect(copied.stdout.toString().trim()).toBe(recordOf().manifest.digest);
  });

  test('what no registry has is told of, and the command fails as before', async () => {
    await box.ok(['create', '--name', 'source', reference]);
    await box.ok(['commit', '--change', 'CMD ["true"]', 'source', 'own']);
    await box.ok(['rm', 'source']);
    const id = await box.ok(['inspect', '-f', '{{.Id}}', 'own']);
    rmSync(join(box.root, 'images/blobs/sha256', id.slice(7)));
    const { stderr, code } = await box.skiff(['run', '--rm', 'own']);
    expect(code).not.toBe(0);
    expect(stderr).toMatch(/^skiff: cannot fetch it again: /);
    expect(stderr).toContain(`The blob "${id}" is not in the store`);
    await box.ok(['rmi', '-f', 'own']);
  });
});

test('a network whose record is damaged is found and taken away; what killed commands left beside it is cleaned up', async () => {
  await box.ok(['network', 'create', 'app']);
  await box.ok(['network', 'create', 'whole']);
  const folder = join(box.root, 'networks');
  writeFileSync(join(folder, 'app.json'), '{');
  writeFileSync(join(folder, '.app.json.tmp-1-x'), '');
  mkdirSync(join(folder, 'gone.d/addresses'), { recursive: true });
  mkdirSync(join(folder, 'whole.d/addresses'), { recursive: true });
  symlinkSync('a'.repeat(64), join(folder, 'whole.d/addresses/172.18.0.2'));
  const lines = [
    'network app: its record cannot be read; make it again: skiff network create app',
    `leftover network addresses of container ${'a'.repeat(12)}: nothing uses it`,
    `leftover file ${join(folder, '.app.json.tmp-1-x')}: nothing uses it`,
    `leftover file ${join(folder, 'gone.d')}: nothing uses it`,
  ];
  const found = await check('--quick');
  expect([found.code, found.stdout.split('\n').filter((line) => line.includes('network'))]).toEqual([1, lines]);
  const repaired = await check('--quick', '--repair');
  expect([repaired.code, repaired.stdout.split('\n')[0]]).toEqual([0, `${lines[0]} (removed)`]);
  // What is the default network's is none of this test's.
  expect(
    readdirSync(folder)
      .filter((name) => !name.startsWith('bridge'))
      .toSorted(),
  ).toEqual(['lock', 'whole.d', 'whole.json']);
  expect(readdirSync(join(folder, 'whole.d/addresses'))).toEqual([]);
  expect((await check('--quick')).code).toBe(0);
  await box.ok(['network', 'create', 'app']);
  await box.ok(['network', 'rm', 'app', 'whole']);
});
