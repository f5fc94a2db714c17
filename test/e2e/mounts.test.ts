// `--mount` in full, and the mounts of other containers.
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const layered = image('unusual');
const run = (...args: string[]) => box.ok(['run', '--rm', ...args]);

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  mkdirSync(join(box.files, 'here/sub'), { recursive: true });
  writeFileSync(join(box.files, 'here/file'), 'from the host\n');
});

describe('bind', () => {
  test('a path from here, read-only, in a field with a comma', async () => {
    mkdirSync(join(box.files, 'a,b'));
    writeFileSync(join(box.files, 'a,b/file'), 'comma\n');
    expect(await run('--mount', 'type=bind,"src=./a,b",dst=/x,ro', busybox, 'sh', '-c', 'cat /x/file; touch /x/new 2>&1 || true')).toBe(
      'comma\ntouch: /x/new: Read-only file system',
    );
  });

  test.each([
    ['private', ''],
    ['slave', 'master'],
    ['rslave', 'master'],
  ])('bind-propagation=%s', async (propagation, expected) => {
    const from = hostIsShared() ? expected : '';
    const found = await run('--mount', `type=bind,src=./here,dst=/x,bind-propagation=${propagation}`, busybox, 'sh', '-c', FLAGS_OF_X);
    expect(found).toBe(from);
  });

  test('shared is said to go one way', async () => {
    const { stdout, stderr, code } = await box.skiff([
      ...['run', '--rm', '--mount', 'type=bind,src=./here,dst=/x,bind-propagation=rshared', busybox, 'sh', '-c', FLAGS_OF_X],
    ]);
    expect({ stdout: stdout.trim(), stderr, code }).toEqual({
      stdout: hostIsShared() ? 'shared\nmaster' : 'shared',
      stderr: 'skiff: warning: What the container mounts below /x is not seen by the host: without root, mounts only come in\n',
      code: 0,
    });
  });

  test('read-only holds for what is mounted below, unless asked otherwise', async () => {
    const probe = 'touch /x/shm/new 2>&1 && rm /x/shm/new && echo written; touch /x/new 2>&1; true';
    const readOnly = 'touch: /x/new: Read-only file system';
    expect(await run('--mount', 'type=bind,src=/dev,dst=/x,ro', busybox, 'sh', '-c', probe)).toBe(
      `touch: /x/shm/new: Read-only file system\n${readOnly}`,
    );
    expect(await run('--mount', 'type=bind,src=/dev,dst=/x,ro,bind-recursive=writable', busybox, 'sh', '-c', probe)).toBe(
      `written\n${readOnly}`,
    );
    const forced = 'type=bind,src=/dev,dst=/x,ro,bind-recursive=readonly,bind-propagation=rprivate';
    expect(await run('--mount', forced, busybox, 'sh', '-c', probe)).toBe(`touch: /x/shm/new: Read-only file system\n${readOnly}`);
  });

  test('bind-recursive=disabled works where nothing is hidden, and is refused where something is', async () => {
    expect(await run('--mount', 'type=bind,src=./here,dst=/x,bind-recursive=disabled', busybox, 'ls', '/x')).toBe('file\nsub');
    expect(await box.skiff(['run', '--rm', '--mount', 'type=bind,src=/dev,dst=/x,bind-recursive=disabled', busybox, 'true'])).toEqual({
      stdout: '',
      stderr:
        'skiff: Cannot mount "/dev" without what is mounted below it: only root may uncover that\n' +
        'Leave bind-recursive=disabled out, or name a folder that has no other mounts in it\n',
      code: 125,
    });
  });

  test('bind-create-src makes the folder', async () => {
    await run('--mount', 'type=bind,src=./made/deep,dst=/x,bind-create-src=true', busybox, 'touch', '/x/file');
    expect(existsSync(join(box.files, 'made/deep/file'))).toBe(true);
  });
});

describe('volume', () => {
  test('labels, nocopy and the driver local', async () => {
    const mount = 'type=volume,src=labelled,dst=/etc,volume-nocopy,volume-label=a=1,volume-driver=local';
    expect(await run('--mount', mount, busybox, 'ls', '/etc')).toBe('hostname\nhosts\nresolv.conf');
    const record = JSON.parse(readFileSync(join(box.root, 'volumes/labelled/volume.json'), 'utf8'));
    expect(record).toMatchObject({ Name: 'labelled', Labels: { a: '1' }, Driver: 'local' });
  });

  test('a volume can stand for a folder of the host', async () => {
    const mount = `src=folder,dst=/x,volume-opt=type=none,volume-opt=o=bind,volume-opt=device=${join(box.files, 'here')}`;
    expect(await run('--mount', mount, busybox, 'cat', '/x/file')).toBe('from the host');
    expect(await run('-v', 'folder:/x:ro', busybox, 'cat', '/x/file')).toBe('from the host');
  });

  test('a subpath shows one folder, or one file; a symlink within is followed', async () => {
    await run('-v', 'tree:/x', busybox, 'sh', '-c', 'mkdir -p /x/a/b; echo deep >/x/a/b/file; ln -s a/b /x/link');
    expect(await run('--mount', 'src=tree,dst=/y,volume-subpath=a', busybox, 'find', '/y')).toBe('/y\n/y/b\n/y/b/file');
    expect(await run('--mount', 'src=tree,dst=/y,volume-subpath=a/b/file,ro', busybox, 'cat', '/y')).toBe('deep');
    expect(await run('--mount', 'src=tree,dst=/y,volume-subpath=link', busybox, 'ls', '/y')).toBe('file');
  });

  test.each([
    ['/etc', 'absolute'],
    ['../../../../../../etc', 'above'],
  ])('a subpath never leaves the volume by a symlink to %s', async (target, name) => {
    await run('-v', 'trap:/x', busybox, 'ln', '-s', target, `/x/${name}`);
    expect(await box.skiff(['run', '--rm', '--mount', `src=trap,dst=/y,volume-subpath=${name}`, busybox, 'ls', '/y'])).toEqual({
      stdout: '',
      stderr:
        `skiff: Cannot access path "${name}" of volume "trap": it leads out of it\n` +
        'A part of the path is a symlink to somewhere else: name the folder that it should be\n',
      code: 125,
    });
  });

  test('a symlink put there between two starts leads nowhere either', async () => {
    await run('-v', 'swapped:/x', busybox, 'mkdir', '/x/data');
    await box.ok(['create', '--name', 'reader', '--mount', 'src=swapped,dst=/y,volume-subpath=data', busybox, 'ls', '-A', '/y']);
    expect(await box.ok(['start', '-a', 'reader'])).toBe('');
    await run('-v', 'swapped:/x', busybox, 'sh', '-c', 'rmdir /x/data; ln -s /etc /x/data');
    const { stderr, code } = await box.skiff(['start', '-a', 'reader']);
    expect({ line: stderr.split('\n')[0], code }).toEqual({
      line: 'skiff: Cannot access path "data" of volume "swapped": it leads out of it',
      code: 1,
    });
    await box.ok(['rm', 'reader']);
  });
});

describe('tmpfs', () => {
  test('size, mode and readonly', async () => {
    const script = 'stat -c %a /x; df -k /x | tail -1 | tr -s " " | cut -d" " -f2; touch /y/new 2>&1; true';
    expect(
      await run(
        '--mount',
        'type=tmpfs,dst=/x,tmpfs-size=1m,tmpfs-mode=1750',
        '--mount',
        'type=tmpfs,dst=/y,ro',
        busybox,
        'sh',
        '-c',
        script,
      ),
    ).toBe('1750\n1024\ntouch: /y/new: Read-only file system');
  });
});

describe('image', () => {
  test('is pulled, mounted read-only, and cannot be removed while a container mounts it', async () => {
    const created = await box.skiff([
      'create',
      '--name',
      'mounts-image',
      '--mount',
      `type=image,src=${layered},dst=/app`,
      busybox,
      'ls',
      '/app/opaque',
    ]);
    expect(created.code).toBe(0);
    expect(created.stderr).toContain(`Unable to find image '${layered}:latest' locally\n`);
    expect(await box.ok(['start', '-a', 'mounts-image'])).toBe('upper');
    expect(await box.ok(['inspect', '-f', '{{json .Mounts}}', 'mounts-image'])).toBe(
      `[{"Type":"image","Source":"${layered}","Destination":"/app","Mode":"","RW":false,"Propagation":""}]`,
    );
    const kept = await box.skiff(['rmi', layered]);
    expect(kept.code).toBe(1);
    expect(kept.stderr).toMatch(
      /^skiff: conflict: unable to remove repository reference .* \(must force\) - container [0-9a-f]{12} is using/,
    );
    // By force the name goes, and what the container needs stays.
    await box.ok(['rmi', '-f', layered]);
    expect(await box.ok(['start', '-a', 'mounts-image'])).toBe('upper');
    await box.ok(['rm', 'mounts-image']);
  });

  test.each(['overlay', 'fuse-overlayfs', 'copy'])(
    'by %s, what upper layers hide is hidden, all of it or a subpath; nothing can be written',
    async (driver) => {
      const mounts = [
        '--mount',
        `type=image,src=${layered},dst=/all`,
        '--mount',
        `type=image,src=${layered},dst=/some,image-subpath=opaque`,
      ];
      const script =
        'ls /all/whiteouts /some; cat /all/becomes-file /all/becomes-folder/inside; touch /all/new 2>&1; touch /some/new 2>&1; true';
      expect(await run('--storage-driver', driver, ...mounts, busybox, 'sh', '-c', script)).toBe(
        [
          '/all/whiteouts:\nkept\n\n/some:\nupper',
          'now a file',
          'inside',
          'touch: /all/new: Read-only file system',
          'touch: /some/new: Read-only file system',
        ].join('\n'),
      );
    },
  );

  test('that is not there and may not be pulled', async () => {
    expect(await box.skiff(['run', '--pull', 'never', '--mount', 'type=image,src=nowhere,dst=/x', busybox, 'true'])).toMatchObject({
      stdout: '',
      stderr: expect.stringContaining('No such image: nowhere:latest'),
      code: 125,
    });
  });
});

describe('--volumes-from', () => {
  beforeAll(async () => {
    await box.ok(['create', '--name', 'first', '-v', 'data:/data', '-v', '/anonymous', '-v', `${box.files}/here:/here`, busybox]);
    await box.ok(['create', '--name', 'second', '-v', 'other:/data', busybox]);
    await run('-v', 'data:/data', '-v', 'other:/other', busybox, 'sh', '-c', 'echo data >/data/name; echo other >/other/name');
  });

  test('takes volumes and binds of a stopped container, read-only when asked', async () => {
    expect(await run('--volumes-from', 'first', busybox, 'sh', '-c', 'cat /data/name /here/file; touch /anonymous/x && echo ok')).toBe(
      'data\nfrom the host\nok',
    );
    const refused = 'touch: /data/x: Read-only file system';
    expect(await run('--volumes-from', 'first:ro', busybox, 'sh', '-c', 'touch /data/x 2>&1; true')).toBe(refused);
  });

  test('the later container wins, and -v wins over both', async () => {
    const both = ['--volumes-from', 'first', '--volumes-from', 'second'];
    expect(await run(...both, busybox, 'cat', '/data/name')).toBe('other');
    expect(await run(...both, '-v', 'data:/data', busybox, 'cat', '/data/name')).toBe('data');
    expect(await run(...both, '--tmpfs', '/data', busybox, 'ls', '/data')).toBe('');
  });

  test('inspect shows it, and the anonymous volume lives as long as one of the two', async () => {
    await box.ok(['create', '--name', 'heir', '--volumes-from', 'first:rw', busybox]);
    expect(await box.ok(['inspect', '-f', '{{json .HostConfig.VolumesFrom}}', 'heir'])).toBe('["first:rw"]');
    expect(await box.ok(['inspect', '-f', '{{range .Mounts}}{{.Destination}} {{end}}', 'heir'])).toBe('/data /here /anonymous ');
    const volume = await box.ok(['inspect', '-f', '{{range .Mounts}}{{if eq .Destination "/anonymous"}}{{.Name}}{{end}}{{end}}', 'heir']);
    const isThere = () => existsSync(join(box.root, 'volumes', volume));
    await box.ok(['rm', '-v', 'first']);
    expect(isThere()).toBe(true);
    expect(await box.ok(['start', '-a', 'heir'])).toBe('');
    await box.ok(['rm', '-v', 'heir']);
    expect(isThere()).toBe(false);
    expect(existsSync(join(box.root, 'volumes/data'))).toBe(true);
  });

  test.each([
    ['nobody', 'skiff: No such container: nobody'],
    ['second:rx', 'skiff: invalid argument "second:rx" for "--volumes-from" flag: Invalid mode: rx'],
    ['', 'skiff: invalid argument "" for "--volumes-from" flag: Invalid volumes-from specification: it cannot be an empty string'],
  ])('"%s" is refused', async (spec, sentence) => {
    const { stderr, code } = await box.skiff(['create', '--name', 'never', '--volumes-from', spec, busybox]);
    expect({ line: stderr.split('\n')[0], code }).toEqual({ line: sentence, code: 125 });
    expect(await box.ok(['ps', '-aq', '--filter', 'name=never'])).toBe('');
  });
});

describe('refused, and nothing is made', () => {
  test.each([
    [['--mount', 'type=bind,src=/nowhere/x,dst=/x'], 'Invalid mount config for type "bind": bind source path does not exist: /nowhere/x'],
    [['--mount', 'src=fresh,dst=x'], 'Invalid mount config for type "volume": invalid mount path: \'x\' mount path must be absolute'],
    [['--mount', 'src=fresh,dst=/x,colour=red'], "unexpected key 'colour' in 'colour=red'"],
    [['--mount', 'src=fresh'], 'target is required'],
    [['--mount', 'src=fresh,dst=/x', '-v', '/tmp:/x'], 'Duplicate mount point: /x'],
    [['--mount', 'src=fresh,dst=/x', '--tmpfs', '/x'], 'Duplicate mount point: /x'],
    [['--mount', 'src=fresh,dst=/x,volume-driver=nfs'], 'Error looking up volume plugin nfs: plugin "nfs" not found'],
    [['-v', 'fresh:/x', '-v', '/tmp:/y:U'], 'Cannot give "/tmp" to the container\'s user: it is not a container\'s alone'],
    [['-v', 'fresh:/x', '-v', '/tmp:/y:Q'], "Invalid volume specification: '/tmp:/y:Q': invalid mode: Q"],
    [['-v', 'fresh:/x', '-v', '/tmp:/y:O,upperdir=/tmp'], 'upperdir and workdir belong together: give both, or neither'],
    [['-v', 'fresh:/x', '-v', '/etc/passwd:/y:O'], 'Cannot lay an overlay over "/etc/passwd": it is not a folder'],
    [['-v', 'fresh:/x', '-v', '../up:/y'], 'bind source path does not exist'],
    [['-v', 'fresh:/x', '-v', 'a/../b:/y'], 'includes invalid characters for a local volume name'],
    [['-v', 'fresh:/x', '-v', '/tmp:/y', '-v', '/var/tmp:/y/'], 'Duplicate mount point: /y'],
    [['-v', 'fresh:/x', '-v', '/tmp:y'], "invalid mount path: 'y' mount path must be absolute"],
    [['--mount', 'src=fresh,dst=/x,volume-subpath=../y'], 'subpath must be a relative path within the volume'],
    [['-v', 'fresh:/x', '--volume-driver', 'nfs'], 'plugin "nfs" not found: there is only the driver "local"'],
    [['-v', 'fresh:/x', '--storage-opt', 'size=1g'], 'the size of a container cannot be limited without root'],
  ])('%j', async (flags, sentence) => {
    const { stdout, stderr, code } = await box.skiff(['create', '--name', 'refused', ...flags, busybox]);
    expect({ stdout, code }).toEqual({ stdout: '', code: 125 });
    expect(stderr).toContain(sentence);
    expect(existsSync(join(box.root, 'volumes/fresh'))).toBe(false);
    expect(await box.ok(['ps', '-aq', '--filter', 'name=refused'])).toBe('');
  });

  test('the driver local is taken, and labels mean nothing without SELinux', async () => {
    symlinkSync('here', join(box.files, 'link'));
    expect(await run('--volume-driver', 'local', '-v', `${box.files}/link:/x:ro,z`, busybox, 'cat', '/x/file')).toBe('from the host');
  });
});

const FLAGS_OF_X = 'grep " /x " /proc/self/mountinfo | grep -oE "shared|master" || true';

/** Whether mounts of this machine reach other mount namespaces at all. */
function hostIsShared(): boolean {
  const lines = readFileSync('/proc/self/mountinfo', 'utf8').split('\n');
  const over = lines.filter((line) => box.files.startsWith(line.split(' ')[4] ?? '\0'));
  return over.at(-1)?.includes('shared:') ?? false;
}
