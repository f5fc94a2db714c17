import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { findCommit, loginSettings } from '../../../../src/engine/build/context/git.ts';
import { parseGitUrl, withoutPassword } from '../../../../src/engine/build/context/git-url.ts';
import { withoutSecret } from '../../../../src/engine/jobs/download.ts';
import { testStore } from '../../storage/tar-fixture.ts';

const REMOTE = 'https://me:se@cret@example.test/project.git';

it('git is given the login of a URL as the header of its host, beside what else is configured so', () => {
  const value = `Authorization: Basic ${btoa('me:se@cret')}`;
  expect(loginSettings(REMOTE, {})).toEqual({
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'http.https://example.test/.extraHeader',
    GIT_CONFIG_VALUE_0: value,
  });
  expect(loginSettings('http://to%40ken@h:81/p.git', { GIT_CONFIG_COUNT: '2' })).toEqual({
    GIT_CONFIG_COUNT: '3',
    GIT_CONFIG_KEY_2: 'http.http://h:81/.extraHeader',
    GIT_CONFIG_VALUE_2: `Authorization: Basic ${btoa('to@ken:')}`,
  });
  expect(loginSettings('https://example.test/a@b/c.git', {})).toEqual({});
  expect(loginSettings('ssh://git@example.test/c.git', {})).toEqual({});
});

it('a server that wants the login gets it, and the process list does not', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'skiff-git-'));
  const bare = join(folder, 'p.git');
  const git = (...args: string[]): string =>
    Bun.spawnSync(['git', '-c', 'user.name=a', '-c', 'user.email=a@b', ...args])
      .stdout.toString()
      .trim();
  const store = testStore();
  const seen: string[] = [];
  const server = Bun.serve({
    port: 0,
    async fetch(request) {
      if (request.headers.get('authorization') !== `Basic ${btoa('me:hidden-word')}`) {
        return new Response('', { status: 401, headers: { 'WWW-Authenticate': 'Basic realm="x"' } });
      }
      seen.push(...commandLines().filter((line) => line.includes('hidden-word')));
      const file = Bun.file(join(folder, new URL(request.url).pathname));
      return (await file.exists()) ? new Response(file) : new Response('', { status: 404 });
    },
  });
  try {
    git('init', '-q', '-b', 'main', join(folder, 'work'));
    git('-C', join(folder, 'work'), 'commit', '-q', '--allow-empty', '-m', 'one');
    git('clone', '-q', '--bare', join(folder, 'work'), bare);
    git('-C', bare, 'update-server-info');
    const source = parseGitUrl(`http://me:hidden-word@127.0.0.1:${server.port}/p.git#main`);
    if (!source) throw new Error('No git URL');
    const ctx = { ...store.ctx, env: { ...process.env, ...store.ctx.env } };
    const found = await findCommit(ctx, source, { signal: AbortSignal.timeout(60_000) });
    expect(found.commit).toBe(git('-C', bare, 'rev-parse', 'main'));
    expect(seen).toEqual([]);
  } finally {
    await server.stop(true);
    store.remove();
    rmSync(folder, { recursive: true, force: true });
  }
});

it('nothing of a password is shown that has an @ in it', () => {
  expect(withoutPassword(REMOTE)).toBe('https://example.test/project.git');
  expect(withoutSecret(REMOTE)).toBe('https://example.test/project.git');
});

function commandLines(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((pid) => {
      try {
        return readFileSync(`/proc/${pid}/cmdline`, 'utf8');
      } catch {
        return '';
      }
    });
}
