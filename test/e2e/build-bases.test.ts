// Where a build's base images come from: the store first, the registry where they are missing or --pull asks, the digest where a lock file pins it.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox, type Result } from './support/sandbox.ts';

const box = openSandbox();
const multi = image('multi');
const host = process.arch === 'x64' ? 'amd64' : process.arch;
const foreign = host === 'arm64' ? 'amd64' : 'arm64';
let contexts = 0;

function context(dockerfile: string): string {
  const folder = join(box.files, `context-${contexts++}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'Dockerfile'), dockerfile);
  writeFileSync(join(folder, 'note'), 'a note');
  return folder;
}

const build = (folder: string, ...args: string[]): Promise<Result> =>
  box.skiff(['build', '--progress', 'plain', ...args, folder], { timeoutMs: 120_000 });

async function built(folder: string, ...args: string[]): Promise<{ id: string; said: string }> {
  const { code, stderr } = await build(folder, ...args);
  if (code !== 0) throw new Error(stderr);
  return { id: /writing image (sha256:[0-9a-f]{64})/.exec(stderr)?.[1] ?? '', said: stderr };
}

const inspected = (name: string, format: string, ...args: string[]): Promise<string> =>
  box.ok(['image', 'inspect', ...args, '--format', format, name]);

test('what is not here is fetched, and stays under its name', async () => {
  const folder = context(`FROM ${image('busybox')}\nCOPY --from=${image('unusual')} / /app\nCOPY note /note\n`);
  const first = await built(folder);
  expect(first.said).toContain(`[internal] load metadata for ${image('busybox')}:latest`);
  expect(first.said).toMatch(/sha256:[0-9a-f]{12} complete|DONE/);
  expect(await inspected(image('busybox'), '{{.Os}}')).toBe('linux');
  const second = await built(folder);
  expect(second.id).toBe(first.id);
  expect(second.said).toMatch(/\[1\/3\] FROM \S+@sha256:[0-9a-f]{64}\n#\d+ CACHED/);
});

test('what is here counts, whatever the registry has; with --pull the registry does', async () => {
  await box.ok(['pull', '--quiet', image('busybox')]);
  const mine = await built(context(`FROM ${image('busybox')}\nLABEL whose=mine\n`), '-t', image('features'));
  const folder = context(`FROM ${image('features')}\nLABEL built=yes\n`);
  expect(await inspected((await built(folder)).id, '{{index .Config.Labels "whose"}}')).toBe('mine');
  expect(await inspected((await built(folder, '--pull')).id, '{{index .Config.Labels "whose"}}')).toBe('');
  expect(await inspected(image('features'), '{{.Id}}')).not.toBe(mine.id);
});

test('the base of another platform is fetched without taking the name from that of this machine', async () => {
  await box.ok(['pull', '--quiet', multi]);
  const before = await inspected(multi, '{{.Id}}');
  const { id } = await built(context(`FROM --platform=linux/${foreign} ${multi}\nCOPY note /note\n`));
  expect(await inspected(id, '{{.Architecture}}')).toBe(foreign);
  expect(await inspected(multi, '{{.Id}}')).toBe(before);
  await built(context(`FROM ${multi}\nCOPY note /note\n`), '--platform', `linux/${host},linux/${foreign}`, '-t', 'local/both');
  for (const arch of [host, foreign]) expect(await inspected('local/both', '{{.Architecture}}', '--platform', `linux/${arch}`)).toBe(arch);
  expect(await inspected(multi, '{{.Id}}')).toBe(before);
});

test('an image that nobody has is named with the line that asks for it, and the stage that may have been meant', async () => {
  const { code, stderr } = await build(context(`FROM scratch AS builder\nCOPY note /\nFROM ${image('none-such')}\n`));
  expect(code).toBe(1);
  expect(stderr).toContain(`failed to solve: ${image('none-such')}: failed to resolve source metadata for ${image('none-such')}:latest: `);
  expect(stderr).toMatch(/\nDockerfile:3:1\n/);
});

test('what cannot be had ends the steps that run already', async () => {
  const { code, stderr } = await build(context(`FROM ${image('busybox')}\nRUN sleep 600\nCOPY --from=${image('none-such')} /x /x\n`));
  expect(code).toBe(1);
  expect(stderr).toMatch(/\nDockerfile:3:1\n/);
  expect(stderr).toContain('none-such: failed to resolve source metadata');
});

describe('containers.lock', () => {
  test('is written for what FROM and COPY --from name, and refuses what moved', async () => {
    const folder = context(`FROM ${image('busybox')}\nCOPY --from=${image('unusual')} / /app\n`);
    const path = join(box.files, 'containers.lock');
    await built(folder, '--lock', '--lock-file', path);
    const text = readFileSync(path, 'utf8');
    for (const name of ['busybox', 'unusual']) expect(text).toMatch(new RegExp(`"${image(name)}:latest" = "sha256:[0-9a-f]{64}"`));
    await built(folder, '--locked', '--lock-file', path);
    writeFileSync(path, text.replace(/(unusual:latest" = "sha256:)[0-9a-f]{8}/, '$100000000'));
    const moved = await build(folder, '--locked', '--lock-file', path);
    expect(moved.code).toBe(1);
    expect(moved.stderr).toContain('moved since it was pinned');
  });

  test('refuses an image that it does not name', async () => {
    const path = join(box.files, 'empty.lock');
    const { code, stderr } = await build(context(`FROM ${image('busybox')}\n`), '--locked', '--lock-file', path);
    expect(code).toBe(1);
    expect(stderr).toContain(`"${image('busybox')}:latest" is not pinned`);
  });
});
