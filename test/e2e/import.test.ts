// `import`: a root file system from a file, a URL or standard input becomes an image of one layer.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageEvents } from './support/events.ts';
import { storedThings } from './support/image-archive.ts';
import { tarOf } from './support/images/tar.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
let server: Bun.Server<undefined>;

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  await box.ok(['run', '--name', 'root', '--network', 'none', busybox, 'sh', '-c', 'echo new >/new; chown 7:8 /new; chmod 4755 /new']);
  await box.ok(['export', '-o', 'root.tar', 'root']);
  await box.ok(['rm', 'root']);
  for (const program of ['gzip', 'zstd', 'xz', 'bzip2']) {
    writeFileSync(join(box.files, `root.tar.${program}`), Bun.spawnSync([program, '-c', join(box.files, 'root.tar')]).stdout);
  }
  server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      const name = new URL(request.url).pathname.slice(1);
      if (name === 'short') return new Response(readFileSync(join(box.files, 'root.tar')).subarray(0, 100_000));
      return name.startsWith('root.tar') ? new Response(readFileSync(join(box.files, name))) : new Response('no', { status: 404 });
    },
  });
});
afterAll(() => server.stop(true));

const inspect = async (name: string) => JSON.parse(await box.ok(['image', 'inspect', name]))[0];
const seen = (name: string): Promise<string> =>
  box.ok(['run', '--rm', '--network', 'none', name, '/bin/stat', '-c', '%u %g %a %s', '/new']);

test.each(['root.tar', 'root.tar.gzip', 'root.tar.zstd', 'root.tar.xz', 'root.tar.bzip2'])(
  '%s from a file, a URL and standard input',
  async (name) => {
    const url = `http://127.0.0.1:${server.port}/${name}`;
    const sources: [source: string, stdin: Uint8Array | string][] = [
      [name, ''],
      [url, ''],
      ['-', readFileSync(join(box.files, name))],
    ];
    for (const [source, stdin] of sources) {
      const { stdout, stderr, code } = await box.skiff(['import', source, 'my/root:1'], { stdin });
      expect([code, stderr, stdout]).toEqual([0, '', expect.stringMatching(/^sha256:[0-9a-f]{64}\n$/)]);
      const made = await inspect('my/root:1');
      expect([made.Id, made.Comment, made.RootFS.Layers.length]).toEqual([stdout.trim(), `Imported from ${source}`, 1]);
      expect(await seen('my/root:1')).toBe('7 8 4755 4');
      expect(imageEvents(box, 'import', 'tag').slice(-2)).toEqual([
        ['import', made.Id, made.Id],
        ['tag', made.Id, 'my/root:1'],
      ]);
    }
  },
);

test('changes, a message and a platform are recorded, and the image runs by them', async () => {
  const changes = ['-c', 'CMD ["cat", "/new"]', '--change', 'ENV A=b PATH=/bin', '-c', 'LABEL x=y', '-c', 'USER 7'];
  const id = await box.ok(['import', ...changes, '-m', 'by hand', '--platform', 'linux/amd64', 'root.tar']);
  const { RepoTags, Comment, Config, Architecture, Os } = await inspect(id);
  expect([RepoTags, Comment, Architecture, Os]).toEqual([[], 'by hand', 'amd64', 'linux']);
  expect([Config.Cmd, Config.Env, Config.Labels, Config.User]).toEqual([['cat', '/new'], ['A=b', 'PATH=/bin'], { x: 'y' }, '7']);
  expect(await box.ok(['run', '--rm', '--network', 'none', id])).toBe('new');
  expect((await box.skiff(['system', 'check'])).code).toBe(0);
});

test('the layer is the archive itself, and can be saved and loaded', async () => {
  const id = await box.ok(['import', 'root.tar', 'flat:1']);
  const hasher = new Bun.CryptoHasher('sha256').update(readFileSync(join(box.files, 'root.tar')));
  expect((await inspect(id)).RootFS.Layers).toEqual([`sha256:${hasher.digest('hex')}`]);
  await box.ok(['save', '-o', 'flat.tar', 'flat:1']);
  await box.ok(['rmi', 'flat:1']);
  expect(await box.ok(['load', '-i', 'flat.tar'])).toBe('Loaded image: flat:1');
  expect(await seen('flat:1')).toBe('7 8 4755 4');
});

describe('what is wrong is refused, and nothing of it stays', () => {
  const CASES: [what: string, args: string[], stdin: () => Uint8Array, first: string][] = [
    ['no such file', ['nosuch.tar'], () => new Uint8Array(), 'open nosuch.tar: no such file or directory'],
    ['a folder', ['.'], () => new Uint8Array(), 'open .: is a directory'],
    ['nothing', ['-'], () => new Uint8Array(), 'Cannot import "standard input": unexpected EOF, the archive is cut short'],
    [
      'an archive cut short',
      ['-'],
      () => readFileSync(join(box.files, 'root.tar')).subarray(0, 100_000),
      'Cannot import "standard input": unexpected EOF, the archive is cut short',
    ],
    [
      'a gzip stream cut short',
      ['-'],
      () => readFileSync(join(box.files, 'root.tar.gzip')).subarray(0, 100_000),
      'Cannot import "standard input": unexpected EOF, the archive is cut short',
    ],
    [
      'an xz stream cut short',
      ['-'],
      () => readFileSync(join(box.files, 'root.tar.xz')).subarray(0, 100_000),
      'Cannot import "standard input": unexpected EOF, the archive is cut short',
    ],
    [
      'no tar archive',
      ['-'],
      () => Buffer.from('hello '.repeat(200)),
      'Cannot import "standard input": cannot read the layer: a tar header has a wrong checksum',
    ],
    [
      'an entry that leads out',
      ['-'],
      () => tarOf([{ path: '../escaped', content: 'x' }]),
      'Refused the layer: its entry "../escaped" leads out of it: "../escaped" climbs above the root',
    ],
    ['an instruction that no image has', ['-c', 'RUN true', 'root.tar'], () => new Uint8Array(), 'RUN is not a valid change command'],
    [
      'a reference that is none',
      ['root.tar', 'UPPER'],
      () => new Uint8Array(),
      'invalid reference format: repository name (library/UPPER) must be lowercase',
    ],
    ['a reference with a digest', ['root.tar', `x@sha256:${'0'.repeat(64)}`], () => new Uint8Array(), 'cannot import digest reference'],
    [
      'a platform that is none',
      ['--platform', 'a/b/c/d', 'root.tar'],
      () => new Uint8Array(),
      '"a/b/c/d" is an invalid platform: it must be OS[/ARCH[/VARIANT]]',
    ],
  ];

  test.each(CASES)('%s', async (_, args, stdin, first) => {
    const before = storedThings(box);
    const { stdout, stderr, code } = await box.skiff(['import', ...args], { stdin: stdin() });
    expect([stdout, code, stderr.split('\n')[0]]).toEqual(['', 1, `skiff: ${first}`]);
    expect(storedThings(box)).toEqual(before);
  });

  test('an xz bomb', async () => {
    const before = storedThings(box);
    const packed = Bun.spawnSync(['xz', '-c'], { stdin: tarOf([{ path: 'large', content: Buffer.alloc(64 << 20) }]) }).stdout;
    const { stderr, code } = await box.skiff(['import', '-'], { stdin: packed, env: { SKIFF_MAX_LAYER_SIZE: '16m' } });
    expect([code, stderr]).toEqual([1, expect.stringContaining('unpacks to more than 16777216 bytes, as a decompression bomb would')]);
    expect(storedThings(box)).toEqual(before);
  });

  test('a server that has it not, breaks off, or is not there; a password is not shown', async () => {
    const before = storedThings(box);
    const at = `127.0.0.1:${server.port}`;
    const first = async (url: string) => (await box.skiff(['import', url])).stderr.split('\n')[0];
    expect(await first(`http://me:secret@${at}/nosuch?token=hidden`)).toBe(
      `skiff: Cannot download "http://${at}/nosuch": the server answered 404 Not Found`,
    );
    expect(await first(`http://${at}/short`)).toBe(`skiff: Cannot import "http://${at}/short": unexpected EOF, the archive is cut short`);
    expect(await first('http://127.0.0.1:1/x')).toMatch(/^skiff: Cannot download "http:\/\/127\.0\.0\.1:1\/x": /);
    expect(storedThings(box)).toEqual(before);
  });
});
