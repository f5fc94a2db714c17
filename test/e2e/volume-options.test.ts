// Volumes with mount options in use: a tmpfs that the containers of a moment share, another folder, read-only ones.
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const www = join(box.files, 'www');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  mkdirSync(www, { mode: 0o755 });
  writeFileSync(join(www, 'page'), 'page\n');
});
const run = (mounts: string[], script: string) =>
  box.skiff(['run', '--rm', '--network', 'none', ...mounts.flatMap((mount) => ['-v', mount]), busybox, 'sh', '-c', script]);
const tmpfs = (name: string, o: string) => box.ok(['volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', `o=${o}`, name]);

test('a tmpfs volume has its size, owner and mode, starts empty, and ends with its last container', async () => {
  await tmpfs('memory', 'size=1m,uid=1000,gid=7,mode=0710,noexec');
  const first = await run(
    ['memory:/d'],
    'stat -c "%u:%g %a" /d; grep " /d " /proc/mounts | cut -d" " -f3,4; dd if=/dev/zero of=/d/f bs=1M count=2 2>&1 | grep -o "No space.*"; ls /d',
  );
  expect(first.stdout).toMatch(/^1000:7 710\ntmpfs rw,noexec,relatime,size=1024k,mode=710,.*\nNo space left on device\nf\n$/);
  expect((await run(['memory:/d'], 'ls -A /d')).stdout).toBe('');
  expect(readdirSync(join(box.root, 'volumes/memory/_data'))).toEqual([]);
});

test('an image’s files are not put into it, and it may be mounted twice', async () => {
  await tmpfs('twice', 'size=1m');
  const { stdout } = await run(
    ['twice:/etc/ssl', 'twice:/www:ro'],
    'echo x >/www/f 2>/dev/null || echo read-only; echo y >/etc/ssl/f; cat /www/f; ls -A /www',
  );
  expect(stdout).toBe('read-only\ny\nf\n');
});

test('containers that run at a time share it, however many start at once; one that is killed takes nothing from the others', async () => {
  await tmpfs('shared', 'size=1m');
  const names = ['one', 'two', 'three'];
  await Promise.all(
    names.map((name) => box.ok(['run', '-d', '--name', name, '--network', 'none', '-v', 'shared:/d', busybox, 'sleep', '1000'])),
  );
  await Promise.all(names.map((name) => box.ok(['exec', name, 'sh', '-c', `echo ${name} >/d/${name}`])));
  for (const name of names) expect(await box.ok(['exec', name, 'ls', '/d'])).toBe('one\nthree\ntwo');
  await box.ok(['rm', '-f', 'one']);
  expect((await run(['shared:/d:ro'], 'cat /d/one')).stdout).toBe('one\n');
  const supervisor = JSON.parse(
    readFileSync(join(box.root, 'containers', await box.ok(['inspect', '-f', '{{.Id}}', 'two']), 'state.json'), 'utf8'),
  ).SupervisorPid;
  process.kill(supervisor, 'SIGKILL');
  await box.ok(['wait', 'two']);
  expect(await box.ok(['exec', 'three', 'ls', '/d'])).toBe('one\nthree\ntwo');
  await box.ok(['rm', '-f', 'two', 'three']);
  expect((await run(['shared:/d'], 'ls -A /d')).stdout).toBe('');
});

test('a volume with o=ro is read-only for all; inspect and --volumes-from say and do the same', async () => {
  await box.ok(['volume', 'create', '-o', 'type=none', '-o', 'o=bind,ro', '-o', `device=${www}`, 'site']);
  expect(await run(['site:/d'], 'cat /d/page; touch /d/new')).toMatchObject({
    stdout: 'page\n',
    stderr: expect.stringContaining('Read-only file system'),
    code: 1,
  });
  await box.ok(['create', '--name', 'holder', '-v', 'site:/d', busybox, 'true']);
  expect(await box.ok(['inspect', '-f', '{{(index .Mounts 0).RW}} {{(index .Mounts 0).Name}}', 'holder'])).toBe('false site');
  const from = await box.skiff(['run', '--rm', '--network', 'none', '--volumes-from', 'holder', busybox, 'touch', '/d/new']);
  expect(from.code).toBe(1);
  await box.ok(['rm', 'holder']);
});

test('a volume that stands for a folder writes there, and its removal leaves the folder alone', async () => {
  await box.ok(['volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', `device=${www}/`, 'folder']);
  expect((await run(['folder:/d'], 'echo new >/d/new')).code).toBe(0);
  expect(readFileSync(join(www, 'new'), 'utf8')).toBe('new\n');
  rmSync(join(www, 'new'));
  await box.ok(['volume', 'rm', '--purge', 'folder']);
  expect(readdirSync(www)).toEqual(['page']);
});

test('a folder that is not there is told of before a container is made', async () => {
  await box.ok(['volume', 'create', '-o', 'type=none', '-o', 'o=bind', '-o', 'device=/nowhere/at/all', 'lost']);
  const { stdout, stderr, code } = await run(['lost:/d'], 'true');
  expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
  expect(stderr).toContain('skiff: failed to mount local volume "lost": /nowhere/at/all: no such file or directory');
  expect(await box.ok(['ps', '-aq'])).toBe('');
});

test('--mount makes such volumes, too', async () => {
  const made = await box.skiff([
    'run',
    '--rm',
    '--network',
    'none',
    '--mount',
    'src=made,dst=/d,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-opt=o=size=2m',
    busybox,
    'df',
    '-k',
    '/d',
  ]);
  expect(made.stdout).toMatch(/\n(tmpfs|none) +2048 /);
  expect(await box.ok(['volume', 'inspect', '-f', '{{.Options.o}}', 'made'])).toBe('size=2m');
  const refused = await box.skiff([
    'run',
    '--rm',
    '--mount',
    'src=bad,dst=/d,volume-opt=type=tmpfs,volume-opt=device=tmpfs,volume-opt=o=size=x',
    busybox,
    'true',
  ]);
  expect([refused.code, refused.stderr]).toEqual([125, expect.stringContaining('"size=x" is no mount option of a tmpfs')]);
});

test('cp into a container that is down leaves its tmpfs volume out; into a running one it reaches it', async () => {
  await tmpfs('copied', 'size=1m');
  await box.ok(['create', '--name', 'target', '--network', 'none', '-v', 'copied:/d', busybox, 'sleep', '1000']);
  await box.ok(['start', 'target']);
  await box.ok(['cp', join(www, 'page'), 'target:/d/page']);
  expect(await box.ok(['exec', 'target', 'cat', '/d/page'])).toBe('page');
  await box.ok(['rm', '-f', 'target']);
  expect(readdirSync(join(box.root, 'volumes/copied/_data'))).toEqual([]);
});
