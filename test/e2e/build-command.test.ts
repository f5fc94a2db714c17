// The build command: its flags, what it prints in each form of progress, its exit codes, Ctrl-C, and the shell in a stopped build. What is built is the
// business of the other files.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { contextOf } from './support/build-context.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
let context = '';

beforeAll(async () => {
  await box.ok(['pull', '--quiet', image('busybox')]);
  await box.ok(['tag', image('busybox'), 'busybox']);
  context = contextOf(box, 'context', {
    Dockerfile: 'FROM busybox AS base\nARG A=1\nRUN echo one; echo two >&2; echo $A > /a\nFROM base\nCOPY file /file\n',
    Failing: 'FROM busybox\nWORKDIR /w\n\nRUN echo kept > kept; echo "said $((40 + 2))"; exit 7\nRUN echo never\n',
    Sleeping: 'FROM busybox\nRUN echo asleep; sleep 600\n',
    Chatty: [
      'FROM busybox AS left',
      'RUN for i in 1 2 3 4 5 6 7 8; do printf "left $i \\033[2J\\033[31m漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字漢字\\n"; sleep 0.1; done',
      'FROM busybox AS right',
      'RUN for i in 1 2 3 4 5 6 7 8; do echo "right $i"; sleep 0.1; done',
      'FROM busybox',
      'COPY --from=left /etc/passwd /left',
      'COPY --from=right /etc/passwd /right',
      '',
    ].join('\n'),
    file: 'file\n',
  });
});

const build = (...args: string[]) => box.skiff(['build', ...args, context]);
const inFile = (name: string): string[] => ['-f', join(context, name)];
const BASE = /docker\.io\/library\/busybox:latest@sha256:[0-9a-f]{64}/g;
/** Without what differs from run to run. */
const timeless = (text: string): string =>
  text
    .replace(BASE, 'BUSYBOX')
    .replace(/sha256:[0-9a-f]{64}/g, 'sha256:ID')
    .replace(/^(#\d+) \d+\.\d+ /gm, '$1 0.0 ')
    .replace(/\d+\.\d+s$/gm, '0.0s');

describe('progress', () => {
  test('plain: a line for each thing that happens, by step', async () => {
    const { code, stdout, stderr } = await build('--progress', 'plain', '--no-cache', '-t', 'plain');
    expect({ code, stdout, stderr: timeless(stderr) }).toEqual({
      code: 0,
      stdout: '',
      stderr: `#1 [internal] load build definition from Dockerfile
#1 DONE 0.0s

#2 [internal] load metadata for docker.io/library/busybox:latest
#2 DONE 0.0s

#3 [base 1/2] FROM BUSYBOX
#3 CACHED

#4 [base 2/2] RUN echo one; echo two >&2; echo 1 > /a
#4 0.0 one
#4 0.0 two
#4 DONE 0.0s

#5 [stage-1 1/1] COPY file /file
#5 DONE 0.0s

#6 exporting to image
#6 exporting layers done
#6 writing image sha256:ID done
#6 naming to docker.io/library/plain:latest done
#6 DONE 0.0s

`,
    });
  });

  test('where standard error is no terminal it is plain; a step from the cache says so', async () => {
    await build();
    const { stderr } = await build();
    expect(timeless(stderr)).toContain('\n#4 [base 2/2] RUN echo one; echo two >&2; echo 1 > /a\n#4 CACHED\n');
  });

  test('-q prints the id on standard output, and nothing else', async () => {
    const { code, stdout, stderr } = await build('-q', '-t', 'quiet');
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toBe(`${await box.ok(['image', 'inspect', '--format', '{{.Id}}', 'quiet'])}\n`);
  });

  test('rawjson: documents as BuildKit’s, a line each, also when the environment asks for it', async () => {
    const { stderr } = await box.skiff(['build', '--no-cache', context], { env: { BUILDKIT_PROGRESS: 'rawjson' } });
    const documents = stderr
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const vertexes = documents.flatMap(({ vertexes = [] }) => vertexes);
    const run = vertexes.findLast(({ name }) => name.startsWith('[base 2/2] RUN'));
    expect(run).toMatchObject({ digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/) });
    expect(Date.parse(run.completed)).toBeGreaterThanOrEqual(Date.parse(run.started));
    const logs = documents.flatMap(({ logs = [] }) => logs).filter(({ vertex }) => vertex === run.digest);
    const said = (stream: number): string =>
      logs
        .filter((log) => log.stream === stream)
        .map(({ data }) => atob(data))
        .join('');
    expect([said(1), said(2)]).toEqual(['one\n', 'two\n']);
  });

  test('tty: live output of steps side by side, nothing wider than the terminal, escapes harmless, a summary that stays', async () => {
    const terminal = box.terminal(['build', '--no-cache', '--progress', 'tty', ...inFile('Chatty'), context], { columns: 60, rows: 14 });
    await terminal.waitFor(/=> => # right 2/);
    terminal.resize(44, 14);
    await terminal.waitFor(/=> => # right 7/);
    expect(await terminal.ended()).toBe(0);
    const shown = terminal.output();
    expect(shown).not.toContain('\u001b[2J');
    const lines = shown.split('\n').map((line) => Bun.stripANSI(line));
    expect(lines.some((line) => line.includes('=> => # left 3 漢字'))).toBe(true);
    expect(Math.max(...lines.map((line) => Bun.stringWidth(line)))).toBeLessThan(60);
    const last = lines.slice(lines.findLastIndex((line) => line.startsWith('[+] Building')));
    expect(last[0]).toMatch(/^\[\+\] Building \d+\.\ds \((\d+)\/\1\) FINISHED$/);
    expect(Math.max(...last.map((line) => Bun.stringWidth(line)))).toBeLessThan(44);
    expect(last.filter((line) => /^ => \[(left|right) 2\/2\] RUN/.test(line))).toHaveLength(2);
    expect(last.join('\n')).not.toContain('=> #');
    expect(shown.lastIndexOf('\u001b[?25h')).toBeGreaterThan(shown.lastIndexOf('\u001b[?25l'));
  });

  test.each([
    [['--progress', 'tty'], {}, 'failed to get console: standard error is not a terminal'],
    [['--progress', 'plain', '-q'], {}, 'progress=plain and quiet cannot be used together'],
    [[], { BUILDKIT_PROGRESS: 'loud' }, 'BUILDKIT_PROGRESS="loud" is no kind of progress'],
  ])('%j with %j is refused', async (args, env, message) => {
    const { code, stderr } = await box.skiff(['build', ...args, context], { env });
    expect({ code, first: stderr.split('\n')[0] }).toEqual({ code: 1, first: `skiff: ${message}` });
  });
});

test('--explain says of each step why it was not found', async () => {
  await build();
  const { stderr } = await build('--explain', '--build-arg', 'A=2');
  expect(stderr).toMatch(/^#\d+ MISS: .*\bA\b/m);
  expect((await build('--explain', '--build-arg', 'A=2')).stderr).toMatch(/^#\d+ HIT$/m);
});

test('it answers to every name that Docker has for it', async () => {
  const id = await box.ok(['build', '-q', context]);
  for (const words of [
    ['image', 'build'],
    ['builder', 'build'],
    ['buildx', 'build'],
    ['buildx', 'b'],
  ]) {
    expect(await box.ok([...words, '-q', context])).toBe(id);
  }
});

test('flags that say what is always so are taken', async () => {
  const flags = ['--rm', '--force-rm', '--compress', '--layers', '--isolation', 'default', '--builder', 'default', '--pull=false'];
  expect((await build('-q', ...flags)).code).toBe(0);
});

test('podman’s --format says the media types of the image', async () => {
  const typeOf = async (format: string): Promise<string> => {
    const folder = contextOf(box, `format-${format}`, { Dockerfile: `FROM busybox\nENV FORMAT=${format}\n` });
    const file = join(box.files, `${format}.json`);
    await box.ok(['build', '-q', '--format', format, '--metadata-file', file, folder]);
    return JSON.parse(readFileSync(file, 'utf8'))['containerimage.descriptor'].mediaType;
  };
  expect(await typeOf('docker')).toBe('application/vnd.docker.distribution.manifest.v2+json');
  expect(await typeOf('oci')).toBe('application/vnd.oci.image.manifest.v1+json');
});

test('proxies of Docker’s config.json reach RUN, and no layer or history', async () => {
  const config = join(box.files, 'docker-config');
  mkdirSync(config, { recursive: true });
  writeFileSync(join(config, 'config.json'), JSON.stringify({ proxies: { default: { httpProxy: 'http://proxy.example:3128' } } }));
  const folder = contextOf(box, 'proxied', { Dockerfile: 'FROM busybox\nRUN echo "$HTTP_PROXY $http_proxy"\n' });
  const { stderr } = await box.skiff(['build', '-t', 'proxied', folder], { env: { DOCKER_CONFIG: config } });
  expect(stderr).toContain(' http://proxy.example:3128 http://proxy.example:3128\n');
  expect(await box.ok(['history', '--no-trunc', 'proxied'])).not.toContain('proxy.example');
  expect(await box.ok(['image', 'inspect', 'proxied'])).not.toContain('proxy.example');
});

describe('--ssh with keys', () => {
  const folder = () =>
    contextOf(box, 'ssh', {
      Dockerfile: 'FROM busybox\nRUN --mount=type=ssh test -S "$SSH_AUTH_SOCK" && echo has an agent\n',
      noKey: 'no key\n',
    });

  test('an agent of the build’s own holds them, and is gone with it', async () => {
    const key = join(folder(), 'key');
    expect(Bun.spawnSync(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', key]).exitCode).toBe(0);
    const { code, stderr } = await box.skiff(['build', '--no-cache', '--ssh', `default=${key}`, folder()]);
    expect({ code, said: / has an agent$/m.test(stderr) }).toEqual({ code: 0, said: true });
  });

  test('what is no key is refused before anything is built', async () => {
    const { code, stderr } = await box.skiff(['build', '--ssh', `default=${join(folder(), 'noKey')}`, folder()]);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /^skiff: Cannot forward ssh agent "default": ssh-add refused a key: \S.*\nName private keys that you alone may read\n$/,
    );
  });
});

describe('a build that fails', () => {
  test('ends with 1 and says which step, its last lines, and where it stands', async () => {
    const { code, stdout, stderr } = await build('-q', ...inFile('Failing'));
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toContain('did not complete successfully: exit code: 7\n');
    expect(stderr).toMatch(/^------\n > \[3\/4\] RUN echo kept.*:\n\d+\.\d+ said 42\n------\n/);
    expect(stderr).toContain('\n   4 | >>> RUN echo kept > kept; echo "said $((40 + 2))"; exit 7\n');
    expect(stderr).toContain('--on-error shell');
  });

  test('on a terminal its step is marked in the summary', async () => {
    const terminal = box.terminal(['build', ...inFile('Failing'), context], { columns: 90 });
    expect(await terminal.ended()).toBe(1);
    expect(terminal.output()).toContain(' ERROR\u001b[K\n');
    expect(terminal.output()).toMatch(/=> ERROR \[3\/4\] RUN echo kept/);
    expect(terminal.output()).not.toContain('[4/4]');
  });
});

describe('a shell in a build that stopped', () => {
  const left = async () => [await box.ok(['images', '-aq', '--filter', 'dangling=true']), await box.ok(['ps', '-aq'])];

  test('--on-error shell: in the rootfs as the step left it, with its folder; the build still failed', async () => {
    const before = await left();
    const { code, stdout, stderr } = await box.skiff(['build', '--on-error', 'shell', ...inFile('Failing'), context], {
      stdin: 'pwd; cat kept; exit 3\n',
    });
    expect({ code, stdout }).toEqual({ code: 1, stdout: '/w\nkept\n' });
    expect(stderr).toContain('A shell where the build stopped, at [3/4] RUN echo kept');
    expect(await left()).toEqual(before);
  });

  test('--shell-at: before the step, on a terminal', async () => {
    const before = await left();
    const terminal = box.terminal(['build', '--shell-at', ':4', ...inFile('Failing'), context]);
    await terminal.waitFor(/A shell where the build stopped/);
    await terminal.waitFor(/# /);
    terminal.type('ls -A; echo "in $PWD"; exit\n');
    await terminal.waitFor(/in \/w/);
    expect(await terminal.ended()).toBe(0);
    expect(terminal.output()).not.toContain('kept\n');
    expect(await left()).toEqual(before);
  });

  test('--shell-at a step that is not there says which there may be', async () => {
    const { code, stderr } = await build('--shell-at', '9');
    expect(code).toBe(1);
    expect(stderr).toContain('skiff: failed to solve: No step of this build is "9"\n');
  });
});

test('Ctrl-C ends a build with 130, and its steps', async () => {
  const terminal = box.terminal(['build', ...inFile('Sleeping'), context]);
  await terminal.waitFor(/=> => # asleep/);
  terminal.type('\u0003');
  expect(await terminal.ended()).toBe(130);
  expect(terminal.output()).toContain('skiff: Interrupted\n');
});

describe('bad flags', () => {
  test.each([
    [['--secret', 'src=x'], 'invalid argument "src=x" for "--secret" flag: secret missing ID: give it as id=NAME'],
    [['--ssh', '=x'], 'invalid argument "=x" for "--ssh" flag: an id is needed: default, or ID=SOCKET|KEY'],
    [
      ['--cache-from', 'type=gha'],
      'invalid argument "type=gha" for "--cache-from" flag: cache type "gha" is not supported: use registry, local or inline',
    ],
    [['--cache-to', 'type=local'], 'invalid argument "type=local" for "--cache-to" flag: dest is required for a local cache'],
    [
      ['--attest', 'mode=max'],
      'invalid argument "mode=max" for "--attest" flag: attestation type not specified: use type=sbom or type=provenance',
    ],
    [
      ['--provenance', 'mode=most'],
      'invalid argument "mode=most" for "--provenance" flag: invalid mode "most" of provenance: use min or max',
    ],
    [['--build-context', 'x'], 'invalid argument "x" for "--build-context" flag: invalid context value: x, expected key=value'],
    [['--build-arg', '=x'], 'invalid argument "=x" for "--build-arg" flag: invalid build argument "=x": it has no name'],
    [
      ['-t', 'Upper'],
      'invalid argument "Upper" for "-t, --tag" flag: invalid reference format: repository name (library/Upper) must be lowercase',
    ],
    [
      ['--platform', 'a/b/c/d'],
      'invalid argument "a/b/c/d" for "--platform" flag: "a/b/c/d" is an invalid platform: it must be OS[/ARCH[/VARIANT]]',
    ],
    [
      ['--network', 'web'],
      'invalid argument "web" for "--network" flag: network mode "web" is not supported for RUN: use default, none or host',
    ],
    [
      ['--allow', 'root'],
      'invalid argument "root" for "--allow" flag: unknown entitlement "root": use network.host, security.insecure or device',
    ],
    [['--ulimit', 'nofile'], 'invalid argument "nofile" for "--ulimit" flag: invalid ulimit argument: nofile'],
    [['--shm-size', 'big'], 'invalid argument "big" for "--shm-size" flag: invalid size: \'big\''],
    [['--add-host', 'x'], 'invalid argument "x" for "--add-host" flag: bad format for add-host: "x"'],
    [['--jobs', '0'], 'invalid argument "0" for "--jobs" flag: must be a number from 1'],
    [['--call', 'sing'], 'invalid argument "sing" for "--call" flag: must be one of "build", "check", "outline", "targets"'],
    [['--rm=false'], 'invalid argument "false" for "--rm" flag: there are no intermediate containers to keep'],
    [['--layers=false'], 'invalid argument "false" for "--layers" flag: each step makes a layer: use --squash for one in all'],
    [['--builder', 'cloud'], 'invalid argument "cloud" for "--builder" flag: there is one builder, "default": nothing runs beside a build'],
    [['--isolation', 'hyperv'], 'invalid argument "hyperv" for "--isolation" flag: the only isolation on Linux is "default"'],
    [['--on-error', 'retry'], 'invalid argument "retry" for "--on-error" flag: must be one of "shell"'],
    [
      ['-v', '/a:/b'],
      'invalid argument "/a:/b" for "-v, --volume" flag: not supported: what RUN is to see is named with --build-context NAME=PATH and RUN --mount=type=bind,from=NAME',
    ],
    [['--no-such'], 'unknown flag: --no-such'],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await build(...args);
    expect({ code, stdout, first: stderr.split('\n')[0] }).toEqual({ code: 125, stdout: '', first: `skiff: ${message}` });
  });

  test.each([
    [['--secret', 'id=x,src=/no/such'], 'Cannot read the secret "x": "/no/such" does not exist'],
    [['--ssh', 'default'], 'Cannot forward ssh agent "default": invalid empty ssh agent socket: SSH_AUTH_SOCK is not set'],
    [['--lock', '--locked'], 'Conflicting options: cannot specify both --lock and --locked'],
    [['--build-arg', 'SOURCE_DATE_EPOCH=now'], 'invalid SOURCE_DATE_EPOCH: "now"'],
  ])('%j', async (args, message) => {
    const { code, stderr } = await box.skiff(['build', ...args, context], { env: { SSH_AUTH_SOCK: '' } });
    expect({ code, first: stderr.split('\n')[0] }).toEqual({ code: 1, first: `skiff: ${message}` });
  });

  test('no context, and two', async () => {
    expect(await box.skiff(['build'])).toMatchObject({
      code: 1,
      stderr: expect.stringContaining("skiff: 'skiff build' requires 1 argument\n"),
    });
    expect(await box.skiff(['build', '.', '.'])).toMatchObject({ code: 1 });
  });
});
