// Names on the user's networks, asked by dig from within a container's network and by busybox from within the container; the world around, with the
// name servers that the host has, is the test's own.
import { readFileSync } from 'node:fs';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { bring, openWorld } from './support/world.ts';

const world = openWorld({ dns: ['127.0.0.53', '198.51.100.53', '198.51.100.54'] });
const { box } = world;
const outside = openSandbox();
const busybox = image('busybox');
const ZONE = {
  'example.com': { A: ['198.51.100.7'], AAAA: ['2001:db8:51::7'] },
  'deep.corp.example': { A: ['198.51.100.9'] },
  'big.example': { A: Array.from({ length: 60 }, (_, index) => `198.51.100.${index + 100}`) },
};

const start = async (name: string, ...flags: string[]): Promise<string> => {
  const network = flags.includes('--network') ? [] : ['--network', 'mynet'];
  return box.ok(['run', '-d', '--name', name, ...network, ...flags, busybox, 'sleep', '100000']);
};
const addressOf = (name: string, network = 'mynet', field = 'IPAddress') =>
  box.ok(['inspect', '--format', `{{(index .NetworkSettings.Networks "${network}").${field}}}`, name]);

/** What dig(1) prints, asking from within the container's network namespace. */
async function dig(container: string, ...args: string[]): Promise<string> {
  const pid = await box.ok(['inspect', '--format', '{{.State.Pid}}', container]);
  const enter = ['nsenter', '--target', pid, '--user', '--preserve-credentials', '--net'];
  const child = Bun.spawn([...enter, 'dig', '@127.0.0.11', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  return (await child.stdout.text()).trim();
}
const addresses = async (container: string, ...args: string[]): Promise<string[]> =>
  (await dig(container, '+short', ...args)).split('\n').filter(Boolean);
const statusOf = (output: string): string => /status: (\w+)/.exec(output)?.[1] ?? output;

beforeAll(async () => {
  world.setResolvConf('nameserver 127.0.0.53\nsearch corp.example\noptions timeout:3\n');
  world.setZone('127.0.0.53', ZONE);
  await bring(world, outside, [busybox]);
  for (const network of ['mynet', 'other']) await box.ok(['network', 'create', network]);
  await start('asks');
});
describe('peers', () => {
  test('a container is found by its name, aliases, short id and host name, alone and below the network, in any case', async () => {
    const id = await start('web', '--network-alias', 'site', '--network-alias', 'www.local', '--hostname', 'front');
    const address = await addressOf('web');
    for (const name of ['web', 'WEB', 'web.mynet', 'site', 'site.mynet', 'www.local', id.slice(0, 12), 'front']) {
      expect([name, await addresses('asks', name)]).toEqual([name, [address]]);
    }
    expect(await box.ok(['exec', 'asks', 'nslookup', '-type=a', 'web.mynet'])).toContain(`Address: ${address}`);
    expect(await box.ok(['exec', 'asks', 'ping', '-c', '1', 'web'])).toContain(`PING web (${address})`);
    expect(world.asked().some((line) => /\b(web|site|front)\b/.test(line))).toBe(false);
  });

  test('its address is its name', async () => {
    expect(await addresses('asks', '-x', await addressOf('web'))).toEqual(['web.mynet.']);
  });

  test('an answer holds for 600 seconds and says that recursion is there; EDNS is answered by EDNS', async () => {
    const answer = await dig('asks', '+bufsize=1400', 'web');
    expect(answer).toMatch(/^web\.\s+600\s+IN\s+A\s+[\d.]+$/m);
    expect(answer).toMatch(/flags: qr rd ra;/);
    expect(answer).toMatch(/EDNS: version: 0, flags:; udp: 1232/);
    expect(await dig('asks', '+noedns', 'web')).not.toContain('EDNS');
  });

  test('a type that it has nothing of is an empty answer, which no stranger is asked for', async () => {
    const before = world.asked().length;
    for (const type of ['AAAA', 'MX', 'TXT', 'HTTPS']) {
      const answer = await dig('asks', 'web', type);
      expect([type, statusOf(answer), answer.includes('ANSWER: 0')]).toEqual([type, 'NOERROR', true]);
    }
    expect(world.asked().length).toBe(before);
  });

  test('a name that several share has the addresses of all, now the one first and now the other', async () => {
    await start('one', '--network-alias', 'db');
    await start('two', '--network-alias', 'db');
    const both = [await addressOf('one'), await addressOf('two')].sort();
    const firsts = new Set<string>();
    for (let round = 0; round < 60 && firsts.size < 2; round++) {
      const found = await addresses('asks', 'db');
      expect(found.toSorted()).toEqual(both);
      firsts.add(found[0] ?? '');
    }
    expect(firsts.size).toBe(2);
  });

  test('who leaves is gone from the next answer on, who joins is there', async () => {
    await box.ok(['rm', '-f', 'one']);
    expect(await addresses('asks', 'db')).toEqual([await addressOf('two')]);
    await start('one', '--network-alias', 'db');
    expect((await addresses('asks', 'db')).length).toBe(2);
    await box.ok(['rm', '-f', 'one', 'two']);
    expect(statusOf(await dig('asks', 'db'))).toBe('NXDOMAIN');
  });

  test('one whose supervisor was killed is not named any more, nor is its address', async () => {
    const id = await start('doomed');
    const address = await addressOf('doomed');
    expect(await addresses('asks', 'doomed')).toEqual([address]);
    process.kill(supervisorOf(id), 'SIGKILL');
    await eventually(
      'it is known to be down',
      async () => (await box.ok(['inspect', '--format', '{{.State.Running}}', 'doomed'])) === 'false',
    );
    expect(statusOf(await dig('asks', 'doomed'))).toBe('NXDOMAIN');
    expect(statusOf(await dig('asks', '-x', address))).toBe('NXDOMAIN');
    await box.ok(['start', 'doomed']);
    expect(await addresses('asks', 'doomed')).toEqual([await addressOf('doomed')]);
    await box.ok(['rm', '-f', 'doomed']);
  });

  test('a stopped one is not named', async () => {
    await box.ok(['stop', '-t', '0', 'web']);
    expect(statusOf(await dig('asks', 'web'))).toBe('NXDOMAIN');
    await box.ok(['start', 'web']);
    expect(await addresses('asks', 'web')).toEqual([await addressOf('web')]);
  });

  test('names hold on the networks that both are on, from the connect to the disconnect', async () => {
    await start('far', '--network', 'other');
    expect(statusOf(await dig('asks', 'far'))).toBe('NXDOMAIN');
    await box.ok(['network', 'connect', '--alias', 'distant', 'other', 'asks']);
    expect(await addresses('asks', 'far')).toEqual([await addressOf('far', 'other')]);
    expect(await addresses('far', 'asks')).toEqual([await addressOf('asks', 'other')]);
    expect(await addresses('far', 'distant')).toEqual([await addressOf('asks', 'other')]);
    expect((await addresses('asks', 'asks')).sort()).toEqual([await addressOf('asks', 'other'), await addressOf('asks')].sort());
    expect(await addresses('asks', 'asks.other')).toEqual([await addressOf('asks', 'other')]);
    await box.ok(['network', 'disconnect', 'other', 'asks']);
    expect(statusOf(await dig('asks', 'far'))).toBe('NXDOMAIN');
    expect(statusOf(await dig('far', 'asks'))).toBe('NXDOMAIN');
    await box.ok(['rm', '-f', 'far']);
  });

  test('IPv6 too', async () => {
    await box.ok(['network', 'create', '--ipv6', 'six']);
    await start('v6', '--network', 'six');
    const address = await addressOf('v6', 'six', 'GlobalIPv6Address');
    expect(await addresses('v6', 'v6', 'AAAA')).toEqual([address]);
    expect(await addresses('v6', '-x', address)).toEqual(['v6.six.']);
    await box.ok(['rm', '-f', 'v6']);
    await box.ok(['network', 'rm', 'six']);
  });
});

describe('everything else', () => {
  test('goes to the server that the host has, by UDP and by TCP', async () => {
    expect(await addresses('asks', 'example.com')).toEqual(['198.51.100.7']);
    expect(await addresses('asks', '+tcp', 'example.com', 'AAAA')).toEqual(['2001:db8:51::7']);
    expect(world.asked()).toEqual(expect.arrayContaining(['127.0.0.53 example.com A udp', '127.0.0.53 example.com AAAA tcp']));
    expect(statusOf(await dig('asks', 'nothing.example'))).toBe('NXDOMAIN');
  });

  test('an answer too long for a datagram is marked so, and comes by TCP', async () => {
    expect(await dig('asks', '+noedns', '+ignore', 'big.example')).toMatch(/flags: qr[a-z ]* tc[a-z ]*;/);
    expect((await addresses('asks', '+noedns', 'big.example')).length).toBe(60);
    expect((await addresses('asks', '+bufsize=4096', 'big.example')).length).toBe(60);
  });

  test('a server that is silent, one that fails and a line that names none do not matter while another answers', async () => {
    world.setZone('198.51.100.53', 'silent');
    world.setZone('198.51.100.54', 'SERVFAIL');
    world.setResolvConf('nameserver nonsense\nnameserver 198.51.100.53\nnameserver 198.51.100.54\nnameserver 127.0.0.53\n');
    expect(await addresses('asks', '+tries=1', '+time=20', 'example.com')).toEqual(['198.51.100.7']);
    const asked = world.asked().slice(-3);
    expect(asked.map((line) => line.split(' ')[0])).toEqual(['198.51.100.53', '198.51.100.54', '127.0.0.53']);
  });

  test('the next question goes where resolv.conf points by then', async () => {
    world.setZone('198.51.100.54', { 'vpn.example': { A: ['198.51.100.77'] } });
    world.setResolvConf('nameserver 198.51.100.54\n');
    expect(await addresses('asks', 'vpn.example')).toEqual(['198.51.100.77']);
    world.setResolvConf('nameserver 127.0.0.53\nsearch corp.example\noptions timeout:3\n');
    expect(statusOf(await dig('asks', 'vpn.example'))).toBe('NXDOMAIN');
  });

  test('when nobody answers, that is the answer', async () => {
    world.setZone('198.51.100.54', 'REFUSED');
    world.setResolvConf('nameserver 198.51.100.54\n');
    expect(statusOf(await dig('asks', '+tries=1', '+time=20', 'example.com'))).toBe('REFUSED');
    world.setResolvConf('nameserver 127.0.0.53\nsearch corp.example\noptions timeout:3\n');
  });

  test('an internal network asks nobody outside', async () => {
    await box.ok(['network', 'create', '--internal', 'closed']);
    await start('inner', '--network', 'closed');
    const before = world.asked().length;
    expect(statusOf(await dig('inner', 'example.com'))).toBe('SERVFAIL');
    expect(await addresses('inner', 'inner')).toEqual([await addressOf('inner', 'closed')]);
    expect(world.asked().length).toBe(before);
    await box.ok(['rm', '-f', 'inner']);
    await box.ok(['network', 'rm', 'closed']);
  });

  test('garbage and floods leave it standing', async () => {
    const pid = await box.ok(['inspect', '--format', '{{.State.Pid}}', 'asks']);
    const flood = [
      'for n in $(seq 0 150); do head -c $n /dev/urandom >/dev/udp/127.0.0.11/53; done',
      '(head -c 3000 /dev/urandom >/dev/tcp/127.0.0.11/53) 2>/dev/null',
      `seq 100 | xargs -P 25 -I{} dig @127.0.0.11 +short +tries=1 +time=20 example.com | grep -c '^198.51.100.7$'`,
    ].join('; ');
    const enter = ['nsenter', '--target', pid, '--user', '--preserve-credentials', '--net', '--'];
    const child = Bun.spawn([...enter, 'bash', '-c', flood], { stdio: ['ignore', 'pipe', 'ignore'] });
    expect((await child.stdout.text()).trim()).toBe('100');
    expect(await addresses('asks', 'asks')).toEqual([await addressOf('asks')]);
  });
});

test('a container that serves names itself has port 53 for itself, and is answered all the same', async () => {
  await start('server', '--expose', '53/udp', '-p', '127.0.0.1::53/tcp');
  const pid = await box.ok(['inspect', '--format', '{{.State.Pid}}', 'server']);
  const bind =
    'for my $p ("udp", "tcp") { push @s, IO::Socket::INET->new(Proto => $p, LocalPort => 53, $p eq "tcp" ? (Listen => 1) : ()) or die "$p: $!" }';
  const enter = ['nsenter', '--target', pid, '--user', '--preserve-credentials', '--net', '--'];
  const server = Bun.spawn([...enter, 'perl', '-MIO::Socket::INET', '-e', `$| = 1; ${bind} print "bound"; <STDIN>`], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const { value } = await server.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe('bound');
  expect(await addresses('server', 'asks')).toEqual([await addressOf('asks')]);
  expect(await addresses('server', '+tcp', 'example.com')).toEqual(['198.51.100.7']);
  server.kill();
  await server.exited;
  await box.ok(['rm', '-f', 'server']);
});

describe('resolv.conf', () => {
  const conf = async (...flags: string[]): Promise<string[]> => {
    const text = await box.ok(['run', '--rm', '--network', 'mynet', ...flags, busybox, 'cat', '/etc/resolv.conf']);
    return text.split('\n').filter((line) => !line.startsWith('#'));
  };

  test("names the resolver alone, with the host's search list and options", async () => {
    expect(await conf()).toEqual(['nameserver 127.0.0.11', 'search corp.example', 'options timeout:3 ndots:0']);
    expect(await conf('--dns-search', 'a.example', '--dns-option', 'attempts:1')).toEqual([
      'nameserver 127.0.0.11',
      'search a.example',
      'options attempts:1 ndots:0',
    ]);
    expect(await box.ok(['run', '--rm', '--network', 'container:asks', busybox, 'cat', '/etc/resolv.conf'])).toBe(
      await box.ok(['exec', 'asks', 'cat', '/etc/resolv.conf']),
    );
  });

  test('its search list works for names outside, and peers come first', async () => {
    expect(await box.ok(['exec', 'asks', 'ping', '-c', '1', 'web'])).toContain('PING web');
    const { stdout } = await box.skiff(['exec', 'asks', 'nslookup', '-type=a', 'deep']);
    expect(stdout).toContain('Address: 198.51.100.9');
  });

  test('--dns is asked instead of what the host has, for the rest', async () => {
    world.setZone('198.51.100.54', { 'own.example': { A: ['198.51.100.78'] } });
    const { stdout } = await box.skiff([
      ...['run', '--rm', '--network', 'mynet', '--dns', '198.51.100.54', busybox],
      ...['sh', '-c', 'nslookup -type=a own.example; nslookup -type=a web.mynet; nslookup -type=a example.com'],
    ]);
    expect(stdout).toContain('Address: 198.51.100.78');
    expect(stdout).toContain(`Address: ${await addressOf('web')}`);
    expect(stdout).toContain("can't find example.com: NXDOMAIN");
  });
});

/** The pid of the supervisor of a container, as this machine counts. */
function supervisorOf(id: string): number {
  const { SupervisorPid } = JSON.parse(readFileSync(`${box.root}/containers/${id}/state.json`, 'utf8'));
  return SupervisorPid;
}
