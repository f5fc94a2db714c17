// `cp` into a running container and out of it: where a copy lands, what of a file is kept, archives on standard input and output, and what is
// refused. The rules are those of the table in the manual of `docker cp`.
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  readlinkSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const here = (...parts: string[]) => join(box.files, ...parts);

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  await box.ok(['run', '-d', '--name', 'cc', busybox, 'sleep', '1000']);
  mkdirSync(here('tree/sub'), { recursive: true });
  writeFileSync(here('tree/one'), 'one\n');
  writeFileSync(here('tree/sub/two'), 'two\n');
  writeFileSync(here('file'), 'content\n');
});

const inside = (script: string) => box.ok(['exec', 'cc', 'sh', '-c', script]);
const cp = (...args: string[]) => box.skiff(['cp', ...args]);
const silent = { stdout: '', stderr: '', code: 0 };

describe('into a container', () => {
  beforeEach(() => inside('rm -rf /w && mkdir -p /w/there && echo old >/w/old'));

  test.each([
    ['a file to a name that is not there', 'file', '/w/new', 'new'],
    ['a file to a file replaces it', 'file', '/w/old', 'old'],
    ['a file to a folder keeps its name', 'file', '/w/there', 'there/file'],
    ['a file to a folder with a slash', 'file', '/w/there/', 'there/file'],
    ['a file to a folder with a slash and a dot', 'file', '/w/there/.', 'there/file'],
    ['a file to a relative path, which is below /', 'file', 'w/new', 'new'],
  ])('%s', async (_, from, to, made) => {
    expect(await cp(from, `cc:${to}`)).toEqual(silent);
    expect(await inside(`cat /w/${made}`)).toBe('content');
  });

  test.each([
    ['a folder to a name that is not there takes the name', 'tree', '/w/new', 'new'],
    ['a folder to a folder goes into it', 'tree', '/w/there', 'there/tree'],
    ['a folder with a slash is the folder', 'tree/', '/w/there', 'there/tree'],
    ['what is in a folder goes into a folder', 'tree/.', '/w/there', 'there'],
    ['what is in a folder makes a folder that is not there', 'tree/.', '/w/new', 'new'],
    ['a folder to a name with a slash that is not there', 'tree', '/w/new/', 'new'],
  ])('%s', async (_, from, to, made) => {
    expect(await cp(from, `cc:${to}`)).toEqual(silent);
    expect(await inside(`cd /w/${made} && cat one sub/two && ls`)).toBe('one\ntwo\none\nsub');
  });

  test.each([
    ['a file to a folder that is not there', 'file', '/w/nope/', 'no such directory'],
    ['a file into a folder that is not there', 'file', '/w/nope/file', 'Could not find the file /w/nope in container cc'],
    ['a folder into a folder that is not there', 'tree', '/w/nope/deeper/tree', 'Could not find the file /w/nope/deeper in container cc'],
    ['a folder over a file', 'tree', '/w/old', 'cannot copy directory'],
    ['what is in a folder over a file', 'tree/.', '/w/old', 'cannot copy directory'],
    ['a file that is not there', 'nope', '/w', 'lstat $HERE/nope: no such file or directory'],
    ['a file below a file', 'file/x', '/w', 'lstat $HERE/file/x: not a directory'],
    ['a file called a folder', 'file/', '/w', 'lstat $HERE/file/: not a directory'],
    ['a device', 'file', '/dev/null', 'destination "cc:/dev/null" must be a directory or a regular file: got a device'],
    ['an archive to a file', '-', '/w/old', 'destination "cc:/w/old" must be a directory'],
    ['an archive to nothing', '-', '/w/nope', 'destination "cc:/w/nope" must be a directory'],
  ])('%s is refused, and nothing is changed', async (_, from, to, why) => {
    const before = await inside('find /w | sort; cat /w/old');
    const { stdout, stderr, code } = await cp(from, `cc:${to}`);
    expect({ stdout, code, first: stderr.split('\n')[0] }).toEqual({
      stdout: '',
      code: 1,
      first: `skiff: ${why.replace('$HERE', box.files)}`,
    });
    expect(await inside('find /w | sort; cat /w/old')).toBe(before);
  });

  test('a file does not replace a folder of its name, nor a folder a file', async () => {
    await inside('mkdir -p /w/there/file /w/there/tree && echo kept >/w/there/tree/sub');
    expect((await cp('file', 'cc:/w/there')).stderr).toBe(
      'skiff: cannot overwrite directory "/w/there/file" with non-directory "/w/there"\n',
    );
    expect((await cp('tree', 'cc:/w/there')).stderr).toBe(
      'skiff: cannot overwrite non-directory "/w/there/tree/sub" with directory "/w/there"\n',
    );
    expect(await inside('cat /w/there/tree/sub; find /w -name ".skiff*"')).toBe('kept');
  });

  test('folders are merged, and files replaced', async () => {
    await inside('mkdir -p /w/there/tree/sub && echo old >/w/there/tree/one && echo kept >/w/there/tree/sub/three');
    expect(await cp('tree', 'cc:/w/there')).toEqual(silent);
    expect(await inside('cd /w/there/tree && cat one sub/two sub/three')).toBe('one\ntwo\nkept');
  });

  test('a symlink as the destination is followed inside the container', async () => {
    await inside('ln -s /w/there /w/link && ln -s old /w/filelink && ln -s /w/dangling-target /w/dangling');
    for (const target of ['link', 'filelink', 'dangling']) expect(await cp('file', `cc:/w/${target}`)).toEqual(silent);
    expect(await inside('cat /w/there/file /w/old /w/dangling-target; readlink /w/filelink')).toBe('content\ncontent\ncontent\nold');
  });

  test('a symlink is copied as it is, with -L what it leads to, under the name of the link', async () => {
    symlinkSync('file', here('link'));
    symlinkSync('tree', here('treelink'));
    expect(await cp('link', 'cc:/w/')).toEqual(silent);
    expect(await cp('-L', 'link', 'cc:/w/there/')).toEqual(silent);
    expect(await cp('treelink', 'cc:/w/')).toEqual(silent);
    expect(await cp('treelink/', 'cc:/w/there/')).toEqual(silent);
    expect(await cp('-L', 'treelink', 'cc:/w/there/followed')).toEqual(silent);
    expect(await inside('readlink /w/link; cat /w/there/link; readlink /w/treelink; cat /w/there/treelink/one /w/there/followed/one')).toBe(
      'file\ncontent\ntree\none\none',
    );
  });

  test("modes and times are kept; the files are root's, with -a their owner's", async () => {
    writeFileSync(here('special'), 'x');
    chmodSync(here('special'), 0o4751);
    utimesSync(here('special'), 1_000_000_000, 1_000_000_000);
    expect(await cp('special', 'cc:/w/')).toEqual(silent);
    expect(await cp('-a', 'special', 'cc:/w/there')).toEqual(silent);
    const { uid, gid } = statSync(here('special'));
    // Root must not be lent by the setuid bit of a file that was not root's.
    expect(await inside('stat -c "%a %u %g %Y" /w/special /w/there/special')).toBe(`751 0 0 1000000000\n4751 ${uid} ${gid} 1000000000`);
  });

  test('hard links stay links, holes stay holes, and fifos are fifos; sockets are left out', async () => {
    const script = 'mkdir s && cd s && echo x >a && ln a b && truncate -s 300M sparse && echo end >>sparse && mkfifo f';
    Bun.spawnSync(['sh', '-c', script], { cwd: box.files });
    const socket = Bun.listen({ unix: here('s/socket'), socket: { data: () => undefined } });
    try {
      const { stdout, stderr, code } = await cp('s', 'cc:/w/');
      expect({ stdout, code }).toEqual({ stdout: '', code: 0 });
      expect(stderr).toContain('Left out sockets such as "s/socket"');
    } finally {
      socket.stop();
    }
    expect(
      await inside('cd /w/s && ls; stat -c "%h %i" a b | uniq | wc -l; stat -c %s sparse; tail -c 4 sparse; test -p f && echo fifo'),
    ).toBe('a\nb\nf\nsparse\n1\n314572804\nend\nfifo');
    expect(Number(await inside('stat -c %b /w/s/sparse'))).toBeLessThan(2000);
  });

  test('names of any bytes and of any length arrive as they are', async () => {
    const script = `mkdir names && cd names && touch -- "$(printf 'latin\\351')" "$(printf 'new\\nline')" ' blank ' '-dash' && mkdir -p ${'a'.repeat(200)}/${'b'.repeat(200)} && echo long >${'a'.repeat(200)}/${'b'.repeat(200)}/${'c'.repeat(200)}`;
    Bun.spawnSync(['bash', '-c', script], { cwd: box.files });
    expect(await cp('names', 'cc:/w/')).toEqual(silent);
    const listing = 'printf %s/ * | od -An -c; cat */*/*';
    const expected = new TextDecoder().decode(Bun.spawnSync(['sh', '-c', listing], { cwd: here('names'), env: { LC_ALL: 'C' } }).stdout);
    expect(`${await inside(`cd /w/names && ${listing}`)}\n`).toBe(expected);
  });

  test('an archive from standard input is unpacked, its owners kept, compressed or not', async () => {
    const tar = (...flags: string[]) =>
      Bun.spawnSync(['tar', '-c', '--owner=12', '--group=34', ...flags, 'tree'], { cwd: box.files }).stdout;
    expect(await box.skiff(['cp', '-', 'cc:/w/there'], { stdin: tar() })).toEqual(silent);
    expect(await inside('cat /w/there/tree/sub/two; stat -c "%u %g" /w/there/tree/one')).toBe('two\n12 34');
    expect(await box.skiff(['cp', '-', 'cc:/w'], { stdin: tar('-z') })).toEqual(silent);
    expect(await inside('cat /w/tree/sub/two')).toBe('two');
    expect(await box.skiff(['cp', '-', 'cc:/w'], { stdin: '' })).toEqual(silent);
  });

  test.each([
    ['text', () => Buffer.from('this is no archive\n'.repeat(100)), /^skiff: Cannot read the archive: a tar header has a wrong checksum\n/],
    [
      'an archive that breaks off',
      (tar: Buffer) => tar.subarray(0, 514),
      /^skiff: Cannot unpack the archive: its tar archive ends in the middle/,
    ],
    ['bzip2', () => Buffer.from('BZh91AY&SY'), /^skiff: Cannot unpack the archive: it is compressed with bzip2\nDecompress it first/],
  ])('an archive that is %s is refused in one sentence', async (_, of, expected) => {
    const tar = Bun.spawnSync(['tar', '-c', 'tree/one'], { cwd: box.files }).stdout;
    const { stdout, stderr, code } = await box.skiff(['cp', '-', 'cc:/w'], { stdin: of(tar) });
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toMatch(expected);
    expect(await inside('find /w -name ".skiff*"')).toBe('');
  });
});

describe('out of a container', () => {
  beforeAll(() =>
    inside(
      'mkdir -p /o/tree/sub && echo one >/o/tree/one && echo two >/o/tree/sub/two && echo content >/o/file && ln -s file /o/link && ln -s tree /o/treelink',
    ),
  );
  beforeEach(() => {
    Bun.spawnSync(['sh', '-c', 'rm -rf out && mkdir -p out/there && echo old >out/old'], { cwd: box.files });
  });
  const got = (path: string) => readFileSync(here('out', path), 'utf8');

  test.each([
    ['a file to a name that is not there', '/o/file', 'out/new', 'new'],
    ['a file to a file replaces it', '/o/file', 'out/old', 'old'],
    ['a file to a folder', '/o/file', 'out/there', 'there/file'],
    ['a file to an absolute path', '/o/file', '$HERE/out/new', 'new'],
    ['with -L what a symlink leads to', '-L /o/link', 'out/there', 'there/link'],
  ])('%s', async (_, from, to, made) => {
    const [path = '', ...flags] = from.split(' ').reverse();
    expect(await cp(...flags, `cc:${path}`, to.replace('$HERE', box.files))).toEqual(silent);
    expect(got(made)).toBe('content\n');
  });

  test.each([
    ['a folder to a name that is not there', '/o/tree', 'out/new', 'new'],
    ['a folder to a folder', '/o/tree', 'out/there', 'there/tree'],
    ['what is in a folder', '/o/tree/.', 'out/there', 'there'],
    ['what is in a folder to a name that is not there', '/o/tree/.', 'out/new', 'new'],
    ['the folder behind a symlink, under the name of the link', '/o/treelink/', 'out/there', 'there/treelink'],
  ])('%s', async (_, from, to, made) => {
    expect(await cp(`cc:${from}`, to)).toEqual(silent);
    expect([got(`${made}/one`), got(`${made}/sub/two`)]).toEqual(['one\n', 'two\n']);
  });

  test('a symlink is copied as it is', async () => {
    expect(await cp('cc:/o/link', 'out/there')).toEqual(silent);
    expect(readlinkSync(here('out/there/link'))).toBe('file');
  });

  test.each([
    ['a file that is not there', '/o/nope', 'out', 'Could not find the file /o/nope in container cc'],
    ['a file below a file', '/o/file/x', 'out', 'Could not find the file /o/file/x in container cc'],
    ['a file called a folder', '/o/file/', 'out', 'Could not find the file /o/file/ in container cc'],
    ['a file of /proc', '/proc/self/status', 'out', 'Could not find the file /proc/self/status in container cc'],
    ['to a folder that is not there', '/o/file', 'out/nope/x', 'invalid output path: directory "$HERE/out/nope" does not exist'],
    ['a file to a name with a slash that is not there', '/o/file', 'out/nope/', 'no such directory'],
    ['to a device', '/o/file', '/dev/null', 'invalid output path: "/dev/null" must be a directory or a regular file: got a device'],
    ['a folder over a file', '/o/tree', 'out/old', 'cannot copy directory'],
    ['to a path below a file', '/o/file', 'out/old/x', 'stat $HERE/out/old/x: not a directory'],
  ])('%s is refused, and nothing is changed', async (_, from, to, why) => {
    const { stdout, stderr, code } = await cp(`cc:${from}`, to);
    expect({ stdout, code, first: stderr.split('\n')[0] }).toEqual({
      stdout: '',
      code: 1,
      first: `skiff: ${why.replace('$HERE', box.files)}`,
    });
    expect(Bun.spawnSync(['find', 'out', '-print'], { cwd: box.files }).stdout.toString().trim().split('\n').sort()).toEqual([
      'out',
      'out/old',
      'out/there',
    ]);
  });

  test("the files are the caller's, with their modes and times, but no setuid bit", async () => {
    await inside('cp /o/file /o/special && chown 1000:50 /o/special && touch -d "2001-02-03 04:05:06" /o/special && chmod 6754 /o/special');
    for (const flags of [[], ['-a']]) {
      expect(await cp(...flags, 'cc:/o/special', 'out/special')).toEqual(silent);
      const { uid, gid, mode, mtimeMs } = statSync(here('out/special'));
      expect({ uid, gid, mode: mode & 0o7777, mtimeMs }).toEqual({
        uid: process.getuid?.() ?? -1,
        gid: process.getgid?.() ?? -1,
        mode: 0o754,
        mtimeMs: Date.UTC(2001, 1, 3, 4, 5, 6),
      });
    }
  });

  test('a folder without rights for its owner comes out with what is in it', async () => {
    await inside('mkdir -p /o/closed/in && echo deep >/o/closed/in/file && chmod 555 /o/closed/in && chmod 500 /o/closed');
    expect(await cp('cc:/o/closed', 'out/')).toEqual(silent);
    expect(got('closed/in/file')).toBe('deep\n');
    expect(statSync(here('out/closed/in')).mode & 0o777).toBe(0o555);
    chmodSync(here('out/closed'), 0o700);
    chmodSync(here('out/closed/in'), 0o700);
  });

  test('device nodes are left out and told of', async () => {
    const { stderr, code } = await cp('cc:/dev', 'out/');
    expect(code).toBe(0);
    expect(stderr).toContain('Left out device nodes such as "dev/');
    expect(lstatSync(here('out/dev/stdin')).isSymbolicLink()).toBe(true);
    expect(existsSync(here('out/dev/null'))).toBe(false);
  });

  test('"-" writes the archive of a file, a folder or what is in it to standard output', async () => {
    const listed = async (path: string) => {
      const child = box.start(['cp', `cc:${path}`, '-']);
      const tar = Bun.spawn(['tar', '-t'], { stdin: child.stdout, stdout: 'pipe' });
      expect(await child.exited).toBe(0);
      return (await tar.stdout.text()).trim().split('\n');
    };
    expect(await listed('/o/file')).toEqual(['file']);
    expect(await listed('/o/tree')).toEqual(['tree/', 'tree/one', 'tree/sub/', 'tree/sub/two']);
    expect(await listed('/o/tree/.')).toEqual(['./', './one', './sub/', './sub/two']);
  });

  test('a reader of the archive that leaves ends the copy quietly', async () => {
    const shell = Bun.spawn(
      ['bash', '-c', '"$0" cp cc:/bin - | head -c 10 >/dev/null; echo $PIPESTATUS', process.env.SKIFF_TEST_BINARY ?? 'dist/skiff'],
      {
        env: box.env,
        stdio: ['ignore', 'pipe', 'pipe'],
      },
    );
    expect([await shell.stdout.text(), await shell.stderr.text()]).toEqual(['0\n', '']);
  });

  test('the whole container is copied without what the kernel makes up', async () => {
    expect(await cp('cc:/', 'out/root')).toEqual(silent);
    expect(got('root/www/index.html')).toBe('hello from the container\n');
    for (const empty of ['proc', 'sys', 'dev']) {
      expect(Bun.spawnSync(['ls', '-A', here('out/root', empty)]).stdout.toString()).toBe('');
    }
  });

  test('what is copied out and in again is the same', async () => {
    expect(await cp('cc:/bin', 'out/bin')).toEqual(silent);
    expect(await cp('out/bin', 'cc:/again')).toEqual(silent);
    expect(
      await inside(
        'cd /bin && ls | wc -l; cd /again && ls | wc -l; for f in *; do cmp /bin/$f $f; done; stat -c %h /bin/sh /again/sh | uniq | wc -l',
      ),
    ).toMatch(/^(\d+)\n\1\n1$/);
  });
});

describe('what is said', () => {
  test('on a terminal one line tells what was copied and where to; with -q none', async () => {
    const shown = box.terminal(['cp', 'file', 'cc:/said']);
    await shown.waitFor(/Successfully copied 2\.05kB to cc:\/said\n/);
    expect(await shown.ended()).toBe(0);
    const out = box.terminal(['cp', 'cc:/said', 'said']);
    await out.waitFor(new RegExp(`Successfully copied 2\\.05kB to ${box.files}/said\n`));
    expect(await out.ended()).toBe(0);
    const quiet = box.terminal(['cp', '-q', 'file', 'cc:/said']);
    expect(await quiet.ended()).toBe(0);
    expect(quiet.output()).toBe('');
  });

  test('--quiet=false says it without a terminal', async () => {
    expect(await cp('--quiet=false', 'tree', 'cc:/said-tree')).toEqual({
      stdout: '',
      stderr: 'Successfully copied 4.1kB to cc:/said-tree\n',
      code: 0,
    });
  });

  test('events tell of both directions', async () => {
    await box.ok(['run', '-d', '--name', 'told', busybox, 'sleep', '1000']);
    await cp('file', 'told:/f');
    await cp('told:/f', 'told-file');
    await cp('told:/f', '-');
    await eventually('the events', async () => {
      const said = await box.ok(['events', '--since', '10m', '--until', '0s', '--filter', 'container=told', '--format', '{{.Action}}']);
      return (
        said
          .split('\n')
          .filter((action) => action.includes('-'))
          .join(' ') === 'extract-to-dir archive-path archive-path'
      );
    });
    await box.ok(['rm', '-f', 'told']);
  });

  test.each([
    [['a', 'b'], 'must specify at least one container source'],
    [['cc:/a', 'cc:/b'], 'copying between containers is not supported'],
    [['', 'cc:/b'], 'source can not be empty'],
    [['cc:/a', ''], 'destination can not be empty'],
    [['./cc:x', 'y'], 'must specify at least one container source'],
    [['file', 'nobody:/x'], 'No such container: nobody'],
    [['nobody:/x', '.'], 'No such container: nobody'],
  ])('%j is refused: %s', async (args, why) => {
    const { stdout, stderr, code } = await cp(...args);
    expect({ stdout, code, first: stderr.split('\n')[0] }).toEqual({ stdout: '', code: 1, first: `skiff: ${why}` });
  });

  test('it takes two arguments', async () => {
    expect((await cp('file')).stderr).toMatch(/^skiff: 'skiff cp' requires 2 arguments\n/);
  });
});
