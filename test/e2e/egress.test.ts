// The outbound policy against servers of a world of the test's own: what is allowed gets through, what is not does not and is recorded, and the container
// cannot change any of it.

import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { bring, openWorld } from './support/world.ts';

const OPEN = '198.51.100.7';
const SHUT = '198.51.100.8';
const world = openWorld({
  dns: ['127.0.0.53', '198.51.100.53'],
  hosts: [`${OPEN}:443`, `${OPEN}:80`, `${SHUT}:443`, '[2001:db8:51::7]:443', '[2001:db8:51::8]:443'],
});
const { box } = world;
const outside = openSandbox();
const busybox = image('busybox');

beforeAll(async () => {
  world.setResolvConf('nameserver 127.0.0.53\n');
  world.setZone('127.0.0.53', {
    'example.com': { A: [OPEN], AAAA: ['2001:db8:51::7'] },
    'www.example.org': { CNAME: ['cdn.example.net'], A: [OPEN] },
    'other.example': { A: [SHUT] },
  });
  await bring(world, outside, [busybox]);
});

const flags = (rules: readonly string[]) => rules.flatMap((rule) => ['--egress', rule]);
const run = (rules: readonly string[], script: string, more: string[] = []) =>
  box.skiff(['run', '--rm', ...flags(rules), ...more, busybox, 'sh', '-c', script], { env: { SKIFF_IPV6: '1' } });
const get = (host: string, port = 443) => `wget -q -O - http://${host.includes(':') ? `[${host}]` : host}:${port}/ 2>&1`;
const denials = async (since: string) =>
  (
    await box.ok([
      'events',
      '--since',
      since,
      '--until',
      '0s',
      '--filter',
      'type=network',
      '--format',
      '{{.Action}} {{.Actor.Attributes.destination}} {{.Actor.Attributes.protocol}} {{.Actor.Attributes.port}}',
    ])
  )
    .split('\n')
    .filter((line) => line.startsWith('deny '));

describe('with everything denied but a name', () => {
  const rules = ['deny=*', 'allow=example.com:443'];

  test('the name is reached at its port, by way of the resolver', async () => {
    const { stdout } = await run(rules, `${get('example.com')}; cat /etc/resolv.conf`);
    expect(stdout).toContain(`hello from ${OPEN}:443\n`);
    expect(stdout).toContain('nameserver 127.0.0.11\n');
  });

  test('another port of it, its address before it was looked up, other names and addresses are not; the denials are events', async () => {
    const since = String(Date.now() / 1000);
    const script = [`${get(OPEN)}`, `${get('example.com', 80)}`, `${get('other.example')}`, `${get(SHUT)}`].join('; ');
    const { stdout } = await run(rules, script);
    expect(stdout).not.toContain('hello');
    expect((await denials(since)).sort()).toEqual(
      [`deny ${OPEN} tcp 443`, `deny ${OPEN} tcp 80`, `deny ${SHUT} tcp 443`, 'deny other.example dns <no value>'].sort(),
    );
  });

  test('names that are not allowed do not even leave as questions', async () => {
    await run(rules, 'nslookup secret.attacker.example; nslookup example.com');
    const asked = world.asked();
    expect(asked.some((line) => line.includes('attacker'))).toBe(false);
    expect(asked).toContain('127.0.0.53 example.com A udp');
  });

  test('no other name server is reached, by UDP or TCP', async () => {
    const before = world.asked().length;
    const { stdout, code } = await run(
      ['deny=*', 'allow=198.51.100.0/24'],
      `nslookup example.com 198.51.100.53 2>&1; ${get('198.51.100.53', 53)}; ${get(SHUT)}`,
    );
    expect(stdout).toContain(`hello from ${SHUT}:443\n`);
    expect([world.asked().length - before, code]).toEqual([0, 0]);
    // Unless its port is allowed in so many words.
    const opened = await run(['deny=*', 'allow=198.51.100.53:53'], 'nslookup example.com 198.51.100.53 2>&1');
    expect(opened.stdout).toContain('NXDOMAIN');
    expect(world.asked().filter((line) => line.startsWith('198.51.100.53 ')).length).toBeGreaterThan(0);
  });
});

test('wildcards mean the names below, aliases lead where they lead', async () => {
  const { stdout } = await run(
    ['deny=*', 'allow=*.example.org'],
    `${get('www.example.org')}; ${get('www.example.org', 80)}; ${get('example.com')}`,
  );
  expect(stdout.match(/hello from \S+/g)).toEqual([`hello from ${OPEN}:443`, `hello from ${OPEN}:80`]);
});

test('subnets, the last rule deciding, and the same for IPv6', async () => {
  const rules = ['deny=*', 'allow=198.51.100.0/24:443', `deny=${SHUT}`, 'allow=[2001:db8:51::]/64:443', 'deny=2001:db8:51::8'];
  const { stdout } = await run(rules, [OPEN, SHUT, '2001:db8:51::7', '2001:db8:51::8'].map((host) => get(host)).join('; '), [
    '-p',
    '127.0.0.1::80',
  ]);
  expect(stdout.match(/hello from \S+/g)).toEqual([`hello from ${OPEN}:443`, 'hello from [2001:db8:51::7]:443']);
});

test('a denial on a network of the user’s names that network', async () => {
  const id = await box.ok(['network', 'create', 'policed']);
  await run(['deny=*'], 'nslookup denied.example', ['--network', 'policed']);
  const asked = [
    'events',
    '--since',
    '10m',
    '--until',
    '0s',
    '--filter',
    'event=deny',
    '--format',
    '{{.Actor.Attributes.name}} {{.Actor.ID}}',
  ];
  expect((await box.ok(asked)).split('\n').filter((line) => line.startsWith('policed '))).toEqual([`policed ${id}`]);
  await box.ok(['network', 'rm', 'policed']);
});

test('what is not denied is allowed, where denying is not all', async () => {
  const { stdout } = await run([`deny=${SHUT}`], `${get(SHUT)}; ${get(OPEN)}; ${get('example.com', 80)}`);
  expect(stdout.match(/hello from \S+/g)).toEqual([`hello from ${OPEN}:443`, `hello from ${OPEN}:80`]);
});

test('UDP and ICMP are held as well', async () => {
  const since = String(Date.now() / 1000);
  const script = `nslookup -port=443 example.com ${OPEN}; ping -c 1 -W 1 ${OPEN}`;
  await run(['deny=*'], script);
  expect(await denials(since)).toContain(`deny ${OPEN} udp 443`);
});

test('a server behind a published port answers, though nothing may leave', async () => {
  const cgi = ['httpd', '-f', '-p', '80', '-h', '/www'];
  await box.ok(['run', '-d', '--name', 'web', '-p', '127.0.0.1::80', ...flags(['deny=*']), busybox, ...cgi]);
  const port = (await box.ok(['port', 'web', '80'])).split(':').at(-1) ?? '';
  const curl = [...world.within, 'curl', '-sf', '--max-time', '10', `http://127.0.0.1:${port}/`];
  const body = await eventually('the server answers', () => {
    const { exitCode, stdout } = Bun.spawnSync(curl);
    return exitCode === 0 && stdout.toString();
  });
  expect(body).toBe('hello from the container\n');
  expect(JSON.parse(await box.ok(['inspect', '--format', '{{json .HostConfig.Egress}}', 'web']))).toEqual(['deny=*']);
  expect(await box.skiff(['exec', '--privileged', 'web', 'true'])).toMatchObject({
    code: 126,
    stderr: expect.stringContaining('A privileged process could take away the outbound policy (--egress) of its container'),
  });
  expect(await box.skiff(['run', '--rm', '--network', 'container:web', busybox, 'true'])).toMatchObject({
    code: 125,
    stderr: expect.stringContaining('Cannot join the network of container "web": it has an outbound policy (--egress)'),
  });
  await box.ok(['restart', '-t', '1', 'web']);
  expect(await box.ok(['exec', 'web', 'sh', '-c', `${get(OPEN)}; true`])).not.toContain('hello');
  await box.ok(['rm', '-f', 'web']);
});

test("peers are named in rules like anybody else, on networks of the user's too, from the connect on", async () => {
  for (const network of ['mesh', 'late']) await box.ok(['network', 'create', network]);
  for (const name of ['good', 'bad', 'after']) {
    const network = name === 'after' ? 'late' : 'mesh';
    await box.ok(['run', '-d', '--name', name, '--network', network, busybox, 'httpd', '-f', '-p', '80', '-h', '/www']);
  }
  await box.ok([
    'run',
    '-d',
    '--name',
    'held',
    '--network',
    'mesh',
    ...flags(['deny=*', 'allow=good:80,after:80']),
    busybox,
    'sleep',
    '100000',
  ]);
  const reaches = async (name: string) => (await box.skiff(['exec', 'held', 'sh', '-c', get(name, 80)])).stdout;
  await eventually('the allowed peer answers', async () => (await reaches('good')) === 'hello from the container\n');
  expect(await reaches('bad')).toContain('No route to host');
  expect(await reaches('after')).not.toContain('hello');
  await box.ok(['network', 'connect', 'late', 'held']);
  await eventually('the peer on the other network answers', async () => (await reaches('after')) === 'hello from the container\n');
  await box.ok(['rm', '-f', 'good', 'bad', 'after', 'held']);
});

test('the container has no rights over its network, nor to raw packets', async () => {
  const { stdout } = await run(['deny=*'], 'grep ^Cap /proc/self/status');
  const [netAdmin, netRaw] = [12n, 13n];
  const sets = [...stdout.matchAll(/^Cap\w+:\s+([0-9a-f]+)$/gm)].map(([, bits]) => BigInt(`0x${bits}`));
  expect(sets.length).toBe(5);
  expect(sets.some((set) => ((set >> netRaw) & 1n) === 1n || ((set >> netAdmin) & 1n) === 1n)).toBe(false);
});

test('the names of /etc/hosts are names too', async () => {
  const { stdout } = await run(['deny=*', 'allow=db'], `${get('db')}; ${get(SHUT)}`, ['--add-host', `db:${OPEN}`]);
  expect(stdout.match(/hello from \S+/g)).toEqual([`hello from ${OPEN}:443`]);
});

test.each([
  [['deny'], [], '"deny": it begins with neither'],
  [['allow=example.com'], [], 'The first --egress rule allows ("allow=example.com") where nothing is denied yet'],
  [['deny=10.0.0.0/40'], [], '"10.0.0.0/40" is no subnet'],
  [['deny=*:99999'], [], '"99999" is neither a port nor a range of ports'],
  [['deny=*'], ['--privileged'], 'Conflicting options: --egress and --privileged'],
  [['deny=*'], ['--cap-add', 'net_admin'], 'Conflicting options: --egress and --cap-add NET_ADMIN'],
  [['deny=*'], ['--cap-add', 'ALL'], 'Conflicting options: --egress and --cap-add ALL'],
  [['deny=*'], ['--pid', 'host', '--cap-add', 'sys_ptrace'], 'Conflicting options: --egress, --pid and --cap-add SYS_PTRACE'],
  [['deny=*'], ['--network', 'host'], 'Conflicting options: --egress and the network mode "host"'],
  [['deny=*'], ['--network', 'none'], 'Conflicting options: --egress and the network mode "none"'],
])('%j with %j is refused, and nothing made', async (rules, more, sentence) => {
  const { stderr, code } = await box.skiff(['create', ...flags(rules), ...more, busybox, 'true']);
  expect([code, stderr]).toEqual([125, expect.stringContaining(sentence)]);
  expect(await box.ok(['ps', '-aq'])).toBe('');
});

test('without nft the start fails with what to install', async () => {
  const through = ['unshare', '--mount', 'sh', '-c', 'mount --bind /dev/null "$(command -v nft || echo /usr/sbin/nft)" && exec "$0" "$@"'];
  const { stderr, code } = await box.skiff(['run', '--rm', ...flags(['deny=*']), busybox, 'true'], { through });
  expect(code).toBe(125);
  expect(stderr).toContain('Cannot find the program "nft" in PATH');
  expect(stderr).toContain('sudo apt-get install nftables');
});
