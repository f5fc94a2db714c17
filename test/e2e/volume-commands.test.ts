// `volume create`, `ls`, `inspect`, `rm`, `prune`: Docker's words and shapes, and what is in use stays.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const names = async (...filters: string[]) =>
  (await box.ok(['volume', 'ls', '-q', ...filters.flatMap((filter) => ['--filter', filter])])).split('\n').filter(Boolean);
const folder = (name: string): string => join(box.root, 'volumes', name);
const clear = async () => {
  const all = await names();
  if (all.length > 0) await box.ok(['volume', 'rm', '--purge', ...all]);
};
afterEach(clear);

describe('create', () => {
  test('prints the name; the same name again is the same volume', async () => {
    expect(await box.ok(['volume', 'create', '--label', 'a=1', '--label', 'b', 'data'])).toBe('data');
    writeFileSync(join(folder('data'), '_data/kept'), '');
    expect(await box.ok(['volume', 'create', '--label', 'a=2', 'data'])).toBe('data');
    expect(existsSync(join(folder('data'), '_data/kept'))).toBe(true);
    expect(JSON.parse(await box.ok(['volume', 'inspect', 'data']))).toEqual([
      {
        CreatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(Z|[+-]\d\d:\d\d)$/),
        Driver: 'local',
        Labels: { a: '1', b: '' },
        Mountpoint: join(folder('data'), '_data'),
        Name: 'data',
        Options: null,
        Scope: 'local',
      },
    ]);
  });

  test('without a name it is anonymous, with Docker’s label', async () => {
    const name = await box.ok(['volume', 'create', '-d', 'local']);
    expect(name).toMatch(/^[0-9a-f]{64}$/);
    expect(await box.ok(['volume', 'inspect', '-f', '{{json .Labels}}', name])).toBe('{"com.docker.volume.anonymous":""}');
  });

  test.each([
    [
      ['../data'],
      'create ../data: "../data" includes invalid characters for a local volume name, only "[a-zA-Z0-9][a-zA-Z0-9_.-]" are allowed',
    ],
    [['..'], 'create ..: ".." includes invalid characters for a local volume name'],
    [['/srv/data'], 'create /srv/data: "/srv/data" includes invalid characters for a local volume name'],
    [['x'], 'create x: volume name is too short, names should be at least two alphanumeric characters'],
    [['-d', 'nfs', 'data'], 'create data: error looking up volume plugin nfs: plugin "nfs" not found'],
    [['-o', 'foo=1', 'data'], 'create data: invalid option: "foo"'],
    [['-o', 'size=1g', 'data'], 'create data: quota size requested but no quota support'],
    [['-o', 'type=tmpfs', 'data'], 'create data: missing required option: "device"'],
    [['-o', 'type=nfs', '-o', 'device=:/a', '-o', 'o=addr=10.0.0.1', 'data'], 'create data: a volume of type "nfs" needs root'],
    [['-o', 'type=none', '-o', 'o=bind', '-o', 'device=/a/../b', 'data'], 'create data: the device "/a/../b" has ".." in it'],
    [['-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=lots', 'data'], 'create data: "size=lots" is no mount option of a tmpfs'],
  ])('%j is refused in one sentence, and nothing is made', async (words, sentence) => {
    const { stdout, stderr, code } = await box.skiff(['volume', 'create', ...words]);
    expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    expect(stderr).toContain(`skiff: ${sentence}`);
    expect(await names()).toEqual([]);
  });

  test.each([
    [['a', 'b'], 1, "'skiff volume create' requires at most 1 argument"],
    [['--label', '=x', 'data'], 125, "invalid label '=x': empty name"],
    [['--scope', 'multi', 'data'], 125, 'not supported: there is no swarm'],
  ])('the call %j is refused', async (words, exitCode, sentence) => {
    const { stderr, code } = await box.skiff(['volume', 'create', ...words]);
    expect([code, stderr]).toEqual([exitCode, expect.stringContaining(sentence)]);
    expect(await names()).toEqual([]);
  });

  test('a name that is taken with other options is refused, with the same it is the same volume', async () => {
    const tmpfs = ['-o', 'type=tmpfs', '-o', 'device=tmpfs', '-o', 'o=size=1m'];
    await box.ok(['volume', 'create', ...tmpfs, 'scratch']);
    expect(await box.ok(['volume', 'create', ...tmpfs, 'scratch'])).toBe('scratch');
    expect(await box.ok(['volume', 'create', 'scratch'])).toBe('scratch');
    const { stderr, code } = await box.skiff(['volume', 'create', '-o', 'type=tmpfs', '-o', 'device=tmpfs', 'scratch']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('a volume with that name already exists, with other options: conflict')]);
    expect(await box.ok(['volume', 'inspect', '-f', '{{json .Options}}', 'scratch'])).toBe(
      '{"device":"tmpfs","o":"size=1m","type":"tmpfs"}',
    );
  });

  test('volume update is refused: it is Docker’s for clusters', async () => {
    const { stderr, code } = await box.skiff(['volume', 'update', 'data']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('cluster volumes only')]);
  });
});

describe('ls and inspect', () => {
  beforeEach(async () => {
    await box.ok(['volume', 'create', '--label', 'tier=front', 'web']);
    await box.ok(['volume', 'create', '--label', 'tier', 'web-cache']);
    await box.ok(['volume', 'create', 'db']);
  });

  test('the table is Docker’s, by name', async () => {
    expect(await box.ok(['volume', 'ls'])).toBe('DRIVER    VOLUME NAME\nlocal     db\nlocal     web\nlocal     web-cache');
    expect(await box.ok(['volume', 'list', '-q'])).toBe('db\nweb\nweb-cache');
    expect(await box.ok(['volume', 'ls', '--format', '{{.Name}} {{.Driver}} {{.Scope}} {{.Label "tier"}}'])).toBe(
      'db local local \nweb local local front\nweb-cache local local ',
    );
    const json = (await box.ok(['volume', 'ls', '--format', 'json'])).split('\n').map((line) => JSON.parse(line));
    expect(json[1]).toEqual({
      Availability: 'N/A',
      Driver: 'local',
      Group: 'N/A',
      Labels: 'tier=front',
      Links: 'N/A',
      Mountpoint: join(folder('web'), '_data'),
      Name: 'web',
      Scope: 'local',
      Size: 'N/A',
      Status: 'N/A',
    });
  });

  test('filters: name, label, driver, dangling', async () => {
    await box.ok(['create', '--name', 'user', '-v', 'web:/data', busybox, 'true']);
    expect(await names('name=web')).toEqual(['web', 'web-cache']);
    expect(await names('name=^web$', 'name=db')).toEqual(['db', 'web']);
    expect(await names('label=tier')).toEqual(['web', 'web-cache']);
    expect(await names('label=tier=front')).toEqual(['web']);
    expect(await names('driver=local', 'dangling=true')).toEqual(['db', 'web-cache']);
    expect(await names('dangling=0')).toEqual(['web']);
    expect(await names('driver=nfs')).toEqual([]);
    await box.ok(['rm', 'user']);
  });

  test.each([
    [['ls', '--filter', 'size=1'], 1, "invalid filter 'size'"],
    [['ls', '--filter', 'dangling=maybe'], 1, "invalid filter 'dangling=maybe'"],
    [['ls', '--filter', 'dangling'], 125, 'bad format of filter (expected name=value)'],
    [['ls', '--cluster'], 125, 'not supported: there is no swarm'],
    [['ls', '--format', '{{.Nope}}'], 1, "can't evaluate field Nope"],
    [['inspect'], 1, "'skiff volume inspect' requires at least 1 argument"],
    [['inspect', '../web'], 1, 'get ../web: no such volume'],
    [['prune', '-f', '--filter', 'until=1h'], 1, "invalid filter 'until'"],
    [['prune', '-f', '--filter', 'name=web'], 1, "invalid filter 'name'"],
    [['prune', '-f', '-a', '--filter', 'all=1'], 1, 'cannot specify both --all and --filter all=1'],
    [['frob'], 1, 'unknown command: skiff volume frob'],
  ])('volume %j is refused', async (words, exitCode, sentence) => {
    const { stderr, code } = await box.skiff(['volume', ...words]);
    expect([code, stderr]).toEqual([exitCode, expect.stringContaining(sentence)]);
    expect(await names()).toEqual(['db', 'web', 'web-cache']);
  });

  test('inspect shows what is there and tells what is not; with -s how much it is and who uses it', async () => {
    const { stdout, stderr, code } = await box.skiff(['volume', 'inspect', '-f', '{{.Name}}', 'web', 'nope', 'db']);
    expect({ stdout, code }).toEqual({ stdout: 'web\ndb\n', code: 1 });
    expect(stderr).toContain('Error: get nope: no such volume');
    await box.ok([
      'run',
      '--name',
      'writer',
      '--network',
      'none',
      '-v',
      'web:/data',
      busybox,
      'dd',
      'if=/dev/zero',
      'of=/data/f',
      'bs=1M',
      'count=2',
    ]);
    const [RefCount, Size] = (await box.ok(['volume', 'inspect', '-s', '-f', '{{.UsageData.RefCount}} {{.UsageData.Size}}', 'web'])).split(
      ' ',
    );
    expect([RefCount, Number(Size) >= 2 << 20, Number(Size) < 3 << 20]).toEqual(['1', true, true]);
    await box.ok(['rm', 'writer']);
  });
});

test('inspect without a type finds a volume, too; with it nothing else', async () => {
  await box.ok(['volume', 'create', 'found']);
  expect(await box.ok(['inspect', '-f', '{{.Name}} {{.Driver}}', 'found'])).toBe('found local');
  expect(await box.ok(['inspect', '--type', 'volume', '-f', '{{.Mountpoint}}', 'found'])).toBe(join(folder('found'), '_data'));
  expect((await box.skiff(['inspect', '--type', 'volume', busybox])).stderr).toContain('no such volume');
  expect((await box.skiff(['inspect', 'nothing-at-all'])).stderr).toContain('No such object: nothing-at-all');
});

describe('rm', () => {
  test('a volume that a container names, running or not, is not removed, in Docker’s words; -f changes nothing', async () => {
    const id = await box.ok(['create', '--name', 'user', '-v', 'data:/data', busybox, 'true']);
    const sentence = `skiff: remove data: volume is in use - [${id}]`;
    for (const flags of [[], ['-f'], ['--purge']]) {
      const { stdout, stderr, code } = await box.skiff(['volume', 'rm', ...flags, 'data']);
      expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
      expect(stderr).toContain(sentence);
    }
    expect(await names()).toEqual(['data']);
    await box.ok(['rm', 'user']);
    expect(await box.ok(['volume', 'rm', 'data'])).toBe('data');
    expect(await names()).toEqual([]);
  });

  test('several: what can go goes, the others are told of; -f forgives what is not there', async () => {
    await box.ok(['volume', 'create', 'one']);
    await box.ok(['volume', 'create', 'two']);
    const { stdout, stderr, code } = await box.skiff(['volume', 'rm', 'one', 'nope', '../two', 'two']);
    expect({ stdout, code }).toEqual({ stdout: 'one\ntwo\n', code: 1 });
    expect(stderr).toContain('skiff: get nope: no such volume');
    expect(stderr).toContain('skiff: get ../two: no such volume');
    expect(await box.skiff(['volume', 'remove', '--force', 'nope'])).toEqual({ stdout: 'nope\n', stderr: '', code: 0 });
  });

  test('a volume whose record is lost is told of, and goes by force alone', async () => {
    mkdirSync(join(folder('lost'), '_data'), { recursive: true });
    const { stderr, code } = await box.skiff(['volume', 'rm', 'lost']);
    expect([code, stderr]).toEqual([1, expect.stringContaining('no such volume')]);
    expect(existsSync(folder('lost'))).toBe(true);
    await box.ok(['volume', 'rm', '-f', 'lost']);
    expect(existsSync(folder('lost'))).toBe(false);
  });

  test('rm -v and --rm take anonymous volumes alone', async () => {
    await box.ok(['create', '--name', 'mixed', '-v', '/own', '-v', 'named:/named', busybox, 'true']);
    expect(await names()).toHaveLength(2);
    await box.ok(['rm', '-v', 'mixed']);
    expect(await names()).toEqual(['named']);
    await box.ok(['run', '--rm', '--network', 'none', '-v', '/own', '-v', 'named:/named', busybox, 'true']);
    expect(await names()).toEqual(['named']);
  });
});

describe('prune', () => {
  beforeEach(async () => {
    await box.ok(['volume', 'create', '--label', 'keep', 'kept']);
    await box.ok(['volume', 'create', 'free']);
    await box.ok(['create', '--name', 'user', '-v', 'used:/data', '-v', '/anonymous', busybox, 'true']);
  });
  afterEach(async () => {
    await box.skiff(['rm', '-f', 'user']);
  });

  test('takes the anonymous ones that no container names; -a all of them; filters choose', async () => {
    const anonymous = await box.ok(['volume', 'create']);
    expect(await box.ok(['volume', 'prune', '-f'])).toMatch(
      new RegExp(`^Deleted Volumes:\n${anonymous}\n\nTotal reclaimed space: [\\d.]+kB$`),
    );
    expect(await box.ok(['volume', 'prune', '-f'])).toBe('Total reclaimed space: 0B');
    expect(await box.ok(['volume', 'prune', '-f', '-a', '--filter', 'label=nope'])).toBe('Total reclaimed space: 0B');
    expect(await box.ok(['volume', 'prune', '-f', '--filter', 'all=true', '--filter', 'label!=keep'])).toMatch(
      /^Deleted Volumes:\nfree\n\n/,
    );
    expect(await box.ok(['volume', 'prune', '-af'])).toMatch(/^Deleted Volumes:\nkept\n\n/);
    expect((await names()).filter((name) => !/^[0-9a-f]{64}$/.test(name))).toEqual(['used']);
    expect(await names()).toHaveLength(2);
    expect(await box.ok(['events', '--since', '1h', '--until', '0s', '--filter', 'type=volume', '--filter', 'event=prune'])).toMatch(
      / volume prune {2}\(reclaimed=\d+\)/,
    );
  });

  test('--dry-run tells, and takes nothing', async () => {
    expect(await box.ok(['volume', 'prune', '-a', '--dry-run'])).toMatch(
      /^Volumes that would be deleted:\nfree\nkept\n\nSpace that would be reclaimed: [\d.]+kB$/,
    );
    expect(await names('name=free', 'name=kept')).toEqual(['free', 'kept']);
  });

  test('it asks first, in Docker’s words', async () => {
    const question = 'Are you sure you want to continue? [y/N] ';
    expect(await box.skiff(['volume', 'prune'], { stdin: 'n\n' })).toEqual({
      stdout: `WARNING! This will remove anonymous local volumes not used by at least one container.\n${question}`,
      stderr: '',
      code: 0,
    });
    const { stdout } = await box.skiff(['volume', 'prune', '-a'], { stdin: 'y\n' });
    expect(stdout).toContain(
      `WARNING! This will remove all local volumes not used by at least one container.\n${question}Deleted Volumes:\nfree\nkept\n`,
    );
  });
});

test('making, mounting, unmounting and removing are events, as Docker’s', async () => {
  await box.ok(['volume', 'create', 'told']);
  const id = await box.ok(['run', '-d', '--name', 'user', '--network', 'none', '-v', 'told:/data:ro', busybox, 'true']);
  await box.ok(['wait', 'user']);
  await box.ok(['rm', '-f', 'user']);
  await box.ok(['volume', 'rm', 'told']);
  const lines = (
    await box.ok([
      'events',
      '--since',
      '1h',
      '--until',
      '0s',
      '--filter',
      'volume=told',
      '--format',
      '{{.Action}} {{json .Actor.Attributes}}',
    ])
  ).split('\n');
  expect(lines).toEqual([
    'create {"driver":"local"}',
    `mount {"container":"${id}","destination":"/data","driver":"local","propagation":"","read/write":"false"}`,
    `unmount {"container":"${id}","driver":"local"}`,
    'destroy {"driver":"local"}',
  ]);
});

test('the shells complete the names of volumes', async () => {
  await box.ok(['volume', 'create', 'complete-me']);
  const words = Bun.spawnSync(
    [
      'bash',
      '-c',
      `skiff() { "${process.env.SKIFF_TEST_BINARY ?? join(process.cwd(), 'dist/skiff')}" "$@"; }; source <(skiff completion bash); _skiff_words volume rm`,
    ],
    {
      env: box.env,
    },
  );
  expect(words.stdout.toString().split('\n')).toContain('complete-me');
});
