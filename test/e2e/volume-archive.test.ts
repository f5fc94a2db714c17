// volume export and import: what goes out comes in the same, podman's archives too; what an archive could do wrong is refused, and the volume
// stays as it was.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TarEntry, tarOf } from './support/images/tar.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const here = (...parts: string[]) => join(box.files, ...parts);

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  mkdirSync(here('outside'));
  writeFileSync(here('outside/secret'), 'secret of the machine\n');
});
afterEach(async () => {
  expect(readdirSync(here('outside'))).toEqual(['secret']);
  expect(readFileSync(here('outside/secret'), 'utf8')).toBe('secret of the machine\n');
  const all = await names();
  if (all.length > 0) await box.ok(['volume', 'rm', '--purge', ...all]);
  await box.ok(['system', 'prune', '-f', '--trash']);
});

const names = async () => (await box.ok(['volume', 'ls', '-q'])).split('\n').filter(Boolean);
const inside = (volume: string, script: string) =>
  box.ok(['run', '--rm', '--network', 'none', '-v', `${volume}:/d`, busybox, 'sh', '-c', script]);
const UNUSUAL = [
  'mkdir -p /d/sub/deeper && chmod 1777 /d/sub && chmod 750 /d/sub/deeper',
  'echo text >/d/sub/file && chown 33:44 /d/sub/file && chmod 4711 /d/sub/file',
  'ln /d/sub/file /d/hard && ln -s ../../etc/passwd /d/soft && mkfifo -m 640 /d/pipe',
  'dd if=/dev/zero of=/d/sparse bs=1k seek=8192 count=1 2>/dev/null',
  'touch -d 2001-02-03T04:05:06 /d/sub/file /d/sub',
  String.raw`printf x >"$(printf '/d/odd \377 name')"`,
  'chown 7:8 /d && chmod 2755 /d',
].join('; ');
const described = (volume: string) =>
  inside(
    volume,
    'cd /d && find . | sort | while IFS= read -r f; do stat -c "%n %F %u:%g %a %y %s %h" "$f"; done; readlink soft; cat sub/file',
  );
const archive = (name: string, entries: TarEntry[]): string => {
  writeFileSync(here(name), tarOf(entries));
  return here(name);
};

test('an exported volume comes in again the same, by a file and by pipes, compressed too', async () => {
  await inside('data', UNUSUAL);
  const before = await described('data');
  await box.ok(['volume', 'export', '-o', here('data.tar'), 'data']);
  expect(await box.ok(['volume', 'import', 'copy', here('data.tar')])).toBe('copy');
  expect(await described('copy')).toBe(before);
  expect(Number(await inside('copy', 'stat -c %b /d/sparse'))).toBeLessThan(1000);
  const bytes = new Uint8Array(readFileSync(here('data.tar')));
  for (const [name, compressed] of [
    ['gzip', Bun.gzipSync(bytes)],
    ['zstd', Bun.zstdCompressSync(bytes)],
    ['plain', bytes],
  ] as const) {
    expect(await box.ok(['volume', 'import', name, '-'], { stdin: compressed })).toBe(name);
    expect(await described(name)).toBe(before);
  }
});

test('extended attributes come along', async () => {
  const path = archive('attributes.tar', [{ path: 'file', content: 'x', xattrs: { 'user.note': 'remember this' } }]);
  await box.ok(['volume', 'import', 'data', path]);
  await box.ok(['volume', 'clone', 'data', 'copy']);
  await box.ok(['volume', 'export', '-o', here('again.tar'), 'copy']);
  expect(readFileSync(here('again.tar'), 'latin1')).toContain('SCHILY.xattr.user.note=remember this\n');
});

test('an archive’s files are laid over those of the volume; --replace keeps no others; undo brings back what was there', async () => {
  await inside('data', 'mkdir /d/both; echo old >/d/both/file; echo mine >/d/both/mine; echo only >/d/only');
  const path = archive('new.tar', [
    { path: 'both', type: 'dir', mode: 0o711, uid: 5, gid: 6 },
    { path: 'both/file', content: 'new\n', uid: 1000, gid: 1000, mode: 0o600 },
  ]);
  const shown = () =>
    inside(
      'data',
      'cd /d; find . -type f | sort | while read f; do echo "$f $(cat $f) $(stat -c %u:%a $f)"; done; stat -c "%u:%g %a" both',
    );
  await box.ok(['volume', 'import', 'data', path]);
  expect(await shown()).toBe('./both/file new 1000:600\n./both/mine mine 0:644\n./only only 0:644\n5:6 711');
  await box.ok(['volume', 'import', '--replace', 'data', path]);
  expect(await shown()).toBe('./both/file new 1000:600\n5:6 711');
  expect(await box.ok(['system', 'undo'])).toBe('data');
  expect(await box.ok(['system', 'undo'])).toBe('data');
  expect(await shown()).toBe('./both/file old 0:644\n./both/mine mine 0:644\n./only only 0:644\n0:0 755');
});

const outside = here('outside');
test.each<[string, TarEntry[], RegExp]>([
  [
    'a name that climbs out',
    [{ path: '../../outside/evil', content: 'x' }],
    /Refused the archive: its entry ".*evil" leads out of the place it is unpacked to/,
  ],
  [
    'a symlink, and a file behind it',
    [
      { path: 'door', type: 'symlink', target: outside },
      { path: 'door/evil', content: 'x' },
    ],
    /cannot overwrite non-directory "\/door" with directory "\/"/,
  ],
  [
    'a symlink, and a folder in its place',
    [
      { path: 'door', type: 'symlink', target: outside },
      { path: 'door', type: 'dir' },
      { path: 'door/evil', content: 'x' },
    ],
    /cannot overwrite non-directory "\/door" with directory "\/"/,
  ],
  [
    'a symlink of relative ways',
    [
      { path: 'a', type: 'dir' },
      { path: 'a/door', type: 'symlink', target: '../../../../../../../../../../../../../..' },
      { path: `a/door${outside}/evil`, content: 'x' },
    ],
    /cannot overwrite non-directory "\/a\/door" with directory "\/"/,
  ],
  [
    'a hard link out of it',
    [{ path: 'leak', type: 'link', target: `../../../../../../../../../../..${outside}/secret` }],
    /its entry "leak" leads out of the place/,
  ],
  [
    'a hard link to an absolute path',
    [{ path: 'leak', type: 'link', target: `${outside}/secret` }],
    /"leak": it is a hard link to ".*secret", which is not there/,
  ],
  [
    'a hard link through a symlink',
    [
      { path: 'door', type: 'symlink', target: outside },
      { path: 'leak', type: 'link', target: 'door/secret' },
    ],
    /non-directory "\/door"/,
  ],
])('%s is refused, and nothing is changed', async (_, entries, sentence) => {
  await inside('data', 'echo mine >/d/mine');
  const path = archive('evil.tar', [{ path: 'first', content: 'first' }, ...entries]);
  for (const volume of ['data', 'new']) {
    const { stdout, stderr, code } = await box.skiff(['volume', 'import', volume, path]);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(sentence);
    expect(stderr).not.toMatch(/^\s+at .+:\d+/m);
  }
  expect(await names()).toEqual(['data']);
  expect(await inside('data', 'ls /d')).toBe('mine');
  expect(readdirSync(join(box.root, 'tmp'))).toEqual(['claims']);
});

test('an absolute name lands in the volume; device nodes are left out, which one line says; a setuid bit stays with its owner', async () => {
  const path = archive('odd.tar', [
    { path: `${outside}/inside`, content: 'x' },
    { path: 'null', type: 'char', device: [1, 3] },
    { path: 'zero', type: 'char', device: [1, 5] },
    { path: 'suid', content: 'x', mode: 0o4755, uid: 12 },
  ]);
  const { stdout, stderr, code } = await box.skiff(['volume', 'import', 'data', path]);
  expect({ stdout, code }).toEqual({ stdout: 'data\n', code: 0 });
  expect(stderr).toBe('skiff: warning: Left out device nodes such as "null": only root may make them\n');
  expect(await inside('data', `cat /d${outside}/inside; ls /d; stat -c "%a %u" /d/suid`)).toMatch(/^xsuid\n\w+\n4755 12$/);
});

test.each<[string, string[], Uint8Array | string, string]>([
  [
    'one that breaks off',
    ['-'],
    tarOf([{ path: 'a', content: 'x'.repeat(5000) }]).subarray(0, 3000),
    'Cannot import "standard input": unexpected EOF, the archive is cut short',
  ],
  [
    'one that ends between two entries',
    ['-'],
    tarOf([{ path: 'a', content: 'x' }]).subarray(0, 1024),
    'Cannot import "standard input": unexpected EOF, the archive is cut short',
  ],
  [
    'a gzip stream that breaks off',
    [],
    Bun.gzipSync(new Uint8Array(tarOf([{ path: 'a', content: 'x'.repeat(50_000) }]))).subarray(0, 100),
    'unexpected EOF, the archive is cut short',
  ],
  ['none', ['-'], '', 'Cannot import "standard input": it is empty'],
  ['what is no archive', ['-'], 'hello '.repeat(1000), 'Cannot import "standard input"'],
  ['a file that is not there', [here('nowhere.tar')], '', `open ${here('nowhere.tar')}: no such file or directory`],
  ['a folder', [box.files], '', 'is a directory'],
])('an archive: %s is told of in one sentence, and nothing is made', async (_, words, stdin, sentence) => {
  const { stdout, stderr, code } = await box.skiff(['volume', 'import', 'data', ...words], { stdin });
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  expect(stderr.split('\n')[0]).toContain(sentence);
  expect(stderr).not.toContain('internal error');
  expect(await names()).toEqual([]);
  expect(readdirSync(join(box.root, 'tmp'))).toEqual(['claims']);
});

test.each([
  [['import', '../data', 'x.tar'], 'create ../data: "../data" includes invalid characters for a local volume name'],
  [['export', 'nope'], 'get nope: no such volume'],
  [['export', '-o', 'nowhere/x.tar', 'data'], 'failed to export volume: invalid output path: directory "nowhere" does not exist'],
  [['export', 'memory'], 'Cannot export the volume "memory": it is a tmpfs'],
  [['import', 'folder', 'x.tar'], 'Cannot import into the volume "folder": its files are those of "/tmp"'],
  [['import', 'memory', 'x.tar'], 'Cannot import into the volume "memory": it is a tmpfs'],
])('%j is refused', async (args, sentence) => {
  archive('x.tar', [{ path: 'x', content: 'x' }]);
  await box.ok(['volume', 'create', 'data']);
  await box.ok(['volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'memory']);
  await box.ok(['volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', 'device=/tmp', 'folder']);
  const { stdout, stderr, code } = await box.skiff(['volume', ...args]);
  expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
  expect(stderr).toContain(`skiff: ${sentence}`);
  expect(existsSync('/tmp/x')).toBe(false);
});

test('a volume that a container runs with is exported with a word, and not imported into', async () => {
  const id = await box.ok(['run', '-d', '--name', 'user', '--network', 'none', '-v', 'data:/d', busybox, 'sleep', '1000']);
  const { stderr, code } = await box.skiff(['volume', 'export', '-o', here('data.tar'), 'data']);
  expect([code, stderr]).toEqual([0, expect.stringContaining('Container "user" runs with the volume')]);
  const refused = await box.skiff(['volume', 'import', 'data', here('data.tar')]);
  expect([refused.code, refused.stderr]).toEqual([1, expect.stringContaining(`skiff: import data: volume is in use - [${id}]`)]);
  await box.ok(['rm', '-f', 'user']);
  expect(await box.ok(['volume', 'import', 'data', here('data.tar')])).toBe('data');
});

test('an export to a terminal is refused; a reader that leaves ends it', async () => {
  await inside('data', 'dd if=/dev/zero of=/d/f bs=1M count=8 2>/dev/null');
  const terminal = box.terminal(['volume', 'export', 'data']);
  await terminal.waitFor(/cowardly refusing to save to a terminal/);
  expect(await terminal.ended()).toBe(1);
  const child = box.start(['volume', 'export', 'data']);
  const reader = child.stdout.getReader();
  await reader.read();
  await reader.cancel();
  expect(await child.exited).toBe(141);
});

test('podman imports what skiff exports, and the other way round, with the owners that containers see', async () => {
  const podman = (...args: string[]) => {
    const done = Bun.spawnSync(
      ['podman', '--root', here('podman'), '--runroot', join(box.run, 'podman'), '--storage-driver', 'vfs', ...args],
      {
        env: box.peerEnv,
        cwd: box.files,
        stdin: 'ignore',
      },
    );
    if (done.exitCode !== 0) throw new Error(`podman ${args.join(' ')}: ${done.stderr}`);
    return done.stdout.toString().trim();
  };
  await inside('data', 'mkdir /d/sub; echo text >/d/sub/file; chown 33:44 /d/sub/file; chmod 640 /d/sub/file; ln -s file /d/sub/link');
  await box.ok(['volume', 'export', '-o', 'ours.tar', 'data'], { cwd: box.files });
  podman('volume', 'create', 'peer');
  podman('volume', 'import', 'peer', 'ours.tar');
  podman('volume', 'export', '-o', 'theirs.tar', 'peer');
  await box.ok(['volume', 'import', 'back', 'theirs.tar'], { cwd: box.files });
  const shown = (volume: string) => inside(volume, 'cd /d/sub; stat -c "%n %F %u:%g %a %Y" file link; cat file; readlink link');
  expect(await shown('back')).toBe(await shown('data'));
  podman('volume', 'rm', '-a', '-f');
  Bun.spawnSync(['podman', 'unshare', 'rm', '-rf', here('podman')], { env: box.peerEnv, stdin: 'ignore' });
}, 120_000);

const disk = process.env.SKIFF_TEST_SMALL_DISK;
(disk ? test : test.skip)(
  'an archive that does not fit is refused, and the volume stays as it was (needs root to make a small disk)',
  async () => {
    const small = { env: { SKIFF_ROOT: join(disk ?? '', `import-${process.pid}`) } };
    try {
      await box.ok(['pull', '--quiet', busybox], small);
      await box.ok(['run', '--rm', '--network', 'none', '-v', 'data:/d', busybox, 'sh', '-c', 'echo mine >/d/mine'], small);
      const path = archive('big.tar', [
        { path: 'mine', content: 'theirs' },
        { path: 'big', content: Buffer.alloc(30 << 20, 'x') },
      ]);
      const { stdout, stderr, code } = await box.skiff(['volume', 'import', 'data', path], small);
      expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
      expect(stderr).toMatch(/^skiff: .*no space left/i);
      expect(await box.ok(['run', '--rm', '--network', 'none', '-v', 'data:/d', busybox, 'sh', '-c', 'ls /d; cat /d/mine'], small)).toBe(
        'mine\nmine',
      );
      expect(readdirSync(join(small.env.SKIFF_ROOT, 'tmp'))).toEqual(['claims']);
    } finally {
      Bun.spawnSync(['unshare', '--map-auto', '--map-root-user', 'rm', '-rf', small.env.SKIFF_ROOT], { stdin: 'ignore' });
    }
  },
);
