import { chmodSync, linkSync, readdirSync, renameSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { collect } from '../../../../src/engine/build/copy/collect.ts';
import { hintAtSize } from '../../../../src/engine/build/copy/size-hint.ts';
import { contextTree, rootOf } from '../../../../src/engine/build/copy/source-tree.ts';
import type { CopyStep } from '../../../../src/engine/build/model.ts';
import { layerFs, tmpDir } from '../../../../src/storage/layout.ts';
import { getXattr, setXattr } from '../../../../src/sys/xattr.ts';
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

describe('the key', () => {
  const keyOf = async (step: Partial<CopyStep> = {}): Promise<string> =>
    (await bench.plan({ sources: ['.'], dest: '/d', ...step })).contentKey;

  it('knows contents, modes, names, links and flags, and no times', async () => {
    bench.write(FILES);
    const first = await keyOf();
    utimesSync(join(bench.context, 'a.txt'), 1, 1);
    expect(await keyOf()).toBe(first);
    chmodSync(join(bench.context, 'a.txt'), 0o600);
    const closed = await keyOf();
    renameSync(join(bench.context, 'b.txt'), join(bench.context, 'c.txt'));
    const renamed = await keyOf();
    writeFileSync(join(bench.context, 'c.txt'), 'C');
    const changed = await keyOf();
    rmSync(join(bench.context, 'link'));
    bench.write({ link: '-> c.txt' });
    const linked = await keyOf();
    const flagged = [await keyOf({ chown: '1' }), await keyOf({ chmod: '0700' }), await keyOf({ link: true }), await keyOf({ dest: '/e' })];
    expect(new Set([first, closed, renamed, changed, linked, ...flagged]).size).toBe(9);
  });

  it('is the same from a context that was ignored in part and one that never had it', async () => {
    bench.write(FILES);
    const whole = await bench.plan({ sources: ['src'], dest: '/d' });
    bench.write({ 'src/x.tmp': 'no', 'src/deep/er/y.tmp': 'no' });
    bench.ignore('**/*.tmp', 'src/deep');
    const ignored = await bench.plan({ sources: ['src'], dest: '/d' });
    expect(ignored.contentKey).toBe(whole.contentKey);
    expect(Object.keys(ignored.files)).toEqual(['src/lib', 'src/lib/x.c', 'src/main.c']);
  });
});

it('refuses to make a layer of a file that is not what it was when its key was made', async () => {
  bench.write(FILES);
  const plan = await bench.plan({ sources: ['.'], dest: '/' });
  writeFileSync(join(bench.context, 'b.txt'), 'other');
  await expect(plan.make([])).rejects.toThrow('"b.txt" changed while it was being copied');
  expect(readdirSync(tmpDir(bench.site.ctx)).filter((name) => name !== 'claims')).toEqual([]);
});

it('leaves out names that a layer reads as deletions, with a word', async () => {
  bench.write({ 'd/.wh.a': 'x', 'd/b': 'B' });
  expect(await bench.copy({ sources: ['d'], dest: '/d' })).toEqual({ 'd/': '0755 0:0', 'd/b': 'B' });
  expect(bench.warnings).toEqual(['Left out "/d/.wh.a": a layer would read its name as the deletion of another file']);
});

it('keeps hard links of one source, and extended attributes', async () => {
  bench.write({ 'd/a': 'A' });
  linkSync(join(bench.context, 'd/a'), join(bench.context, 'd/b'));
  setXattr(join(bench.context, 'd/a'), 'user.note', Buffer.from('kept'));
  const plain = await bench.plan({ sources: ['d'], dest: '/d' });
  const made = await plain.make([]);
  const at = (name: string): string => join(layerFs(bench.site.ctx, made?.diffId ?? ''), 'd', name);
  expect(statSync(at('a')).ino).toBe(statSync(at('b')).ino);
  expect(getXattr(at('b'), 'user.note')?.toString()).toBe('kept');
  setXattr(join(bench.context, 'd/a'), 'user.note', Buffer.from('other'));
  expect((await bench.plan({ sources: ['d'], dest: '/d' })).contentKey).not.toBe(plain.contentKey);
});

it('hints once at the ignore file when a source is very large, and names what is', () => {
  bench.write({ 'data/huge': '', small: 'x' });
  truncateSync(join(bench.context, 'data/huge'), 6_000_000_000);
  const tree = contextTree(bench.site, { folder: bench.context, ignore: undefined });
  const entries = [...collect(tree, rootOf(tree), {})];
  hintAtSize(bench.site, '.', entries.slice(-1));
  expect(bench.warnings).toEqual([]);
  hintAtSize(bench.site, '.', entries);
  hintAtSize(bench.site, '.', entries);
  expect(bench.warnings).toEqual([
    '"." of the build context is large: 6.0 GB in 2 files, most of it in "data". List in .dockerignore what the image does not need',
  ]);
});
