import { chmodSync } from 'node:fs';
import { join } from 'node:path';
import type { CopyStep } from '../../../../src/engine/build/model.ts';
import { file, folder, symlink } from '../../storage/tar-fixture.ts';
import { type CopyBench, copyBench } from './copy-fixture.ts';

let bench: CopyBench;
beforeEach(() => {
  bench = copyBench();
});
afterEach(() => bench.remove());

// Only root can give files away.
const OTHER = process.getuid?.() === 0 ? '5:6' : '0:0';
const FILES = { 'a.txt': 'A', 'b.txt': 'B', 'src/main.c': 'M', 'src/lib/x.c': 'X', link: '-> a.txt' };

it.each<[string, Partial<CopyStep>, Record<string, string>]>([
  ['a file becomes the destination', { sources: ['a.txt'], dest: '/x' }, { x: 'A' }],
  ['a file goes into a folder that a slash asks for', { sources: ['a.txt'], dest: '/x/' }, { 'x/': '0755 0:0', 'x/a.txt': 'A' }],
  ['a relative destination lies in the working folder', { sources: ['a.txt'], dest: 'y', workdir: '/w' }, { 'w/': '0755 0:0', 'w/y': 'A' }],
  ['a dot is the working folder', { sources: ['a.txt'], dest: '.', workdir: '/w' }, { 'w/': '0755 0:0', 'w/a.txt': 'A' }],
  [
    'of a folder the contents go',
    { sources: ['src'], dest: '/d' },
    { 'd/': '0755 0:0', 'd/lib/': '0755 0:0', 'd/lib/x.c': 'X', 'd/main.c': 'M' },
  ],
  ['a symlink that is named is followed', { sources: ['link'], dest: '/d/' }, { 'd/': '0755 0:0', 'd/link': 'A' }],
  ['wildcards go in the order of names', { sources: ['*.txt'], dest: '/d/' }, { 'd/': '0755 0:0', 'd/a.txt': 'A', 'd/b.txt': 'B' }],
  [
    'a wildcard without a match copies nothing, and is no error',
    { sources: ['*.md', 'a.txt'], dest: '/d/' },
    { 'd/': '0755 0:0', 'd/a.txt': 'A' },
  ],
  ['a wildcard in the middle', { sources: ['s*/l?b/[a-z].c'], dest: '/d/' }, { 'd/': '0755 0:0', 'd/x.c': 'X' }],
  ['a path cannot climb out', { sources: ['../../a.txt'], dest: '/../x' }, { x: 'A' }],
  ['texts of heredocs', { inline: [{ name: 'EOF', text: 'hi\n' }], dest: '/d/' }, { 'd/': '0755 0:0', 'd/EOF': 'hi\n' }],
  [
    '--parents keeps the way',
    { sources: ['src/lib/x.c'], parents: true, dest: '/d/' },
    { 'd/': '0755 0:0', 'd/src/': '0755 0:0', 'd/src/lib/': '0755 0:0', 'd/src/lib/x.c': 'X' },
  ],
  [
    '--parents from the pivot',
    { sources: ['src/./lib/*.c'], parents: true, dest: '/d/' },
    { 'd/': '0755 0:0', 'd/lib/': '0755 0:0', 'd/lib/x.c': 'X' },
  ],
  [
    '--parents with **',
    { sources: ['**/*.c'], parents: true, dest: '/' },
    { 'src/': '0755 0:0', 'src/lib/': '0755 0:0', 'src/lib/x.c': 'X', 'src/main.c': 'M' },
  ],
  ['--exclude by path in the source', { sources: ['src'], exclude: ['lib'], dest: '/d' }, { 'd/': '0755 0:0', 'd/main.c': 'M' }],
  [
    '--exclude with an exception',
    { sources: ['.'], exclude: ['**', '!src/lib'], dest: '/d' },
    { 'd/': '0755 0:0', 'd/src/': '0755 0:0', 'd/src/lib/': '0755 0:0', 'd/src/lib/x.c': 'X' },
  ],
  ["--exclude of a wildcard's match", { sources: ['*.txt'], exclude: ['b*'], dest: '/d/' }, { 'd/': '0755 0:0', 'd/a.txt': 'A' }],
  ['--link starts from nothing', { sources: ['a.txt'], link: true, dest: '/etc/x' }, { 'etc/': '0755 0:0', 'etc/x': 'A' }],
])('%s', async (_title, step, tree) => {
  bench.write(FILES);
  chmodSync(join(bench.context, 'src/lib'), 0o755);
  expect(await bench.copy(step)).toEqual(tree);
});

describe('over a rootfs', () => {
  const rootfs = (): string[] => [
    bench.layer([
      { ...folder('etc'), mode: 0o750, uid: 5, gid: 6 },
      file('etc/passwd', 'root:x:0:0:root:/root:/bin/sh\napp:x:77:78::/app:/bin/sh\n'),
      file('etc/group', 'root:x:0:\nstaff:x:50:app\n'),
      symlink('conf', '/etc'),
      symlink('up', '../../etc/deep'),
      folder('full'),
      file('full/a.txt', 'old'),
      file('plain', 'old'),
    ]),
  ];

  it.each<[string, Partial<CopyStep>, Record<string, string>]>([
    ['a folder on the way keeps what it is', { sources: ['a.txt'], dest: '/etc/x' }, { 'etc/': `0750 ${OTHER}`, 'etc/x': 'A' }],
    ['a file goes into a folder that is there', { sources: ['a.txt'], dest: '/full' }, { 'full/': '0755 0:0', 'full/a.txt': 'A' }],
    ['a symlink to a folder is followed inside', { sources: ['a.txt'], dest: '/conf/' }, { 'etc/': `0750 ${OTHER}`, 'etc/a.txt': 'A' }],
    [
      'one that climbs stays inside, and its target is made',
      { sources: ['a.txt'], dest: '/up/' },
      { 'etc/': `0750 ${OTHER}`, 'etc/deep/': '0755 0:0', 'etc/deep/a.txt': 'A' },
    ],
    ['a file takes the place of a file', { sources: ['a.txt'], dest: '/plain' }, { plain: 'A' }],
  ])('%s', async (_title, step, tree) => {
    bench.write(FILES);
    expect(await bench.copy(step, rootfs())).toEqual(tree);
  });

  it.each<[string, Partial<CopyStep>, string]>([
    ['a folder over a file', { sources: ['src'], dest: '/plain' }, 'cannot copy to non-directory: /plain'],
    ['a folder below a file', { sources: ['a.txt'], dest: '/plain/x' }, 'cannot copy to non-directory: /plain'],
    ['a file over a folder', { sources: ['.'], dest: '/' }, 'cannot replace to directory /full with file'],
    [
      'several files to one name',
      { sources: ['*.txt'], dest: '/x' },
      'When using COPY with more than one source file, the destination must be a directory and end with a /',
    ],
    [
      'an unknown user',
      { sources: ['a.txt'], dest: '/x', chown: 'nobody' },
      'unable to find user nobody: no matching entries in passwd file',
    ],
    [
      'an unknown group',
      { sources: ['a.txt'], dest: '/x', chown: 'app:crew' },
      'unable to find group crew: no matching entries in group file',
    ],
  ])('refuses %s', async (_title, step, message) => {
    bench.write({ ...FILES, full: 'a file' });
    await expect(bench.copy(step, rootfs())).rejects.toThrow(message);
  });
});
