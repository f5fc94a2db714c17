import { parseGitUrl } from '../../../../src/engine/build/context/git-url.ts';

const whole = { ref: undefined, folder: '', commit: undefined, keepGitDir: undefined, submodules: true };

it.each([
  ['https://h/p.git', { ...whole, remote: 'https://h/p.git' }],
  ['https://h/p.git#main', { ...whole, remote: 'https://h/p.git', ref: 'main' }],
  ['https://h/p.git#:docs', { ...whole, remote: 'https://h/p.git', folder: 'docs' }],
  ['https://h/p.git#v1:a/../b/', { ...whole, remote: 'https://h/p.git', ref: 'v1', folder: 'b' }],
  ['https://h/p.git#v1:../../up', { ...whole, remote: 'https://h/p.git', ref: 'v1', folder: 'up' }],
  ['git://h/p', { ...whole, remote: 'git://h/p' }],
  ['ssh://git@h:22/p', { ...whole, remote: 'ssh://git@h:22/p' }],
  ['git@github.com:o/r', { ...whole, remote: 'git@github.com:o/r' }],
  ['github.com/o/r', { ...whole, remote: 'https://github.com/o/r' }],
  [
    'https://h/p.git?branch=b&subdir=s&keep-git-dir=1&submodules=false',
    { ...whole, remote: 'https://h/p.git', ref: 'b', folder: 's', keepGitDir: true, submodules: false },
  ],
  ['https://h/p.git?tag=v2&commit=abc1234', { ...whole, remote: 'https://h/p.git', ref: 'refs/tags/v2', commit: 'abc1234' }],
])('%s is a repository', (text, source) => {
  expect(parseGitUrl(text)).toEqual(source);
});

it.each(['https://h/p', 'https://h/p.tar.gz', '.', './git@x', '/a/b.git', 'a.git', 'C:x', 'file:///a.git', 'docker-image://alpine'])(
  '%s is none',
  (text) => {
    expect(parseGitUrl(text)).toBeUndefined();
  },
);

it('refuses what git would take for a flag, and tells no password', () => {
  expect(() => parseGitUrl('https://me:secret@h/p.git#--upload-pack=x')).toThrow('Invalid git reference "https://h/p.git#--upload-pack=x"');
});
