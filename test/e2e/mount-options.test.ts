// The options of `-v` that say what becomes of the source: an overlay over it (O), files given to the container's user (U), SELinux labels (z, Z),
// consistency words; and sources that are gone by the time of the start.
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const { uid } = userInfo();
const run = (...args: string[]) => box.ok(['run', '--rm', '--network', 'none', ...args]);

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

function source(name: string): string {
  const path = join(box.files, name);
  mkdirSync(join(path, 'sub'), { recursive: true });
  writeFileSync(join(path, 'file'), 'host\n');
  return path;
}

describe('by --mount', () => {
  test('O, U, relabel and idmap are those of -v', async () => {
    const [over, given, mapped] = [source('m-over'), source('m-given'), source('m-mapped')];
    const mounts = [`type=bind,src=${over},dst=/over,O`, `type=bind,src=${given},dst=/given,U=true,relabel=shared`];
    const script = 'echo new >/over/file; stat -c %u:%g /given /given/file';
    expect(await run('-u', '1000:50', ...mounts.flatMap((mount) => ['--mount', mount]), busybox, 'sh', '-c', script)).toBe(
      '1000:50\n1000:50',
    );
    expect(readFileSync(join(over, 'file'), 'utf8')).toBe('host\n');
    await run('--mount', `type=bind,src=${given},dst=/x,chown`, busybox, 'true');
    await run('-u', '1000', '--mount', `type=bind,src=${mapped},dst=/x,idmap`, busybox, 'touch', '/x/made');
    expect(statSync(join(mapped, 'made')).uid).toBe(uid);
    const refused = await box.skiff(['run', '--rm', '--mount', 'type=bind,src=/usr,dst=/x,U', busybox, 'true']);
    expect([refused.code, refused.stderr]).toEqual([125, expect.stringContaining('Cannot give "/usr" to the container\'s user')]);
  });
});

describe('O', () => {
  const change = 'echo new >/x/file; touch /x/made; rm -r /x/sub; ls /x; cat /x/file';

  test.each(['overlay', 'fuse-overlayfs', 'copy'])('by %s: what the container writes does not reach the source', async (driver) => {
    const path = source(`over-${driver}`);
    expect(await run('--storage-driver', driver, '-v', `${path}:/x:O`, busybox, 'sh', '-c', change)).toBe('file\nmade\nnew');
    expect(readdirSync(path).toSorted()).toEqual(['file', 'sub']);
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('host\n');
  });

  test('is thrown away with the end of a run, and nothing of it stays in the container’s folder', async () => {
    const path = source('thrown');
    await box.ok(['create', '--name', 'thrown', '--network', 'none', '-v', `${path}:/x:O`, busybox, 'sh', '-c', 'ls /x; touch /x/made']);
    expect(await box.ok(['start', '-a', 'thrown'])).toBe('file\nsub');
    const id = await box.ok(['inspect', '-f', '{{.Id}}', 'thrown']);
    await eventually('it is away', () => !existsSync(join(box.root, 'containers', id, 'overlays')));
    expect(await box.ok(['start', '-a', 'thrown'])).toBe('file\nsub');
    expect(await box.ok(['inspect', '-f', '{{json .Mounts}}', 'thrown'])).toBe(
      `[{"Type":"bind","Source":"${path}","Destination":"/x","Mode":"O","RW":true,"Propagation":"rprivate"}]`,
    );
    await box.ok(['rm', 'thrown']);
  });

  test('over a volume, after that is filled', async () => {
    expect(await run('-v', 'base:/home:O', busybox, 'sh', '-c', 'ls /home; rmdir /home/app')).toBe('app');
    expect(await run('-v', 'base:/x', busybox, 'ls', '/x')).toBe('app');
  });

  test('with folders of one’s own keeps what was written', async () => {
    const path = source('kept');
    for (const name of ['upper', 'work']) mkdirSync(join(box.files, name));
    const mount = `${path}:/x:O,upperdir=${box.files}/upper,workdir=${box.files}/work`;
    await run('-v', mount, busybox, 'sh', '-c', change);
    expect(await run('-v', mount, busybox, 'sh', '-c', 'ls /x; cat /x/file')).toBe('file\nmade\nnew');
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('host\n');
    expect(readFileSync(join(box.files, 'upper/file'), 'utf8')).toBe('new\n');
  });

  test('with folders that are not on one disk says so', async () => {
    const path = source('apart');
    const work = join('/dev/shm', `skiff-${process.pid}`);
    mkdirSync(work);
    mkdirSync(join(box.files, 'apart-upper'));
    const { stderr, code } = await box.skiff([
      ...['run', '--rm', '-v', `${path}:/x:O,upperdir=${box.files}/apart-upper,workdir=${work}`, busybox, 'true'],
    ]);
    rmSync(work, { recursive: true });
    expect({ stderr, code }).toEqual({
      stderr:
        `skiff: Cannot lay an overlay over "${path}": EINVAL: mount '${mountPlace(stderr)}'\n` +
        'upperdir and workdir have to be on one disk, apart from each other and from the folder itself\n',
      code: 125,
    });
  });
});

describe('U', () => {
  test('gives all files to the container’s user, once; a symlink itself, not what it points to', async () => {
    const path = source('given');
    writeFileSync(join(box.files, 'victim'), '');
    symlinkSync('../victim', join(path, 'link'));
    const script = 'stat -c "%n %u %g" /x /x/file /x/sub; touch /x/made';
    expect(await run('-u', '1000:50', '-v', `${path}:/x:U`, busybox, 'sh', '-c', script)).toBe(
      '/x 1000 50\n/x/file 1000 50\n/x/sub 1000 50',
    );
    expect(statSync(join(box.files, 'victim')).uid).toBe(uid);
    expect(lstatSync(join(path, 'link')).uid).toBe(statSync(join(path, 'made')).uid);
    expect(statSync(join(path, 'made')).uid).not.toBe(uid);
    // Root of a container is the caller: so the files come back.
    await run('-v', `${path}:/x:U`, busybox, 'true');
    expect(statSync(join(path, 'made')).uid).toBe(uid);
    expect(lstatSync(join(path, 'link')).uid).toBe(uid);
  });

  test('a volume, and a single file', async () => {
    const path = join(source('single'), 'file');
    const mounts = ['-v', 'given:/home:U', '-v', `${path}:/single:U`];
    expect(await run('-u', '1234', ...mounts, busybox, 'stat', '-c', '%n %u', '/home', '/home/app', '/single')).toBe(
      '/home 1234\n/home/app 1234\n/single 1234',
    );
    await run('-v', `${path}:/single:U`, busybox, 'true');
  });

  test('of files that are not the caller’s to give is refused with the path', async () => {
    const { stdout, stderr, code } = await box.skiff(['run', '--rm', '-v', '/usr/share/doc:/x:U', busybox, 'true']);
    expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
    expect(stderr).toMatch(/^skiff: Cannot give "\/usr\/share\/doc[^"]*" to the container's user: EPERM\n/);
  });

  test.each(['/', '/usr', '/home', process.env.HOME ?? '/root'])('of all of %s is refused', async (path) => {
    expect(await box.skiff(['create', '-v', `${path}:/x:U`, busybox])).toEqual({
      stdout: '',
      stderr:
        `skiff: Cannot give "${path}" to the container's user: it is not a container's alone\n` +
        'Leave out the option "U", or name a folder in it\n',
      code: 125,
    });
  });
});

describe('words that mean nothing here', () => {
  test('labels without SELinux, and consistency, which is for machines where files are shared with a virtual one', async () => {
    const path = source('labelled');
    for (const word of ['z', 'Z', 'cached', 'delegated', 'consistent', 'rw,z,rprivate,cached']) {
      expect(await run('-v', `${path}:/x:${word}`, busybox, 'cat', '/x/file')).toBe('host');
    }
    await box.ok(['create', '--name', 'labelled', '-v', `${path}:/x:ro`, busybox]);
    expect(await run('--volumes-from', 'labelled:z', busybox, 'sh', '-c', 'cat /x/file; touch /x/new 2>&1; true')).toBe(
      'host\ntouch: /x/new: Read-only file system',
    );
    await box.ok(['rm', 'labelled']);
  });
});

describe('a source that is gone at the start', () => {
  test.each(['rw', 'ro', 'O', 'U'])('of a bind mount with the option %s', async (word) => {
    const path = join(box.files, 'vanishing');
    mkdirSync(path);
    await box.ok(['create', '--name', 'vanished', '-v', `${path}:/x:${word}`, busybox, 'true']);
    rmdirSync(path);
    expect(await box.skiff(['start', '-a', 'vanished'])).toEqual({
      stdout: '',
      stderr:
        `skiff: Invalid mount config for type "bind": bind source path does not exist: ${path}\n` +
        'It was there when the container was created: make it again, or remove the container: skiff rm vanished\n',
      code: 1,
    });
    mkdirSync(path);
    expect(await box.ok(['start', '-a', 'vanished'])).toBe('');
    await box.ok(['rm', 'vanished']);
    rmdirSync(path);
  });

  test('of a volume whose folder somebody removed by hand', async () => {
    await box.ok(['create', '--name', 'vanished', '-v', 'gone:/x', busybox, 'true']);
    const folder = join(box.root, 'volumes/gone/_data');
    rmdirSync(folder);
    const { stderr, code } = await box.skiff(['start', '-a', 'vanished']);
    expect([stderr.split('\n')[0], code]).toEqual([`skiff: The files of volume "gone" are not there: ${folder}`, 1]);
    await box.ok(['rm', 'vanished']);
  });
});

const mountPlace = (stderr: string): string => /mount '([^']+)'/.exec(stderr)?.[1] ?? '';
