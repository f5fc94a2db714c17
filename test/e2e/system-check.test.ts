// `system check` finds damage of every kind in a store that was filled by pulls and runs, and its repair makes the next pull whole.
import { appendFileSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
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

test('a file that changed in a layer is found; after a repair a pull brings the layer back, files of other owners too', async () => {
  const damaged = readdirSync(layersFolder).find((hex) => readdirSync(join(layersFolder, hex, 'fs')).includes('bin')) ?? '';
  appendFileSync(join(layersFolder, damaged, 'fs/bin/busybox'), 'x');
  const found = await check();
  expect([found.code, found.stdout.split('\n')[0]]).toEqual([1, `layer sha256:${damaged}: its files are not as they were unpacked`]);
  expect((await check('--quick')).code).toBe(0);
  const repaired = await check('--repair');
  expect([repaired.code, lastLine(repaired.stdout)]).toEqual([1, expect.stringMatching(/^\d+ objects checked, 1 problem, 1 repaired$/)]);
  expect(readdirSync(layersFolder)).not.toContain(damaged);
  await box.ok(['pull', '--quiet', reference]);
  expect((await check()).code).toBe(0);
  expect(await box.ok(['run', '--rm', reference, 'echo', 'whole'])).toBe('whole');
});

test('a damaged config is found; after a repair a pull brings it back', async () => {
  const { id } = JSON.parse(readFileSync(recordFile(), 'utf8'));
  writeFileSync(join(box.root, 'images/blobs/sha256', id.slice(7)), '{}');
  const found = await check();
  expect([found.code, found.stdout.split('\n')[0]]).toEqual([1, `blob ${id}: its content does not match its digest`]);
  await check('--repair');
  await box.ok(['pull', '--quiet', reference]);
  expect((await check()).code).toBe(0);
});

test('an unreadable image record is dropped by a repair, and nothing needs a reset', async () => {
  writeFileSync(recordFile(), '');
  expect((await box.skiff(['images'])).code).toBe(0);
  const { code, stdout } = await check('--repair');
  expect([code, lastLine(stdout)]).toEqual([0, expect.stringMatching(/^\d+ objects checked, 0 problems, 2 repaired$/)]);
  await box.ok(['pull', '--quiet', reference]);
  expect((await check()).code).toBe(0);
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
