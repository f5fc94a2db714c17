// containers.lock: --lock writes what a tag names, --locked takes nothing else. A registry of the test's own, in which a tag moves: `maker` pushes,
// `box` pulls, each with a store of its own.
import { existsSync, lstatSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EmptyRegistry, startEmptyRegistry } from './support/empty-registry.ts';
import { image, openSandbox } from './support/sandbox.ts';

const HEAD = `# What each image reference was pinned to. Written by --lock, kept to by --locked; other comments are not kept.
version = 1

[images]
`;
const maker = openSandbox();
const box = openSandbox();
const lockFile = () => join(box.files, 'containers.lock');
const written = () => readFileSync(lockFile(), 'utf8');
let registry: EmptyRegistry;
/** A reference whose tag moves: what it names now says so in /version. */
let app: string;
const digests: Record<number, string> = {};

/** Lets the tag name an image whose /version says `version`. */
async function publish(version: number): Promise<void> {
  if (digests[version] === undefined) {
    await maker.ok(['run', '--name', `v${version}`, image('busybox'), 'sh', '-c', `echo ${version} >/version`]);
    await maker.ok(['commit', `v${version}`, `made:${version}`]);
    await maker.ok(['rm', `v${version}`]);
  }
  await maker.ok(['tag', `made:${version}`, app]);
  await maker.ok(['push', '--quiet', app]);
  digests[version] ??= JSON.parse(await maker.ok(['image', 'inspect', `made:${version}`]))[0].RepoDigests[0].split('@')[1];
}

const version = (...flags: string[]) => box.ok(['run', '--rm', '--network', 'none', '--quiet', ...flags, app, 'cat', '/version']);
const entry = (reference: string, digest: string | undefined) => `"${reference}" = "${digest}"\n`;
const moved = (from: number, to: number) =>
  `skiff: "${app}" moved since it was pinned: from "${digests[from]}" to "${digests[to]}"\nAccept what it names now: skiff pull --lock ${app}\n`;

beforeAll(async () => {
  registry = await startEmptyRegistry();
  app = `${registry.address}/app:stable`;
  await publish(1);
}, 120_000);
afterAll(() => registry?.stop());
beforeEach(() => {
  rmSync(lockFile(), { force: true });
});
afterEach(async () => {
  await box.skiff(['rmi', '-f', ...(await box.ok(['images', '-aq'])).split('\n').filter((id) => id !== '')]);
});

test('what pull --lock writes is sorted, an entry a line, and an index is pinned as such for every platform', async () => {
  await publish(1);
  await box.ok(['pull', '--lock', '--quiet', app]);
  expect(written()).toBe(HEAD + entry(app, digests[1]));
  await box.ok(['pull', '--lock', '--quiet', '--platform', 'linux/arm64', image('multi')]);
  const index = (await fetch(`http://${image('multi').replace('/', '/v2/')}/manifests/latest`, { method: 'HEAD', headers: indexes }))
    .headers;
  const lines = [entry(app, digests[1]), entry(`${image('multi')}:latest`, index.get('docker-content-digest') ?? '')].sort();
  expect(written()).toBe(HEAD + lines.join(''));
  const whole = written();
  // Another platform of the same index, and a reference that is pinned by itself, change nothing.
  await box.ok(['pull', '--lock', '--quiet', image('multi')]);
  await box.ok(['pull', '--lock', '--quiet', `${app}@${digests[1]}`]);
  expect(written()).toBe(whole);
  for (const platform of ['linux/amd64', 'linux/arm64']) await box.ok(['pull', '--locked', '--platform', platform, image('multi')]);
});

const indexes = { accept: 'application/vnd.oci.image.index.v1+json' };

test('a tag that moved is refused by pull, run, create and image copy with both digests, until --lock accepts it', async () => {
  await publish(1);
  await box.ok(['pull', '--lock', '--quiet', app]);
  await box.ok(['rmi', app]);
  await publish(2);
  const refused = { stdout: '', stderr: moved(1, 2), code: 1 };
  expect(await box.skiff(['pull', '--quiet', '--locked', app])).toEqual(refused);
  expect(await box.skiff(['run', '--rm', '--quiet', '--locked', app, 'true'])).toEqual({ ...refused, code: 125 });
  expect(await box.skiff(['create', '--quiet', '--locked', app])).toEqual({ ...refused, code: 125 });
  expect(await box.skiff(['image', 'copy', '--locked', `docker://${app}`, 'copied:1'])).toEqual(refused);
  expect(await box.ok(['images', '-aq'])).toBe('');
  expect(await box.ok(['ps', '-aq'])).toBe('');
  expect(written()).toBe(HEAD + entry(app, digests[1]));
  await box.ok(['pull', '--lock', '--quiet', app]);
  expect(written()).toBe(HEAD + entry(app, digests[2]));
  expect(await version('--locked')).toBe('2');
});

test('run --locked runs the pinned image and no other that the store has under the tag', async () => {
  await publish(1);
  expect(await version('--lock')).toBe('1');
  expect(written()).toBe(HEAD + entry(app, digests[1]));
  await publish(2);
  // The pinned one is under the tag: nothing is asked of the registry, as without a lock file.
  expect(await version('--locked')).toBe('1');
  expect(await box.skiff(['run', '--rm', '--quiet', '--locked', '--pull', 'always', app, 'true'])).toEqual({
    stdout: '',
    stderr: moved(1, 2),
    code: 125,
  });
  await box.ok(['pull', '--quiet', app]);
  expect(await version()).toBe('2');
  expect(await version('--locked')).toBe('1');
  expect(await version('--locked', '--pull', 'never')).toBe('1');
  expect(await box.ok(['create', '--name', 'pinned', '--locked', app])).toMatch(/^[0-9a-f]{64}$/);
  expect(await box.ok(['inspect', '--format', '{{.Config.Image}}', 'pinned'])).toBe(`${app}@${digests[1]}`);
  await box.ok(['rm', 'pinned']);
  const mount = `type=image,source=${app},target=/seen`;
  expect(await box.ok(['run', '--rm', '--locked', '--mount', mount, app, 'cat', '/seen/version'])).toBe('1');
  // Removed, it is fetched again, if the tag still names it.
  await box.ok(['rmi', `${app}@${digests[1]}`]);
  expect((await box.skiff(['run', '--rm', '--quiet', '--locked', app, 'true'])).stderr).toBe(moved(1, 2));
  expect(await box.skiff(['run', '--rm', '--locked', '--pull', 'never', app, 'true'])).toEqual({
    stdout: '',
    stderr: `skiff: No such image: ${app} as it is pinned, "${digests[1]}"\nPull it: skiff pull --locked ${app}\n`,
    code: 125,
  });
  await publish(1);
  expect(await version('--locked')).toBe('1');
  expect(await version()).toBe('1');
});

test('run --lock pins what is stored without asking the registry; what no registry served cannot be pinned', async () => {
  await publish(1);
  await box.ok(['pull', '--quiet', app]);
  await publish(2);
  expect(await version('--lock')).toBe('1');
  expect(written()).toBe(HEAD + entry(app, digests[1]));
  await box.ok(['tag', app, 'own:1']);
  expect(await box.skiff(['create', '--lock', 'own:1'])).toEqual({
    stdout: '',
    stderr: 'skiff: Cannot pin "own:1": what the store has under it did not come from there\nPull it: skiff pull --lock own:1\n',
    code: 125,
  });
  const id = await box.ok(['images', '-q', '--no-trunc', app]);
  expect(await box.ok(['run', '--rm', '--locked', '--network', 'none', id, 'cat', '/version'])).toBe('1');
  expect(await box.ok(['run', '--rm', '--locked', '--network', 'none', id.slice(7, 19), 'cat', '/version'])).toBe('1');
  expect(written()).toBe(HEAD + entry(app, digests[1]));
});

test('a reference that is not in the file, and no file at all, are refused with what to do', async () => {
  const hint = `Pin what it names now: skiff pull --lock ${app}\n`;
  const absent = `skiff: "${app}" is not pinned: the lock file "${lockFile()}" does not exist\n${hint}`;
  expect(await box.skiff(['pull', '--locked', '--quiet', app])).toEqual({ stdout: '', stderr: absent, code: 1 });
  expect(await box.skiff(['run', '--locked', app])).toEqual({ stdout: '', stderr: absent, code: 125 });
  expect(existsSync(lockFile())).toBe(false);
  writeFileSync(lockFile(), HEAD);
  const unnamed = `skiff: "${app}" is not pinned: the lock file "${lockFile()}" does not name it\n${hint}`;
  expect(await box.skiff(['pull', '--locked', '--quiet', app])).toEqual({ stdout: '', stderr: unnamed, code: 1 });
  const all = await box.skiff(['pull', '--all-tags', '--locked', '--quiet', `${registry.address}/app`]);
  expect(all).toEqual({ stdout: '', stderr: unnamed, code: 1 });
  expect(await box.ok(['images', '-aq'])).toBe('');
});

test.each([
  ['it is not TOML (line 2)', 'version = 1\n"app" sha256\n'],
  ['it names no version', '[images]\n'],
  ['its version "2" is not known here', 'version = 2\n[images]\n'],
  ['it has an entry "image", which is not known here', 'version = 1\n[image]\n'],
  ['"images" is not a table', 'version = 1\nimages = 3\n'],
  [
    '"alpine" is not a reference as it stands there, such as "docker.io/library/alpine:3.20"',
    'version = 1\n[images]\nalpine = "sha256:00"\n',
  ],
  [
    '"docker.io/library/alpine:3" is pinned to "sha256:00", which is no sha256 digest',
    'version = 1\n[images]\n"docker.io/library/alpine:3" = "sha256:00"\n',
  ],
])('a lock file of which it is said that %s changes nothing', async (why, text) => {
  writeFileSync(lockFile(), text);
  const stderr = `skiff: Cannot use the lock file "${lockFile()}": ${why}\nMend it, or give another one by --lock-file\n`;
  for (const mode of ['--lock', '--locked']) {
    expect(await box.skiff(['pull', '--quiet', mode, app])).toEqual({ stdout: '', stderr, code: 1 });
    expect(await box.skiff(['create', mode, app])).toEqual({ stdout: '', stderr, code: 125 });
  }
  expect(written()).toBe(text);
  expect(await box.ok(['images', '-aq'])).toBe('');
});

test('another file by --lock-file; a symlink is written through, and permissions stay', async () => {
  await publish(1);
  const other = join(box.files, 'other.lock');
  const link = join(box.files, 'link.lock');
  writeFileSync(other, HEAD, { mode: 0o640 });
  symlinkSync('other.lock', link);
  await box.ok(['pull', '--quiet', '--lock', '--lock-file', 'link.lock', app]);
  expect(readFileSync(other, 'utf8')).toBe(HEAD + entry(app, digests[1]));
  expect([lstatSync(link).isSymbolicLink(), (statSync(other).mode & 0o777).toString(8)]).toEqual([true, '640']);
  expect(existsSync(lockFile())).toBe(false);
  await box.ok(['image', 'copy', '--lock', `docker://${app}`, 'copied:1']);
  expect(written()).toBe(HEAD + entry(app, digests[1]));
  const missing = join(box.files, 'none/containers.lock');
  expect(await box.skiff(['pull', '--lock', '--lock-file', missing, app])).toEqual({
    stdout: expect.any(String),
    stderr: `skiff: Cannot use the lock file "${missing}": the folder "${join(box.files, 'none')}" does not exist\nMend it, or give another one by --lock-file\n`,
    code: 1,
  });
});

test.each([
  [['pull', '--lock', '--locked', 'alpine'], 1, 'Conflicting options: cannot specify both --lock and --locked\nLeave one of the two out'],
  [['run', '--lock', '--locked', 'alpine'], 125, 'Conflicting options: cannot specify both --lock and --locked\nLeave one of the two out'],
  [['pull', '--lock-file', 'x', 'alpine'], 1, '--lock-file has no meaning without --lock or --locked\nAdd one of the two'],
  [
    ['create', '--locked', '--lock-file=', 'alpine'],
    125,
    'invalid argument "" for "--lock-file": it names no file\nGive the path of the lock file',
  ],
  [
    ['image', 'copy', '--lock', 'own:1', 'docker-archive:own.tar'],
    1,
    '--lock and --locked are for images of registries, which "own:1" is not\nGive a source such as docker://registry.example.com/app:1.2, or leave the option out',
  ],
])('%j is refused', async (args, code, message) => {
  expect(await box.skiff(args)).toEqual({ stdout: '', stderr: `skiff: ${message}\n`, code });
});

test('commands that pin at once keep each other’s entries, and what a killed one left beside the file goes', async () => {
  await publish(1);
  const tags = ['a', 'b', 'c', 'd', 'e', 'f'];
  for (const tag of tags) {
    await maker.ok(['tag', 'made:1', `${registry.address}/app:${tag}`]);
    await maker.ok(['push', '--quiet', `${registry.address}/app:${tag}`]);
  }
  writeFileSync(join(box.files, '.containers.lock.tmp-4194304-dead'), 'half');
  await Promise.all(tags.map((tag) => box.ok(['pull', '--lock', '--quiet', `${registry.address}/app:${tag}`])));
  expect(written()).toBe(HEAD + tags.map((tag) => entry(`${registry.address}/app:${tag}`, digests[1])).join(''));
  expect(readdirSync(box.files).filter((name) => name.startsWith('.containers.lock'))).toEqual([]);
});
