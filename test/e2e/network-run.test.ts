// Containers on networks of the user's, seen from inside them: who reaches whom, by address and by name, and what each has of interfaces,
// addresses and routes. Servers are busybox's own.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { pathWithout } from './support/path-without.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { inSharedNetns, ipInSharedNetns } from './support/shared-netns.ts';

const box = openSandbox();
const busybox = image('busybox');
const HELLO = 'hello from the container\n';

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  await box.ok(['network', 'create', '--subnet', '172.30.1.0/24', 'blue']);
  await box.ok(['network', 'create', '--subnet', '172.30.2.0/24', 'green']);
  await box.ok(['network', 'create', '--internal', '--subnet', '172.30.3.0/24', 'inner']);
  await box.ok(['network', 'create', '--ipv6', '--subnet', '172.30.6.0/24', '--subnet', 'fd00:30:6::/64', 'six']);
});

const server = (name: string, ...flags: string[]) =>
  box.ok(['run', '-d', '--name', name, ...flags, busybox, 'httpd', '-f', '-p', '80', '-h', '/www']);
const on = (network: string, script: string, ...flags: string[]) =>
  box.skiff(['run', '--rm', '--network', network, ...flags, busybox, 'sh', '-c', script]);
const remove = (...names: string[]) => box.ok(['rm', '-f', ...names]);
const networks = async (name: string) => JSON.parse(await box.ok(['inspect', '-f', '{{json .NetworkSettings.Networks}}', name]));
const interfaces = async (name: string) =>
  (await box.ok(['exec', name, 'ls', '/sys/class/net'])).split('\n').filter((each) => each !== 'lo');

/**
 * Given up after a few seconds. (The option of this busybox's wget for it is broken.) The shell has to stay: the first process of a container hears no
 * SIGTERM.
 */
const get = (url: string) => `timeout 5 wget -q -O - ${url} || false`;

describe('one network', () => {
  beforeAll(async () => void (await server('web', '--network', 'blue', '--network-alias', 'site')));
  afterAll(async () => void (await remove('web')));

  test('a container reaches another by address, name, alias and short id', async () => {
    const { IPAddress } = (await networks('web')).blue;
    expect(IPAddress).toBe('172.30.1.2');
    const id = (await box.ok(['inspect', '-f', '{{.Id}}', 'web'])).slice(0, 12);
    for (const host of [IPAddress, 'web', 'site', id])
      expect(await on('blue', get(`http://${host}/`))).toMatchObject({ stdout: HELLO, code: 0 });
    expect(await on('blue', 'ping -c 1 -W 3 web')).toMatchObject({ code: 0 });
  });

  test('what stands in the container is what inspect says', async () => {
    const { blue } = await networks('web');
    expect(await interfaces('web')).toEqual(['eth0', 'uplink0']);
    expect(await box.ok(['exec', 'web', 'cat', '/sys/class/net/eth0/address'])).toBe(blue.MacAddress);
    const address = await box.ok(['exec', 'web', 'ip', '-4', '-o', 'address', 'show', 'eth0']);
    expect(address).toContain(` ${blue.IPAddress}/${blue.IPPrefixLen} brd 172.30.1.255 `);
    expect(blue).toMatchObject({ Gateway: '172.30.1.1', IPPrefixLen: 24, Aliases: ['site'] });
    expect(await box.ok(['exec', 'web', 'ip', 'route'])).toMatch(/^default via [\d.]+ dev uplink0 *$/m);
    const hosts = await box.ok(['exec', 'web', 'cat', '/etc/hosts']);
    expect(hosts).toMatch(new RegExp(`^${blue.IPAddress}\t[0-9a-f]{12}$`, 'm'));
    expect(await box.ok(['exec', 'web', 'cat', '/etc/resolv.conf'])).toMatch(/^nameserver 127\.0\.0\.11$/m);
  });

  test('the gateway answers; the outside is reached', async () => {
    expect(await on('blue', 'ping -c 1 -W 3 172.30.1.1')).toMatchObject({ code: 0 });
    const listener = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response('from the host\n') });
    try {
      expect(await on('blue', get(`http://host.docker.internal:${listener.port}/`))).toMatchObject({ stdout: 'from the host\n', code: 0 });
    } finally {
      await listener.stop(true);
    }
  });

  test("a container in the other one's network sees its interfaces and names", async () => {
    const { stdout, code } = await on('container:web', `ls /sys/class/net; ${get('http://127.0.0.1/')}; cat /etc/resolv.conf`);
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^eth0\nlo\nuplink0\nhello from the container\n[\s\S]*nameserver 127\.0\.0\.11\n/),
    ]);
  });

  test('another name is found at once, the old one no more', async () => {
    await box.ok(['rename', 'web', 'shop']);
    try {
      expect(await on('blue', get('http://shop/'))).toMatchObject({ stdout: HELLO, code: 0 });
      expect((await on('blue', get('http://web/'))).stderr).toContain("bad address 'web'");
    } finally {
      await box.ok(['rename', 'shop', 'web']);
    }
  });
});

describe('between networks', () => {
  beforeAll(async () => {
    await server('one', '--network', 'blue', '--ip', '172.30.1.10');
    await server('two', '--network', 'green', '--ip', '172.30.2.10');
    await server('both', '--network', 'blue', '--network', 'green');
  });
  afterAll(async () => void (await remove('one', 'two', 'both')));

  test('neither names nor addresses of the one are reached from the other', async () => {
    expect(await on('blue', get('http://172.30.1.10/'))).toMatchObject({ stdout: HELLO, code: 0 });
    expect((await on('green', get('http://172.30.1.10/'))).stdout).toBe('');
    expect((await on('green', get('http://one/'))).stderr).toContain("bad address 'one'");
  });

  test('also when the container routes to the other network by its own bridge', async () => {
    const script = `ip route add 172.30.1.0/24 via 172.30.2.1 && { ${get('http://172.30.1.10/')}; echo done; }`;
    expect(await on('green', script, '--cap-add', 'NET_ADMIN')).toMatchObject({ stdout: 'done\n' });
  });

  test('also between the default network and others, both ways', async () => {
    await server('plain');
    const address = await box.ok(['inspect', '-f', '{{.NetworkSettings.IPAddress}}', 'plain']);
    const routed = `ip route add ${address} via 172.30.1.1 && { ${get(`http://${address}/`)}; echo done; }`;
    expect(await on('blue', routed, '--cap-add', 'NET_ADMIN')).toMatchObject({ stdout: 'done\n' });
    expect((await box.skiff(['run', '--rm', busybox, 'sh', '-c', get('http://172.30.1.10/')])).stdout).toBe('');
    await remove('plain');
  });

  test('who is on both reaches both, by an interface for each', async () => {
    expect(await interfaces('both')).toEqual(['eth0', 'eth1', 'uplink0']);
    const reached = await box.ok(['exec', 'both', 'sh', '-c', `${get('http://one/')} && ${get('http://two/')}`]);
    expect(reached).toBe(HELLO + HELLO.trimEnd());
    const { blue, green } = await networks('both');
    expect([blue.IPAddress, green.IPAddress]).toEqual(['172.30.1.2', '172.30.2.2']);
    expect(await on('green', get(`http://${green.IPAddress}/`))).toMatchObject({ stdout: HELLO });
    expect(await on('green', get('http://both/'))).toMatchObject({ stdout: HELLO });
  });
});

describe('an internal network', () => {
  test('has no way out, but peers and their names', async () => {
    await server('vault', '--network', 'inner');
    const out = `ip route | grep default; ls /sys/class/net; ${get('http://vault/')}; ${get('http://192.0.2.1/')} || echo no`;
    const { stdout, code } = await on('inner', out);
    expect([code, stdout]).toEqual([0, `eth0\nlo\n${HELLO}no\n`]);
    expect(await on('inner', 'nslookup -timeout=3 outside.example')).toMatchObject({ code: 1 });
    await remove('vault');
  });

  test('publishes nothing, and says so', async () => {
    const { stderr } = await box.skiff([
      'run',
      '-d',
      '--name',
      'shut',
      '--network',
      'inner',
      '-p',
      '127.0.0.1::80',
      busybox,
      'sleep',
      '1000',
    ]);
    expect(stderr).toContain('No port is published: the network "inner" is internal');
    expect(await box.ok(['port', 'shut'])).toBe('');
    await remove('shut');
  });

  test('beside one that leads out leads out, too', async () => {
    const { stdout } = await box.skiff([
      'run',
      '--rm',
      '--network',
      'inner',
      '--network',
      'blue',
      busybox,
      'ip',
      'route',
      'show',
      'default',
    ]);
    expect(stdout).toMatch(/^default via .* dev uplink0/m);
  });
});

describe('what is chosen by hand', () => {
  test('--ip, --ip6 and --mac-address are what the container has', async () => {
    const script = 'ip -o address show eth0; cat /sys/class/net/eth0/address';
    const flags = ['--ip', '172.30.6.77', '--ip6', 'fd00:30:6::77', '--mac-address', '92:d0:c6:0a:29:33'];
    const { stdout, code } = await on('six', script, ...flags);
    expect(code).toBe(0);
    expect(stdout).toMatch(/inet 172\.30\.6\.77\/24 brd 172\.30\.6\.255 /);
    expect(stdout).toMatch(/inet6 fd00:30:6::77\/64 /);
    expect(stdout).toMatch(/^92:d0:c6:0a:29:33$/m);
  });

  test('an address that a running container has is refused, and nothing is left of it', async () => {
    await server('first', '--network', 'blue', '--ip', '172.30.1.50');
    const { stderr, code } = await on('blue', 'true', '--ip', '172.30.1.50');
    expect([code, stderr]).toEqual([125, expect.stringContaining('Address already in use')]);
    await remove('first');
    expect(await on('blue', 'true', '--ip', '172.30.1.50')).toMatchObject({ code: 0 });
  });

  test('IPv6 peers reach each other by address and name', async () => {
    await server('six', '--network', 'six');
    const { GlobalIPv6Address, GlobalIPv6PrefixLen, IPv6Gateway } = (await networks('six')).six;
    expect([GlobalIPv6Address, GlobalIPv6PrefixLen, IPv6Gateway]).toEqual(['fd00:30:6::2', 64, 'fd00:30:6::1']);
    expect(await on('six', get(`http://[${GlobalIPv6Address}]/`))).toMatchObject({ stdout: HELLO, code: 0 });
    expect(await on('six', 'ping -6 -c 1 -W 3 six')).toMatchObject({ code: 0 });
    expect(await on('six', 'ping -6 -c 1 -W 3 fd00:30:6::1')).toMatchObject({ code: 0 });
    await remove('six');
  });

  test('IPv6 networks are isolated from each other, even where the namespace of the bridges forwards', async () => {
    await box.ok(['network', 'create', '--ipv6', '--subnet', '172.30.7.0/24', '--subnet', 'fd00:30:7::/64', 'seven']);
    await server('far', '--network', 'seven', '--cap-add', 'NET_ADMIN');
    await server('near', '--network', 'six', '--cap-add', 'NET_ADMIN');
    inSharedNetns(box, ['sh', '-c', 'for each in /proc/sys/net/ipv6/conf/*/forwarding; do echo 1 >$each; done']);
    await box.ok(['exec', 'far', 'ip', '-6', 'route', 'add', 'fd00:30:6::/64', 'via', 'fd00:30:7::1']);
    await box.ok(['exec', 'near', 'ip', '-6', 'route', 'add', 'fd00:30:7::/64', 'via', 'fd00:30:6::1']);
    expect(await box.skiff(['exec', 'near', 'ping', '-6', '-c', '1', '-W', '2', 'fd00:30:6::1'])).toMatchObject({ code: 0 });
    expect(await box.skiff(['exec', 'near', 'ping', '-6', '-c', '1', '-W', '2', 'fd00:30:7::2'])).toMatchObject({ code: 1 });
    await remove('far', 'near');
    await box.ok(['network', 'rm', 'seven']);
  });

  test('without IPv6 on the network its interface has no IPv6 address at all', async () => {
    expect(await on('blue', 'ip -6 -o address show eth0')).toMatchObject({ stdout: '', code: 0 });
  });

  test('the MTU option is that of the interface', async () => {
    await box.ok(['network', 'create', '--opt', 'com.docker.network.driver.mtu=1400', 'narrow']);
    expect(await on('narrow', 'cat /sys/class/net/eth0/mtu')).toMatchObject({ stdout: '1400\n' });
    await box.ok(['network', 'rm', 'narrow']);
  });

  test('the bridge is named as the option says, and goes with the network', async () => {
    const bridges = () => ipInSharedNetns(box, ['-o', 'link', 'show', 'type', 'bridge']);
    await box.ok(['network', 'create', '--opt', 'com.docker.network.bridge.name=own0', 'named']);
    expect(await on('named', 'true')).toMatchObject({ code: 0 });
    expect(bridges()).toMatch(/ own0: /);
    await box.ok(['network', 'rm', 'named']);
    expect(bridges()).not.toMatch(/ own0: /);
  });

  test('enable_icc=false keeps containers apart that are on one network, not from the gateway', async () => {
    await box.ok(['network', 'create', '--opt', 'com.docker.network.bridge.enable_icc=false', '--subnet', '172.30.9.0/24', 'apart']);
    await server('alone', '--network', 'apart', '--ip', '172.30.9.9');
    expect(await on('apart', `ping -c 1 -W 3 172.30.9.1 >/dev/null && ${get('http://172.30.9.9/')} || echo apart`)).toMatchObject({
      stdout: 'apart\n',
    });
    await remove('alone');
    await box.ok(['network', 'rm', 'apart']);
  });
});

describe('in other surroundings', () => {
  test('a restarted container has its address and its name again, and its peers find it', async () => {
    await server('again', '--network', 'blue', '--restart', 'always');
    const before = (await networks('again')).blue.IPAddress;
    await box.ok(['exec', 'again', 'kill', '-9', '1']).catch(() => undefined);
    await box.ok(['restart', '-t', '0', 'again']);
    await eventually('its peers reach it', async () => (await on('blue', get('http://again/'))).stdout === HELLO);
    expect((await networks('again')).blue.IPAddress).toBe(before);
    await box.ok(['stop', '-t', '0', 'again']);
    expect((await on('blue', get('http://again/'))).stderr).toContain("bad address 'again'");
    expect((await networks('again')).blue.IPAddress).toBe('');
    await remove('again');
  });

  test('a container that is killed as a whole is started again at once, on the same address', async () => {
    await server('back', '--network', 'blue', '--ip', '172.30.1.60');
    for (let round = 0; round < 3; round++) {
      await box.ok(['kill', 'back']);
      await box.ok(['start', 'back']);
      expect(await on('blue', get('http://172.30.1.60/'))).toMatchObject({ stdout: HELLO, code: 0 });
    }
    await remove('back');
  });

  test.each([
    ['--userns keep-id', ['--userns', 'keep-id'], {}],
    ['the shared pid namespace', [], { SKIFF_PIDNS_STEP: 'shared' }],
    ['--pid host', ['--pid', 'host'], {}],
  ])('%s changes nothing of it', async (_, flags, env) => {
    await server('plain', '--network', 'blue');
    const script = `ls /sys/class/net; ${get('http://plain/')}`;
    const { stdout, stderr, code } = await box.skiff(['run', '--rm', '--network', 'blue', ...flags, busybox, 'sh', '-c', script], { env });
    expect([code, stdout, stderr.includes('Cannot')]).toEqual([0, `eth0\nlo\nuplink0\n${HELLO}`, false]);
    await remove('plain');
  });

  test('an outbound policy holds towards peers, too, also on a network that is joined later', async () => {
    await server('open', '--network', 'blue');
    const policy = ['--egress', 'deny=*', '--egress', 'allow=open'];
    expect((await on('blue', get('http://open/'), ...policy)).stdout).toBe(HELLO);
    expect((await on('blue', get('http://open/'), '--egress', 'deny=*')).stdout).toBe('');
    await box.ok(['run', '-d', '--name', 'later', ...policy, busybox, 'sleep', '1000']);
    await box.ok(['network', 'connect', 'blue', 'later']);
    expect(await box.ok(['exec', 'later', 'sh', '-c', get('http://open/')])).toBe(HELLO.trimEnd());
    await remove('open', 'later');
  });

  test('a network that is gone by the start is named', async () => {
    await box.ok(['network', 'create', 'brief']);
    await box.ok(['create', '--name', 'late', '--network', 'brief', busybox, 'true']);
    await box.ok(['network', 'rm', 'brief']);
    const { stderr, code } = await box.skiff(['start', 'late']);
    expect([code, stderr]).toEqual([expect.any(Number), expect.stringContaining('network brief not found')]);
    expect(code).not.toBe(0);
    await remove('late');
  });
});

describe('a user namespace with one id', () => {
  const single = openSandbox({ env: { SKIFF_USERNS_STEP: 'single' } });

  test('has networks all the same', async () => {
    await single.ok(['network', 'create', 'blue']);
    await single.ok(['run', '-d', '--name', 'web', '--network', 'blue', busybox, 'httpd', '-f', '-p', '80', '-h', '/www']);
    const { stdout, code } = await single.skiff(['run', '--rm', '--network', 'blue', busybox, 'sh', '-c', get('http://web/')]);
    expect([code, stdout]).toEqual([0, HELLO]);
    await single.ok(['rm', '-f', 'web']);
  });
});

describe('what is missing', () => {
  const refused = async (path: string) => {
    const { stdout, stderr, code } = await box.skiff(['run', '--rm', '--network', 'blue', busybox, 'echo', 'ran'], { env: { PATH: path } });
    expect([code, stdout]).toEqual([125, '']);
    return stderr;
  };

  test('a machine without ip is told the package', async () => {
    const said = await refused(pathWithout('ip', box.files));
    expect(said).toContain('Cannot find the program "ip" in PATH, which connects containers to networks');
    expect(said).toContain('sudo apt-get install iproute2');
  });

  // In the words of iproute2 on a kernel that has no such thing.
  test.each([
    ['bridge', 'Error: Unknown device type.\nCommand failed -:1'],
    ['veth', 'RTNETLINK answers: Operation not supported\nCommand failed -:7'],
  ])('a kernel without the module "%s" is told by its name', async (module, words) => {
    const folder = join(box.files, `no-${module}`);
    mkdirSync(folder);
    writeFileSync(join(folder, 'ip'), `#!/bin/sh\ncat >/dev/null\nprintf '%s\\n' '${words.replace('\n', "' '")}' >&2\nexit 1\n`, {
      mode: 0o755,
    });
    const said = await refused(`${folder}:${process.env.PATH}`);
    expect(said).toContain(`Cannot connect to network "blue": this kernel lacks the module "${module}"`);
    expect(said).toContain(`sudo modprobe ${module}`);
  });
});
