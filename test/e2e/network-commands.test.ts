// The `network` commands, and what `create` and `inspect` make of networks, as far as no container runs. With running ones: network-members.test.ts.
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const network = (...args: string[]) => box.ok(['network', ...args]);
const custom = async () => (await network('ls', '--filter', 'type=custom', '--format', '{{.Name}}')).split('\n').filter(Boolean);
const clear = async () => void (await network('prune', '-f'));
const inspect = (format: string, ...names: string[]) => box.ok(['inspect', '-f', format, ...names]);

/** The first line of the refusal and the exit code. */
async function refused(...args: string[]): Promise<{ line: string | undefined; code: number }> {
  const { stdout, stderr, code } = await box.skiff(args);
  expect(stdout).toBe('');
  return { line: stderr.split('\n')[0]?.replace(/^skiff: /, ''), code };
}

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});
afterEach(async () => {
  const all = await box.ok(['ps', '-aq']);
  if (all) await box.ok(['rm', '-f', ...all.split('\n')]);
  await clear();
});

describe('create, ls, inspect, rm', () => {
  test('create prints the id; ls shows Docker’s columns, quiet ids, templates and JSON', async () => {
    const id = await network('create', '--label', 'a=1', '--label', 'b', 'app');
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    const lines = (await network('ls')).split('\n').map((line) => line.split(/ {2,}/));
    expect(lines).toEqual([
      ['NETWORK ID', 'NAME', 'DRIVER', 'SCOPE'],
      [id.slice(0, 12), 'app', 'bridge', 'local'],
      [expect.stringMatching(/^[0-9a-f]{12}$/), 'bridge', 'bridge', 'local'],
      [expect.stringMatching(/^[0-9a-f]{12}$/), 'host', 'host', 'local'],
      [expect.stringMatching(/^[0-9a-f]{12}$/), 'none', 'null', 'local'],
    ]);
    expect(await network('ls', '-q', '--filter', 'name=app')).toBe(id.slice(0, 12));
    expect(await network('list', '-q', '--no-trunc', '--filter', 'label=a=1')).toBe(id);
    expect(
      await network('ls', '--filter', `id=${id.slice(0, 5)}`, '--format', '{{.Name}} {{.IPv4}} {{.IPv6}} {{.Internal}} {{.Label "a"}}'),
    ).toBe('app true false false 1');
    expect(JSON.parse(await network('ls', '--filter', 'driver=bridge', '--filter', 'label=b', '--format', 'json'))).toEqual({
      CreatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)? [+-]\d{4} \w+$/),
      Driver: 'bridge',
      ID: id.slice(0, 12),
      IPv4: 'true',
      IPv6: 'false',
      Internal: 'false',
      Labels: 'a=1,b=',
      Name: 'app',
      Scope: 'local',
    });
  });

  test('inspect has Docker’s fields in Docker’s order', async () => {
    const id = await network(
      ...['create', '--subnet', '10.77.0.0/16,fd77::/64', '--ipv6', '--ip-range', '10.77.5.0/24', '--gateway', '10.77.5.254'],
      ...['--aux-address', 'router=10.77.1.1', '--internal', '--attachable', '--label', 'a=1', '-d', 'bridge', '--ipam-driver', 'default'],
      ...['-o', 'com.docker.network.driver.mtu=1400', '--scope', 'local', 'lab'],
    );
    const text = await network('inspect', 'lab');
    expect(JSON.parse(text)).toEqual([
      {
        Name: 'lab',
        Id: id,
        Created: expect.stringMatching(/^\d{4}-.*Z$/),
        Scope: 'local',
        Driver: 'bridge',
        EnableIPv4: true,
        EnableIPv6: true,
        IPAM: {
          Driver: 'default',
          Options: {},
          Config: [
            { Subnet: '10.77.0.0/16', IPRange: '10.77.5.0/24', Gateway: '10.77.5.254', AuxiliaryAddresses: { router: '10.77.1.1' } },
            { Subnet: 'fd77::/64', Gateway: 'fd77::1' },
          ],
        },
        Internal: true,
        Attachable: true,
        Ingress: false,
        ConfigFrom: { Network: '' },
        ConfigOnly: false,
        Containers: {},
        Options: { 'com.docker.network.driver.mtu': '1400' },
        Labels: { a: '1' },
      },
    ]);
    expect(Object.keys(JSON.parse(text)[0]).join(' ')).toBe(
      'Name Id Created Scope Driver EnableIPv4 EnableIPv6 IPAM Internal Attachable Ingress ConfigFrom ConfigOnly Containers Options Labels',
    );
    expect(
      await network('inspect', '-v', '-f', '{{range .IPAM.Config}}{{.Subnet}} {{.IPRange}};{{end}}{{len .Containers}}', id.slice(0, 10)),
    ).toBe('10.77.0.0/16 10.77.5.0/24;fd77::/64 ;0');
    expect(JSON.parse(await box.ok(['inspect', 'lab']))).toEqual(JSON.parse(text));
    expect(await inspect('{{.Driver}}', '--type', 'network', 'host')).toBe('host');
  });

  test('inspect shows what it finds and says what it does not', async () => {
    await network('create', 'app');
    const { stdout, stderr, code } = await box.skiff(['network', 'inspect', '-f', '{{.Name}}', 'gone', 'app']);
    expect({ stdout, line: stderr.split('\n')[0], code }).toEqual({ stdout: 'app\n', line: 'Error: network gone not found', code: 1 });
  });

  test('rm removes by name and id, several; what is not there is an error unless forced', async () => {
    await network('create', 'one');
    const two = await network('create', 'two');
    await network('create', 'three');
    const { stdout, stderr, code } = await box.skiff(['network', 'rm', 'one', 'gone', two.slice(0, 12)]);
    expect({ stdout, line: stderr.split('\n')[0], code }).toEqual({
      stdout: `one\n${two.slice(0, 12)}\n`,
      line: 'skiff: network gone not found',
      code: 1,
    });
    expect(await network('remove', '-f', 'gone', 'three')).toBe('three');
    expect(await custom()).toEqual([]);
    expect(readdirSync(join(box.root, 'networks')).toSorted()).toEqual(['bridge.json', 'lock']);
    expect(await refused('network', 'rm', 'bridge')).toEqual({ line: 'bridge is a pre-defined network and cannot be removed', code: 1 });
  });

  test('a network is reported by events', async () => {
    const id = await network('create', 'told');
    await network('rm', 'told');
    const since = ['events', '--since', '1h', '--until', '0s', '--filter', 'type=network', '--format', '{{.Action}} {{json .Actor}}'];
    const told = (await box.ok(since)).split('\n').filter((line) => line.includes(id));
    expect(told).toEqual(['create', 'destroy'].map((action) => `${action} {"ID":"${id}","Attributes":{"name":"told","type":"bridge"}}`));
  });
});

test('subnets come from the pools, none twice, the default network’s first; pools can be set', async () => {
  await network('create', 'one');
  await network('create', '--ipv6', 'two');
  const subnets = async (...names: string[]) =>
    network('inspect', '-f', '{{range .IPAM.Config}}{{.Subnet}} {{.Gateway}};{{end}}', ...names);
  const [bridge = '', one = '', two = ''] = (await subnets('bridge', 'one', 'two')).split('\n');
  for (const text of [bridge, one]) expect(text).toMatch(/^(172\.\d+|192\.168)\.[\d.]+\/(16|20) (172|192)\.[\d.]+\.1;$/);
  expect(two).toMatch(/^(172|192)\.[\d.]+\/(16|20) [\d.]+;fd[0-9a-f:]+::\/64 fd[0-9a-f:]+::1;$/);
  expect(new Set([bridge, one, two]).size).toBe(3);
  const home = join(box.files, 'home');
  mkdirSync(join(home, 'skiff'), { recursive: true });
  writeFileSync(join(home, 'skiff/networks.json'), '{"default-address-pools":[{"base":"10.200.0.0/23","size":24}]}');
  const env = { XDG_CONFIG_HOME: home };
  await box.ok(['network', 'create', 'three'], { env });
  await box.ok(['network', 'create', 'four'], { env });
  expect(await subnets('three', 'four')).toBe('10.200.0.0/24 10.200.0.1;\n10.200.1.0/24 10.200.1.1;');
  const full = await box.skiff(['network', 'create', 'five'], { env });
  expect([full.stderr.split('\n')[0], full.code]).toEqual(['skiff: all predefined address pools have been fully subnetted', 1]);
  writeFileSync(join(home, 'skiff/networks.json'), '{"pools":[]}');
  const broken = await box.skiff(['network', 'create', 'five'], { env });
  expect(broken.stderr.split('\n')[0]).toBe(
    `skiff: Cannot use the settings in "${home}/skiff/networks.json": a field is unknown or has the wrong type`,
  );
  expect(await custom()).toEqual(['four', 'one', 'three', 'two']);
});

test('a pool that the host has a route to is passed over', async () => {
  const routes = readFileSync('/proc/net/route', 'utf8')
    .split('\n')
    .slice(1)
    .map((line) => line.split('\t'));
  const route = routes.find(([, destination, , , , , , mask]) => destination !== '00000000' && (mask?.match(/F/g) ?? []).length >= 2);
  if (!route) throw new Error('This machine has no route but the default one');
  const bytes =
    (route[1] ?? '')
      .match(/../g)
      ?.reverse()
      .map((byte) => Number.parseInt(byte, 16)) ?? [];
  const home = join(box.files, 'routed');
  mkdirSync(join(home, 'skiff'), { recursive: true });
  const base = `${bytes[0]}.${bytes[1]}.${bytes[2]}.0/24`;
  writeFileSync(
    join(home, 'skiff/networks.json'),
    JSON.stringify({ 'default-address-pools': [base, '10.201.0.0/24'].map((base) => ({ base, size: 24 })) }),
  );
  await network('create', 'first');
  await box.ok(['network', 'create', 'app'], { env: { XDG_CONFIG_HOME: home } });
  expect(await network('inspect', '-f', '{{(index .IPAM.Config 0).Subnet}}', 'app')).toBe('10.201.0.0/24');
});

describe('what create refuses', () => {
  test('a name that is taken, or one of those that are always there', async () => {
    await network('create', 'app');
    expect(await refused('network', 'create', 'app')).toEqual({ line: 'network with name app already exists', code: 1 });
    expect(await refused('network', 'create', 'bridge')).toEqual({
      line: 'operation is not permitted on predefined bridge network',
      code: 1,
    });
    expect(await custom()).toEqual(['app']);
  });

  test('a subnet that overlaps another network’s', async () => {
    await network('create', '--subnet', '10.78.0.0/16', 'app');
    expect(await refused('network', 'create', '--subnet', '10.78.9.0/24', 'other')).toEqual({
      line: 'invalid pool request: Pool overlaps with other one on this address space: "10.78.9.0/24"',
      code: 1,
    });
    expect(await custom()).toEqual(['app']);
  });

  test.each([
    [['--subnet', '10.78.0.0'], 'invalid CIDR address: 10.78.0.0'],
    [['--subnet', '10.78.0.1/24'], 'invalid subnet 10.78.0.1/24: it should be 10.78.0.0/24'],
    [['--subnet', '10.78.0.0/24', '--gateway', '10.79.0.1'], 'no matching subnet for gateway 10.79.0.1'],
    [['--subnet', '10.78.0.0/24', '--subnet', '10.79.0.0/24'], "bridge driver doesn't support multiple subnets"],
    [['--ip-range', '10.78.0.0/25'], 'every ip-range or gateway must have a corresponding subnet'],
    [
      ['--driver', 'overlay'],
      'Cannot make a network with the driver "overlay": an overlay network spans the machines of a swarm, and there is none',
    ],
    [['-d', 'weave'], 'Cannot make a network with the driver "weave": could not find plugin weave in v1 plugin registry: plugin not found'],
    [['-o', 'colour=red'], 'Unknown driver option "colour"'],
    [
      ['-o', 'com.docker.network.driver.mtu=1'],
      'Invalid option "com.docker.network.driver.mtu=1": it must be a number of bytes from 68 to 65535',
    ],
    [['--ipam-driver', 'dhcp'], 'failed to retrieve ipam driver information for "dhcp": there is no such driver'],
    [['--ipam-opt', 'a=b'], 'Unknown IPAM option "a": the default driver has none'],
    [['--ipv4=false'], 'IPv4 or IPv6 must be enabled'],
    [['--config-only'], 'invalid argument "true" for "--config-only" flag: not supported: give the options to each network itself'],
    [['--config-from', 'x'], 'invalid argument "x" for "--config-from" flag: not supported: give the options to each network itself'],
    [['--ingress'], 'invalid argument "true" for "--ingress" flag: not supported: there is no swarm'],
    [
      ['--scope', 'swarm'],
      'invalid argument "swarm" for "--scope" flag: a network of the scope "swarm" needs a swarm: there is only "local"',
    ],
    [['--label', '=x'], 'invalid argument "=x" for "--label" flag: invalid label \'=x\': empty name'],
    [['-o', 'colour'], 'invalid argument "colour" for "-o, --opt" flag: "colour" must be written as name=value'],
  ])('%j', async (flags, line) => {
    expect((await refused('network', 'create', ...flags, 'bad')).line).toBe(line);
    expect(await custom()).toEqual([]);
  });

  test('a name with a slash', async () => {
    expect(await refused('network', 'create', 'a/b')).toEqual({
      line: 'Invalid network name "a/b": it can have no spaces and none of / , = :',
      code: 1,
    });
  });
});

describe('containers that are down', () => {
  const make = (...flags: string[]) => box.ok(['create', '--name', 'web', ...flags, busybox, 'true']);
  const networks = async () => JSON.parse(await inspect('{{json .NetworkSettings.Networks}}', 'web'));

  test('inspect and ps show the networks that create was given, with what was asked for of each', async () => {
    const app = await network('create', '--subnet', '10.80.0.0/24', '--ipv6', '--subnet', 'fd80::/64', 'app');
    const db = await network('create', 'db');
    const id = await make(
      ...['--network', 'app', '--ip', '10.80.0.7', '--ip6', 'fd80::7', '--network-alias', 'www', '--mac-address', '02:00:00:00:00:07'],
      ...['--network', `name=${db.slice(0, 12)},alias=w,alias=ww,gw-priority=5`],
    );
    const nothing = { Links: null, DriverOpts: null, EndpointID: '', Gateway: '', IPAddress: '', IPPrefixLen: 0, IPv6Gateway: '' };
    expect(await networks()).toEqual({
      app: {
        ...nothing,
        IPAMConfig: { IPv4Address: '10.80.0.7', IPv6Address: 'fd80::7' },
        Aliases: ['www'],
        MacAddress: '02:00:00:00:00:07',
        GwPriority: 0,
        NetworkID: app,
        GlobalIPv6Address: '',
        GlobalIPv6PrefixLen: 0,
        DNSNames: ['web', 'www', id.slice(0, 12)],
      },
      db: {
        ...nothing,
        IPAMConfig: null,
        Aliases: ['w', 'ww'],
        MacAddress: '',
        GwPriority: 5,
        NetworkID: db,
        GlobalIPv6Address: '',
        GlobalIPv6PrefixLen: 0,
        DNSNames: ['web', 'w', 'ww', id.slice(0, 12)],
      },
    });
    expect(await inspect('{{.HostConfig.NetworkMode}}', 'web')).toBe('app');
    expect(await box.ok(['ps', '-a', '--format', '{{.Networks}}'])).toBe('app,db');
    for (const wanted of ['app', 'db', app, db.slice(0, 12)]) {
      expect(await box.ok(['ps', '-aq', '--no-trunc', '--filter', `network=${wanted}`])).toBe(id);
    }
    expect(await box.ok(['ps', '-aq', '--filter', 'network=bridge'])).toBe('');
  });

  test.each([
    [['--network', 'gone'], 'network gone not found'],
    [['--network', 'app', '--network', 'gone'], 'network gone not found'],
    [['--network', 'app', '--network', 'app'], 'network "app" is specified multiple times'],
    [['--network', 'host', '--network', 'app'], 'Conflicting options: cannot attach both user-defined and non-user-defined network-modes'],
    [['--network', 'none', '--network', 'host'], 'Conflicting options: a container cannot be on the networks "none" and "host"'],
    [['--ip', '10.80.0.7'], 'User specified IP address is supported on user defined networks only'],
    [['--network-alias', 'www'], 'Network-scoped alias is supported only for containers in user defined networks'],
    [['--network', 'app', '--ip', '10.81.0.7'], 'invalid endpoint settings: no configured subnet contains IP address 10.81.0.7'],
    [['--network', 'app', '--ip6', 'fd80::7'], 'invalid endpoint settings: no configured subnet contains IP address fd80::7'],
    [
      ['--network', 'app', '--ip', '10.80.0.1'],
      'failed to set up container networking: Address already in use: "10.80.0.1" on network app',
    ],
    [['--network', 'name=app,colour=red'], 'invalid argument "name=app,colour=red" for "--network" flag: invalid field key colour'],
    [
      ['--network', 'name=app,ip=10.80.0.7', '--ip', '10.80.0.8'],
      'Conflicting options: cannot specify both --ip and per-network IPv4 address',
    ],
    [['--network', 'name=app,driver-opt=colour=red'], 'Unknown driver option "colour"'],
  ])('run %j is refused before anything is made', async (flags, line) => {
    await network('create', '--subnet', '10.80.0.0/24', 'app');
    expect(await refused('run', '--name', 'web', '-v', '/data', ...flags, busybox, 'true')).toEqual({ line, code: 125 });
    expect(await box.ok(['ps', '-aq'])).toBe('');
    expect(existsSync(join(box.root, 'names/web'))).toBe(false);
  });

  test('connect and disconnect change what it is on at its next start', async () => {
    const app = await network('create', '--subnet', '10.80.0.0/24', 'app');
    await make();
    await network('connect', '--ip', '10.80.0.9', '--alias', 'a,b', '--alias', 'c', '--gw-priority', '-1', app.slice(0, 12), 'web');
    expect(Object.keys(await networks())).toEqual(['app', 'bridge']);
    expect((await networks()).app).toMatchObject({
      NetworkID: app,
      Aliases: ['a', 'b', 'c'],
      IPAMConfig: { IPv4Address: '10.80.0.9' },
      GwPriority: -1,
    });
    await network('disconnect', 'bridge', 'web');
    expect(Object.keys(await networks())).toEqual(['app']);
    await network('disconnect', 'app', 'web');
    expect(await networks()).toEqual({});
    expect(await inspect('{{.HostConfig.NetworkMode}}', 'web')).toBe('bridge');
  });

  test('what cannot be connected or disconnected is refused, and nothing changes', async () => {
    await network('create', '--subnet', '10.80.0.0/24', 'app');
    const id = await make('--network', 'app');
    await box.ok(['create', '--name', 'hosted', '--network', 'host', busybox]);
    await box.ok(['create', '--name', 'alone', '--network', 'none', busybox]);
    await box.ok(['create', '--name', 'joined', '--network', 'container:web', busybox]);
    const before = readFileSync(join(box.root, 'containers', id, 'config.json'), 'utf8');
    const hosts = 'container cannot be disconnected from host network or connected to host network';
    const others = 'container sharing network namespace with another container or host cannot be connected to any other network';
    const nones = 'container cannot be connected to multiple networks with one of the networks in private (none) mode';
    const cases: [string[], string][] = [
      [['connect', 'app', 'web'], 'endpoint with name web already exists in network app'],
      [['connect', 'gone', 'web'], 'network gone not found'],
      [['connect', 'app', 'nobody'], 'No such container: nobody'],
      [['connect', '--ip', '10.81.0.1', 'app', 'web'], 'invalid endpoint settings: no configured subnet contains IP address 10.81.0.1'],
      [['connect', '--ip', 'x', 'app', 'web'], 'invalid argument "x" for "--ip" flag: invalid IPv4 address: x'],
      [
        ['connect', '--alias', 'a,', 'app', 'web'],
        'invalid argument "a," for "--alias" flag: invalid alias "": it must be a name without spaces',
      ],
      [['connect', '--alias', 'x', 'bridge', 'web'], 'Network-scoped alias is supported only for containers in user defined networks'],
      [
        ['connect', '--link', 'a:b', 'app', 'web'],
        'invalid argument "a:b" for "--link" flag: not supported: containers on one network find each other by name; give the other one an --alias',
      ],
      [['connect', 'host', 'web'], hosts],
      [['connect', 'app', 'hosted'], hosts],
      [['disconnect', 'host', 'hosted'], hosts],
      [['connect', 'none', 'web'], nones],
      [['connect', 'app', 'alone'], nones],
      [['connect', 'app', 'joined'], others],
      [['disconnect', 'bridge', 'web'], `container ${id} is not connected to network bridge`],
      [['disconnect', 'app', 'nobody'], 'No such container: nobody'],
      [['disconnect', '-f', 'app', 'nobody'], 'No such container: nobody'],
    ];
    for (const [args, line] of cases) expect([args, (await refused('network', ...args)).line]).toEqual([args, line]);
    expect(readFileSync(join(box.root, 'containers', id, 'config.json'), 'utf8')).toBe(before);
  });

  test('a network that a container names is removed when asked for, as Docker does, but not pruned', async () => {
    await network('create', '--label', 'keep', 'app');
    await network('create', 'other');
    await make('--network', 'app');
    expect(await network('ls', '--filter', 'dangling=true', '--format', '{{.Name}}')).toBe('other');
    const question =
      'WARNING! This will remove all custom networks not used by at least one container.\nAre you sure you want to continue? [y/N] ';
    expect(await box.skiff(['network', 'prune'], { stdin: 'n\n' })).toEqual({ stdout: question, stderr: '', code: 0 });
    expect(await network('prune', '--dry-run')).toBe('Networks that would be deleted:\nother\n');
    expect(await custom()).toEqual(['app', 'other']);
    expect((await box.skiff(['network', 'prune'], { stdin: 'y\n' })).stdout).toBe(`${question}Deleted Networks:\nother\n\n`);
    await box.ok(['rm', 'web']);
    expect(await network('prune', '-f', '--filter', 'until=1h')).toBe('');
    expect(await network('prune', '-f', '--filter', 'label!=keep')).toBe('');
    expect(await network('prune', '-f', '--filter', 'label=keep')).toBe('Deleted Networks:\napp\n');
  });

  test('system prune removes unused networks, those of the containers it removes too', async () => {
    await network('create', 'app');
    await network('create', 'unused');
    const id = await make('--network', 'app');
    const dry = await box.ok(['system', 'prune', '--dry-run']);
    expect(dry).toContain(`Containers that would be deleted:\n${id}\n\nNetworks that would be deleted:\napp\nunused\n\n`);
    expect(await custom()).toEqual(['app', 'unused']);
    expect(await box.ok(['system', 'prune', '-f'])).toContain(`Deleted Containers:\n${id}\n\nDeleted Networks:\napp\nunused\n\n`);
    expect(await custom()).toEqual([]);
  });
});

test('of networks that are made and killed at any moment each is there whole or not at all', async () => {
  for (let round = 0; round < 12; round++) {
    const child = box.start(['network', 'create', '--ipv6', `n${round}`]);
    await Bun.sleep(round * 5);
    child.kill('SIGKILL');
    await child.exited;
  }
  const names = await custom();
  for (const name of names) expect(JSON.parse(await network('inspect', name))[0].IPAM.Config).toHaveLength(2);
  for (let round = 0; round < 12; round++) {
    const { code } = await box.skiff(['network', 'create', '--ipv6', `n${round}`]);
    expect(code).toBe(names.includes(`n${round}`) ? 1 : 0);
  }
  const subnets = await network('inspect', '-f', '{{range .IPAM.Config}}{{.Subnet}} {{end}}', ...(await custom()));
  expect(new Set(subnets.trim().split(/\s+/)).size).toBe(24);
});

test('what is killed while it changes networks has done it or not, and can be given again', async () => {
  await box.ok(['create', '--name', 'web', busybox, 'true']);
  const networksOf = async () => Object.keys(JSON.parse(await inspect('{{json .NetworkSettings.Networks}}', 'web')));
  const kill = async (moment: number, ...args: string[]): Promise<void> => {
    const child = box.start(['network', ...args]);
    await Bun.sleep(moment);
    child.kill('SIGKILL');
    await child.exited;
  };
  for (let round = 0; round < 6; round++) {
    const moment = 20 + round * 8;
    if (!(await custom()).includes('app')) await network('create', 'app');
    await kill(moment, 'connect', 'app', 'web');
    if (!(await networksOf()).includes('app')) await network('connect', 'app', 'web');
    expect(await networksOf()).toEqual(['app', 'bridge']);
    await kill(moment, 'disconnect', 'app', 'web');
    if ((await networksOf()).includes('app')) await network('disconnect', 'app', 'web');
    expect(await networksOf()).toEqual(['bridge']);
    await kill(moment, ...(round % 2 ? ['rm', 'app'] : ['prune', '-f']));
    expect([[], ['app']]).toContainEqual(await custom());
  }
  await clear();
  expect((await box.skiff(['system', 'check'])).stdout).toMatch(/^\d+ objects checked, 0 problems\n$/);
  expect(readdirSync(join(box.root, 'networks')).toSorted()).toEqual(['bridge.json', 'lock']);
});

test('names of networks are completed, for connect those of containers too', async () => {
  await network('create', 'complete-me');
  await box.ok(['create', '--name', 'contained', busybox]);
  const binary = process.env.SKIFF_TEST_BINARY ?? join(process.cwd(), 'dist/skiff');
  const words = (...line: string[]): string[] => {
    const script = `skiff() { "${binary}" "$@"; }; source <(skiff completion bash); _skiff_words ${line.join(' ')}`;
    return Bun.spawnSync(['bash', '-c', script], { env: box.env }).stdout.toString().split('\n');
  };
  expect(words('network', 'rm')).toEqual(expect.arrayContaining(['complete-me', 'bridge']));
  expect(words('network', 'rm')).not.toContain('contained');
  expect(words('network', 'connect')).toEqual(expect.arrayContaining(['complete-me', 'contained']));
});
