import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { forgetLogin } from '../../../../src/engine/build/context/git.ts';
import { withoutPassword } from '../../../../src/engine/build/context/git-url.ts';
import { withoutSecret } from '../../../../src/engine/jobs/download.ts';

const REMOTE = 'https://me:se@cret@example.test/project.git';

it('a repository that is kept does not keep the password it was fetched with', () => {
  const folder = mkdtempSync(join(tmpdir(), 'skiff-git-'));
  try {
    for (const args of [
      ['init', '-q', folder],
      ['-C', folder, 'remote', 'add', 'origin', REMOTE],
      ['init', '-q', '--bare', join(folder, '.git/modules/sub')],
      ['-C', join(folder, '.git/modules/sub'), 'config', 'remote.origin.url', 'https://me:se@cret@example.test/sub.git'],
    ])
      expect(Bun.spawnSync(['git', ...args]).exitCode).toBe(0);
    forgetLogin(join(folder, '.git'), REMOTE);
    const urls = ['.git/config', '.git/modules/sub/config'].map((name) => /url = (.*)/.exec(readFileSync(join(folder, name), 'utf8'))?.[1]);
    expect(urls).toEqual(['https://example.test/project.git', 'https://example.test/sub.git']);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

it('nothing of a password is shown that has an @ in it', () => {
  expect(withoutPassword(REMOTE)).toBe('https://example.test/project.git');
  expect(withoutSecret(REMOTE)).toBe('https://example.test/project.git');
});
