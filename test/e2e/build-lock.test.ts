// containers.lock and what ADD fetches: --lock pins the file of a URL and the commit of a repository, --locked takes nothing else, and asks nobody for what
// is here. (The bases of a build: build-base.test.ts.)
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeContext } from './support/build-explained.ts';
import { eventually } from './support/eventually.ts';
import { openSandbox } from './support/sandbox.ts';

const box = openSandbox();
let server: Bun.Server<undefined>;
let body = 'one';
let asked = 0;
const lockFile = join(box.files, 'containers.lock');
const sha256 = (text: string) => `sha256:${new Bun.CryptoHasher('sha256').update(text).digest('hex')}`;
const build = (context: string, ...flags: string[]) => box.skiff(['build', '--progress', 'plain', '-t', 'x', ...flags, context]);

beforeAll(() => {
  server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch: () => {
      asked++;
      return new Response(body);
    },
  });
});
afterAll(() => server?.stop(true));

test('the file of a URL is pinned; while it is here nobody is asked, and when it changed it is refused with both digests', async () => {
  const url = `http://127.0.0.1:${server.port}/file`;
  const context = writeContext(box, 'url', { Dockerfile: `FROM scratch\nADD ${url} /file\n` });
  expect(await build(context, '--locked')).toMatchObject({
    stderr: expect.stringContaining(`"${url}" is not pinned: the lock file "${lockFile}" does not exist`),
    code: 1,
  });
  expect(asked).toBe(0);
  expect((await build(context, '--lock')).code).toBe(0);
  expect(readFileSync(lockFile, 'utf8')).toBe(
    `# What each image reference was pinned to. Written by --lock, kept to by --locked; other comments are not kept.\nversion = 1\n\n[images]\n\n[urls]\n"${url}" = "${sha256('one')}"\n`,
  );
  const before = asked;
  body = 'two';
  expect((await build(context, '--locked')).code).toBe(0);
  expect(asked).toBe(before);
  // With nothing of it here it has to be fetched, and is not what it was.
  await box.ok(['builder', 'prune', '-af']);
  expect(await build(context, '--locked')).toMatchObject({
    stderr: expect.stringContaining(`"${url}" changed since it was pinned: from "${sha256('one')}" to "${sha256('two')}"`),
    code: 1,
  });
  expect((await build(context, '--lock')).code).toBe(0);
  expect(readFileSync(lockFile, 'utf8')).toContain(`"${url}" = "${sha256('two')}"`);
  expect((await build(context, '--locked')).code).toBe(0);
});

test('a repository is pinned to its commit, and one that went on is refused with both', async () => {
  const repository = join(box.files, 'repository.git');
  const git = (...args: string[]): string => {
    const identity = ['-c', 'user.name=t', '-c', 'user.email=t@example.com', '-c', 'commit.gpgsign=false'];
    const done = Bun.spawnSync(['git', ...identity, ...args], { cwd: repository, env: box.peerEnv, stdin: 'ignore' });
    if (done.exitCode !== 0) throw new Error(done.stderr.toString());
    return done.stdout.toString().trim();
  };
  mkdirSync(repository);
  git('init', '-q', '-b', 'main');
  writeFileSync(join(repository, 'file'), 'one');
  git('add', '.');
  git('commit', '-q', '-m', 'one');
  const commit = git('rev-parse', 'HEAD');
  git('config', 'uploadpack.allowAnySHA1InWant', 'true');
  const port = freePort();
  const serving = ['git', 'daemon', '--export-all', '--reuseaddr', '--listen=127.0.0.1', `--port=${port}`, `--base-path=${box.files}`];
  const daemon = Bun.spawn(serving, { stdio: ['ignore', 'ignore', 'ignore'], env: box.peerEnv });
  try {
    await eventually('the repository is served', () => canConnect(port));
    const url = `git://127.0.0.1:${port}/repository.git#main`;
    const context = writeContext(box, 'git', { Dockerfile: `FROM scratch\nADD ${url} /src\n` });
    expect(await build(context, '--lock')).toMatchObject({ code: 0 });
    expect(readFileSync(lockFile, 'utf8')).toContain(`\n[git]\n"${url}" = "${commit}"\n`);
    writeFileSync(join(repository, 'file'), 'two');
    git('commit', '-qam', 'two');
    expect(await build(context, '--locked')).toMatchObject({
      stderr: expect.stringContaining(`"${url}" changed since it was pinned: from "${commit}" to "${git('rev-parse', 'HEAD')}"`),
      code: 1,
    });
    git('reset', '-q', '--hard', commit);
    expect(await build(context, '--locked')).toMatchObject({ code: 0 });
  } finally {
    daemon.kill('SIGKILL');
    await daemon.exited;
  }
});

function freePort(): number {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
  const { port } = probe;
  probe.stop(true);
  return port;
}

async function canConnect(port: number): Promise<boolean> {
  try {
    (await Bun.connect({ hostname: '127.0.0.1', port, socket: { data() {} } })).end();
    return true;
  } catch {
    return false;
  }
}
