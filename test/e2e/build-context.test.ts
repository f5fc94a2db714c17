// Where the files of a build come from: a folder and what of it counts, archives by standard input, repositories, servers, other contexts by name.
import { existsSync, linkSync, mkdirSync, readdirSync, rmSync, statSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ArchiveEntry, entriesOf, exported } from './support/archive.ts';
import { pathWithout } from './support/path-without.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();

function make(name: string, files: Record<string, string>): string {
  const folder = join(box.files, name);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(folder, path, '..'), { recursive: true });
    writeFileSync(join(folder, path), text);
  }
  return folder;
}

/** The files of the image, by path. */
async function filesOf(tag: string): Promise<Map<string, ArchiveEntry>> {
  await box.ok(['create', '--name', 'look', tag, '/none']);
  const entries = entriesOf(await exported(box, 'look'));
  await box.ok(['rm', 'look']);
  return entries;
}

const texts = async (tag: string): Promise<Record<string, string>> =>
  Object.fromEntries([...(await filesOf(tag))].filter(([, { type }]) => type === '0').map(([path, { body }]) => [path, body]));

/** The steps that the second build of the same found in the cache. */
async function again(args: string[]): Promise<string[]> {
  const { stderr, code } = await box.skiff(['build', '--progress', 'plain', ...args]);
  expect({ code, stderr: code === 0 ? '' : stderr }).toEqual({ code: 0, stderr: '' });
  const names = new Map([...stderr.matchAll(/^#(\d+) (\[.*)$/gm)].map(([, number = '', name = '']) => [number, name]));
  return [...stderr.matchAll(/^#(\d+) CACHED$/gm)].map(([, number = '']) => names.get(number) ?? '');
}

const nothingLeft = (): void => {
  const left = readdirSync(join(box.root, 'tmp')).filter((name) => name.startsWith('build-'));
  expect(left).toEqual([]);
};

describe('a folder of 2,000 files', () => {
  const context = (): string => join(box.files, 'many');

  beforeAll(() => {
    const files: Record<string, string> = { Dockerfile: 'FROM scratch\nCOPY . /app/\nCOPY d1 /d1\n' };
    for (let folder = 0; folder < 20; folder++) for (let file = 0; file < 100; file++) files[`d${folder}/f${file}`] = `${folder}/${file}`;
    make('many', files);
    symlinkSync('f0', join(context(), 'd1/link'));
    linkSync(join(context(), 'd1/f1'), join(context(), 'd1/twin'));
  });

  test('is copied whole, hard links as such, and found again while nothing of it changes', async () => {
    await box.ok(['build', '-q', '-t', 'many', context()]);
    const files = await filesOf('many');
    expect([...files.keys()].filter((path) => /^app\/d\d+\/f\d+$/.test(path))).toHaveLength(2000);
    expect(files.get('app/d7/f42')?.body).toBe('7/42');
    expect(files.get('d1/link')).toMatchObject({ type: '2', linkName: 'f0' });
    expect([files.get('d1/f1'), files.get('d1/twin')].map((entry) => [entry?.type, entry?.linkName])).toEqual([
      ['0', ''],
      ['1', 'd1/f1'],
    ]);
    expect(await again([context()])).toEqual(['[1/2] COPY . /app/', '[2/2] COPY d1 /d1']);
  });

  test('times and owners do not count', async () => {
    utimesSync(join(context(), 'd1/f1'), 1, 1);
    expect(await again([context()])).toHaveLength(2);
  });

  test('contents, modes and names do, for the steps that see them', async () => {
    writeFileSync(join(context(), 'd2/f3'), 'else');
    expect(await again([context()])).toEqual([]);
    expect(await again([context()])).toHaveLength(2);
    Bun.spawnSync(['chmod', '+x', join(context(), 'd2/f3')]);
    expect(await again([context()])).toEqual([]);
    writeFileSync(join(context(), 'd2/new'), '');
    expect(await again([context()])).toEqual([]);
    rmSync(join(context(), 'd2/new'));
    // What it was before is remembered, too.
    expect(await again([context()])).toHaveLength(2);
  });

  test('what is ignored does not count', async () => {
    writeFileSync(join(context(), '.dockerignore'), 'd3\n.dockerignore\n');
    await box.ok(['build', '-q', context()]);
    writeFileSync(join(context(), 'd3/f3'), 'else');
    expect(await again([context()])).toHaveLength(2);
  });
});

describe('by standard input', () => {
  const archive = (flags: string[], folder: string): Uint8Array => Bun.spawnSync(['tar', '-c', ...flags, '-C', folder, '.']).stdout;

  test.each([
    ['plain', []],
    ['gzip', ['-z']],
    ['bzip2', ['-j']],
    ['xz', ['-J']],
  ])('a tar archive, %s', async (_name, flags) => {
    const folder = make('stdin', { Dockerfile: 'FROM scratch\nCOPY . /\n', 'a/b': 'B', no: 'no', '.dockerignore': 'no\nDockerfile' });
    await box.ok(['build', '-q', '-t', 'stdin', '-'], { stdin: archive(flags, folder) });
    expect(await texts('stdin')).toEqual({ 'a/b': 'B', '.dockerignore': 'no\nDockerfile' });
    nothingLeft();
  });

  test('-f names a file of the archive, and one that leads out of it is refused', async () => {
    const folder = make('stdin-f', { 'sub/my.df': 'FROM scratch\nCOPY sub /\n' });
    symlinkSync('/etc/passwd', join(folder, 'link'));
    const stdin = archive([], folder);
    await box.ok(['build', '-q', '-t', 'stdin-f', '-f', 'sub/my.df', '-'], { stdin });
    expect(await texts('stdin-f')).toEqual({ 'my.df': 'FROM scratch\nCOPY sub /\n' });
    const { code, stderr } = await box.skiff(['build', '-f', 'link', '-'], { stdin });
    expect(code).toBe(1);
    expect(stderr).toContain('failed to read dockerfile: "link" leads out of the build context');
    nothingLeft();
  });

  test('an archive that is cut short, or leads out of its folder', async () => {
    const folder = make('stdin-bad', { Dockerfile: 'FROM scratch\n', big: 'x'.repeat(50_000) });
    const cut = await box.skiff(['build', '-'], { stdin: archive([], folder).subarray(0, 20_000) });
    expect([cut.code, cut.stderr]).toEqual([1, expect.stringContaining('Cannot unpack "standard input": unexpected EOF')]);
    const up = Bun.spawnSync(['tar', '-cP', '-C', join(folder), '--transform', 's,^,../,', 'big']).stdout;
    const out = await box.skiff(['build', '-'], { stdin: up });
    expect([out.code, out.stderr]).toEqual([1, expect.stringContaining('leads out of')]);
    expect(existsSync(join(box.root, 'tmp/big'))).toBe(false);
    nothingLeft();
  });
});

describe('repositories', () => {
  let daemon: Bun.Subprocess;
  let address: string;
  const hashes: string[] = [];

  beforeAll(async () => {
    const base = join(box.files, 'repos');
    const repo = make('repos/app', {
      Dockerfile: 'FROM scratch\nCOPY . /\n',
      'sub/Dockerfile': 'FROM scratch\nCOPY x /\n',
      'sub/x': 'one',
    });
    const git = (...args: string[]): string => {
      const { stdout, exitCode, stderr } = Bun.spawnSync([
        'git',
        '-C',
        repo,
        '-c',
        'user.name=n',
        '-c',
        'user.email=e@example.com',
        ...args,
      ]);
      if (exitCode !== 0) throw new Error(stderr.toString());
      return stdout.toString().trim();
    };
    git('init', '-q', '-b', 'main');
    git('add', '-A');
    git('commit', '-qm', 'one');
    git('tag', '-a', 'v1', '-m', 'v1');
    hashes.push(git('rev-parse', 'HEAD'));
    writeFileSync(join(repo, 'sub/x'), 'two');
    git('commit', '-qam', 'two');
    git('branch', 'other', 'v1');
    hashes.push(git('rev-parse', 'HEAD'));
    git('config', 'uploadpack.allowAnySHA1InWant', 'false');
    const port = await freePort();
    address = `git://127.0.0.1:${port}/app`;
    // Without --detach it would be its parent that answers; in one process it ends with the signal.
    daemon = Bun.spawn(
      ['git', 'daemon', '--export-all', `--base-path=${base}`, '--listen=127.0.0.1', `--port=${port}`, '--reuseaddr', base],
      {
        stdio: ['ignore', 'ignore', 'ignore'],
        env: box.peerEnv,
      },
    );
    for (let tries = 0; tries < 300 && Bun.spawnSync(['git', 'ls-remote', address]).exitCode !== 0; tries++) await Bun.sleep(100);
  });

  afterAll(async () => {
    Bun.spawnSync(['pkill', '-P', String(daemon.pid)]);
    daemon.kill();
    await daemon.exited;
  });

  test.each<[string, () => string, Record<string, string>]>([
    ['the default branch', () => `${address}#:sub`, { x: 'two' }],
    ['a tag', () => `${address}#v1:sub`, { x: 'one' }],
    ['a branch', () => `${address}#other:sub`, { x: 'one' }],
    ['a full name', () => `${address}#refs/heads/main:sub`, { x: 'two' }],
    ['a commit', () => `${address}#${hashes[0]}:sub`, { x: 'one' }],
  ])('%s and a folder as the context', async (_title, url, files) => {
    await box.ok(['build', '-q', '-t', 'git', url()]);
    expect(await texts('git')).toEqual(files);
    nothingLeft();
  });

  test('the whole of one comes without .git, unless that is asked for', async () => {
    await box.ok(['build', '-q', '-t', 'git', address]);
    expect(Object.keys(await texts('git')).sort()).toEqual(['Dockerfile', 'sub/Dockerfile', 'sub/x']);
    await box.ok(['build', '-q', '-t', 'git', '--build-arg', 'BUILDKIT_CONTEXT_KEEP_GIT_DIR=1', address]);
    expect((await texts('git'))['.git/HEAD']).toContain(hashes[1]);
  });

  test('ADD: by tag, with --keep-git-dir, with --checksum; a commit that was added is found again', async () => {
    const folder = make('add-git', {
      Dockerfile: `FROM scratch\nADD --checksum=${hashes[0]} ${address}#v1:sub /one\nADD --keep-git-dir=true --chown=3:4 ${address} /two/\n`,
    });
    await box.ok(['build', '-q', '-t', 'git', folder]);
    const files = await filesOf('git');
    expect(files.get('one/x')?.body).toBe('one');
    expect(files.get('two/sub/x')).toMatchObject({ body: 'two', uid: 3, gid: 4 });
    expect(files.get('two/.git/HEAD')?.body).toContain(hashes[1]);
    expect(await again([folder])).toHaveLength(2);
    nothingLeft();
  });

  test.each<[string, () => string, () => string[]]>([
    ['a ref that is not there', () => `ADD ${address}#nope /x`, () => ['does not contain ref nope', 'no branch or tag "nope"']],
    ['a folder that is not there', () => `ADD ${address}#v1:nope /x`, () => ['has no folder "nope"']],
    [
      'another commit than --checksum says',
      () => `ADD --checksum=${hashes[1]} ${address}#v1 /x`,
      () => ['expected checksum to match', `got ${hashes[0]}`],
    ],
    [
      'a repository that is not there',
      () => `ADD ${address}-not /x`,
      () => ['failed to fetch remote', 'access denied or repository not exported'],
    ],
  ])('%s', async (_title, line, parts) => {
    const folder = make('add-git-bad', { Dockerfile: `FROM scratch\n${line()}\n` });
    const { code, stderr } = await box.skiff(['build', folder]);
    expect(code).toBe(1);
    for (const part of [...parts(), 'Dockerfile:2']) expect(stderr).toContain(part);
    nothingLeft();
  });

  test('without git the sentence says what to install', async () => {
    const { code, stderr } = await box.skiff(['build', address], { env: { PATH: pathWithout('git', box.files) } });
    expect([code, stderr]).toEqual([1, expect.stringContaining('Cannot find the program "git" in PATH, which fetches repositories')]);
    expect(stderr).toContain('sudo apt-get install git');
  });
});

describe('servers', () => {
  const asked: string[] = [];
  let body = 'first';
  let server: ReturnType<typeof Bun.serve>;
  const at = (path: string): string => `http://127.0.0.1:${server.port}${path}`;

  beforeAll(() => {
    const context = make('served', { Dockerfile: 'FROM scratch\nCOPY x /\n', x: 'served' });
    const archive = Bun.spawnSync(['tar', '-cz', '-C', context, '.']).stdout;
    server = Bun.serve({
      hostname: '127.0.0.1',
      port: 0,
      fetch(request) {
        const { pathname } = new URL(request.url);
        asked.push(`${pathname} ${request.headers.get('if-none-match') ?? '-'}`);
        if (pathname === '/context') return new Response(archive);
        if (pathname === '/Dockerfile') return new Response('FROM scratch\nCOPY <<E /x\nfrom afar\nE\n');
        if (pathname === '/sub/file.txt') {
          const etag = `"${body}"`;
          if (request.headers.get('if-none-match') === etag) return new Response(null, { status: 304 });
          return new Response(body, { headers: { etag, 'last-modified': 'Wed, 21 Oct 2015 07:28:00 GMT' } });
        }
        if (pathname === '/moved') return Response.redirect(at('/sub/file.txt'));
        if (pathname === '/plain') return new Response('plain');
        return new Response('no', { status: 404 });
      },
    });
  });
  afterAll(() => server.stop(true));

  test('an archive, and a Dockerfile alone, as the context', async () => {
    await box.ok(['build', '-q', '-t', 'served', at('/context')]);
    expect(await texts('served')).toEqual({ x: 'served' });
    await box.ok(['build', '-q', '-t', 'served', at('/Dockerfile')]);
    expect(await texts('served')).toEqual({ x: 'from afar\n' });
    const missing = await box.skiff(['build', at('/nope')]);
    expect([missing.code, missing.stderr]).toEqual([1, expect.stringContaining('the server answered 404')]);
    nothingLeft();
  });

  test('ADD takes name and time from the server, asks again whether it changed, and only then downloads', async () => {
    const folder = make('add-url', { Dockerfile: `FROM scratch\nADD ${at('/sub/file.txt?token=secret')} /d/\nADD ${at('/plain')} /e\n` });
    asked.length = 0;
    await box.ok(['build', '-q', '-t', 'url', folder]);
    const files = await filesOf('url');
    expect(files.get('d/file.txt')).toMatchObject({ body: 'first', mode: 0o600, uid: 0, mtimeSeconds: 1445412480 });
    expect(files.get('e')).toMatchObject({ body: 'plain', mode: 0o600, mtimeSeconds: 0 });
    expect(await again([folder])).toHaveLength(2);
    body = 'second';
    expect(await again([folder])).toEqual([]);
    expect(asked.filter((line) => line.startsWith('/sub'))).toEqual(['/sub/file.txt -', '/sub/file.txt "first"', '/sub/file.txt "first"']);
    await box.ok(['build', '-q', '-t', 'url', folder]);
    expect((await texts('url'))['d/file.txt']).toBe('second');
  });

  test('ADD with --checksum asks nobody for what is here, and refuses what is something else', async () => {
    const sum = new Bun.CryptoHasher('sha256').update('plain').digest('hex');
    const folder = make('add-sum', { Dockerfile: `FROM scratch\nADD --checksum=sha256:${sum} ${at('/plain')} /x\n` });
    await box.ok(['build', '-q', folder]);
    asked.length = 0;
    await box.ok(['build', '-q', '--no-cache', folder]);
    expect(asked).toEqual([]);
    writeFileSync(join(folder, 'Dockerfile'), `FROM scratch\nADD --checksum=sha256:${'0'.repeat(64)} ${at('/moved')} /x\n`);
    const { code, stderr } = await box.skiff(['build', folder]);
    expect(code).toBe(1);
    expect(stderr).toContain(
      `digest mismatch sha256:${new Bun.CryptoHasher('sha256').update(body).digest('hex')}: sha256:${'0'.repeat(64)}`,
    );
    expect(stderr).toContain('Dockerfile:2');
  });

  test('ADD of what the server does not have, and --unpack of what is an archive', async () => {
    const folder = make('add-more', { Dockerfile: `FROM scratch\nADD ${at('/nope?token=secret')} /x\n` });
    const { code, stderr } = await box.skiff(['build', folder]);
    expect([code, stderr]).toEqual([1, expect.stringContaining(`failed to load ${at('/nope')}: invalid response status 404`)]);
    writeFileSync(join(folder, 'Dockerfile'), `FROM scratch\nADD --unpack=true ${at('/context')} /in/\nADD ${at('/context')} /as/\n`);
    await box.ok(['build', '-q', '-t', 'more', folder]);
    const files = await filesOf('more');
    expect(files.get('in/x')?.body).toBe('served');
    expect(files.has('as/context')).toBe(true);
  });
});

describe('contexts by name', () => {
  test('an OCI layout: by tag, by digest, and alone', async () => {
    await box.ok(['pull', '-q', image('busybox')]);
    const layout = join(box.files, 'layout');
    await box.ok(['image', 'copy', image('busybox'), `oci:${layout}:here`]);
    const index = JSON.parse(await Bun.file(join(layout, 'index.json')).text());
    const digest: string = index.manifests[0].digest;
    const folder = make('layout-build', { Dockerfile: 'FROM base\nCOPY --from=base /etc/passwd /copied\n' });
    for (const name of [`${layout}:here`, layout, `${layout}@${digest}`]) {
      await box.ok(['build', '-q', '-t', 'layout', '--build-context', `base=oci-layout://${name}`, folder]);
      expect(await texts('layout')).toHaveProperty('copied');
    }
    const other = await box.skiff(['build', '--build-context', `base=oci-layout://${layout}@sha256:${'0'.repeat(64)}`, folder]);
    expect([other.code, other.stderr]).toEqual([1, expect.stringContaining('it has no image sha256:0000')]);
  });

  test('a folder that only its owner may read is no reason to fail; one that nobody may is', async () => {
    const folder = make('closed', { Dockerfile: 'FROM scratch\nCOPY . /\n', 'in/x': 'X' });
    Bun.spawnSync(['chmod', '700', join(folder, 'in')]);
    await box.ok(['build', '-q', folder]);
    Bun.spawnSync(['chmod', '0', folder]);
    const { code, stderr } = await box.skiff(['build', folder]);
    Bun.spawnSync(['chmod', '755', folder]);
    if (process.getuid?.() === 0) return;
    expect([code, stderr]).toEqual([1, expect.stringContaining('permission denied')]);
    expect(statSync(join(folder, 'in')).isDirectory()).toBe(true);
  });
});

async function freePort(): Promise<number> {
  const probe = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data: () => undefined } });
  const { port } = probe;
  probe.stop(true);
  return port;
}
