// Published ports as clients on other machines see them, with servers that name who asks; and what is refused, or done otherwise, before
// a container is made. The clients come from a network namespace of their own.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { hasImage, image, openSandbox } from './support/sandbox.ts';
import { CLIENT, SERVER, twoHosts } from './support/two-hosts.ts';

const busybox = image('busybox');
const isPrivileged = (port: number): boolean => port < Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));

describe('from another host', () => {
  const home = openSandbox();
  const hosts = twoHosts();
  const box = openSandbox({ within: hosts.within });
  hosts.open();

  // The registry is on the machine's loopback, which is not that of the server.
  beforeAll(async () => {
    const images = [busybox, ...(hasImage('debian') ? [image('debian')] : [])];
    for (const each of images) await home.ok(['pull', '--quiet', each], { timeoutMs: 120_000 });
    const archive = join(home.files, 'images.tar');
    await home.ok(['save', '--format', 'oci-archive', '-o', archive, ...images], { timeoutMs: 120_000 });
    await box.ok(['load', '-i', archive], { timeoutMs: 120_000 });
    await box.ok(['network', 'create', 'user']);
    await box.ok(['network', 'create', '--ipv6', 'six']);
  }, 300_000);

  const NETWORKS = [
    ['the default network', []],
    ["a network of the user's", ['--network', 'user']],
    ['two networks, one with IPv6', ['--network', 'user', '--network', 'six']],
  ] as const;

  const cgi =
    'mkdir -p /w/cgi-bin; printf "#!/bin/sh\\necho; echo \\$REMOTE_ADDR\\n" >/w/cgi-bin/who; chmod 755 /w/cgi-bin/who; exec httpd -f -p [::]:80 -h /w';
  const echo =
    'use IO::Socket::IP; $s = IO::Socket::IP->new(LocalHost => "::", LocalPort => 9, Type => SOCK_DGRAM, V6Only => 0) or die; while ($s->recv($m, 99)) { $s->send($s->peerhost) }';
  const ask = join(import.meta.dirname, 'support/udp-ask.ts');
  const get = (url: string) =>
    hosts.onClient(['curl', '-gsS', '--retry', '30', '--retry-all-errors', '--retry-delay', '1', '-m', '5', url]);
  const sendTo = (address: string, port: string) => hosts.onClient(['timeout', '30', process.execPath, ask, address, port]);
  const published = async (name: string) => (await box.ok(['port', name])).split('\n')[0]?.split(':').at(-1) ?? '';

  test.each(NETWORKS)('a server on %s sees the address of who asks over TCP, IPv4 and IPv6', async (_, network) => {
    await box.ok(['run', '-d', '--name', 'seer', ...network, '-p', '80', busybox, 'sh', '-c', cgi]);
    const port = await published('seer');
    const ipv4 = await get(`http://${SERVER.ipv4}:${port}/cgi-bin/who`);
    expect(ipv4?.trim().replace(/^\[?::ffff:|\]$/g, '')).toBe(CLIENT.ipv4);
    const ipv6 = await get(`http://[${SERVER.ipv6}]:${port}/cgi-bin/who`);
    expect(ipv6?.trim().replace(/^\[|\]$/g, '')).toBe(CLIENT.ipv6);
    await box.ok(['rm', '-f', 'seer']);
  });

  const withDebian = hasImage('debian') ? test : test.skip;
  withDebian.each(NETWORKS)('a server on %s sees the address of who sends over UDP, IPv4 and IPv6 (needs Debian)', async (_, network) => {
    await box.ok(['run', '-d', '--name', 'seer', ...network, '-p', '9/udp', image('debian'), 'perl', '-e', echo]);
    const port = await published('seer');
    expect((await sendTo(SERVER.ipv4, port))?.replace(/^::ffff:/, '')).toBe(CLIENT.ipv4);
    expect(await sendTo(SERVER.ipv6, port)).toBe(CLIENT.ipv6);
    await box.ok(['rm', '-f', 'seer']);
  });

  test('a server still sees it once its container is on other networks than at its start', async () => {
    await box.ok(['run', '-d', '--name', 'seer', '-p', '80', busybox, 'sh', '-c', cgi]);
    const port = await published('seer');
    await box.ok(['network', 'connect', 'user', 'seer']);
    await box.ok(['network', 'disconnect', 'bridge', 'seer']);
    expect(await published('seer')).toBe(port);
    const seen = await get(`http://${SERVER.ipv4}:${port}/cgi-bin/who`);
    expect(seen?.trim().replace(/^\[?::ffff:|\]$/g, '')).toBe(CLIENT.ipv4);
    await box.ok(['rm', '-f', 'seer']);
  });

  test('a port that is published on one address of the host is not reached by another', async () => {
    await box.ok(['run', '-d', '--name', 'shy', '-p', '127.0.0.1:20080:80', '-p', `[${SERVER.ipv6}]:20081:80`, busybox, 'sh', '-c', cgi]);
    expect((await box.ok(['port', 'shy'])).split('\n').sort()).toEqual(['80/tcp -> 127.0.0.1:20080', `80/tcp -> [${SERVER.ipv6}]:20081`]);
    expect(await get(`http://[${SERVER.ipv6}]:20081/cgi-bin/who`)).toContain(CLIENT.ipv6);
    expect(await hosts.onClient(['curl', '-s', '-m', '5', `http://${SERVER.ipv4}:20080/`])).toBeUndefined();
    await box.ok(['rm', '-f', 'shy']);
  });
});

describe('on this host', () => {
  const box = openSandbox();
  const run = (...args: string[]) => box.skiff(['run', '--rm', ...args, busybox, 'true']);
  const listed = async () => [
    await box.ok(['ps', '-aq']),
    await box.ok(['events', '--since', '0', '--until', '0s', '--format', '{{.Action}}']),
  ];

  beforeAll(async () => {
    await box.ok(['pull', '--quiet', busybox]);
  });

  test('a port in use is refused before a container is made; create leaves it to the start', async () => {
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
    const spec = `127.0.0.1:${listener.port}:80`;
    const before = await listed();
    const failed = await run('-p', spec, '-v', 'never-made:/data', '--name', 'never');
    expect(failed).toMatchObject({ code: 125, stdout: '', stderr: expect.stringContaining(`Bind for 127.0.0.1:${listener.port} failed`) });
    expect(await listed()).toEqual(before);
    expect(statSync(join(box.root, 'volumes/never-made'), { throwIfNoEntry: false })).toBeUndefined();

    await box.ok(['create', '--name', 'later', '-p', spec, busybox, 'sleep', '1000']);
    expect(await box.skiff(['start', 'later'])).toMatchObject({ code: 1, stderr: expect.stringContaining('port is already allocated') });
    listener.stop(true);
    await box.ok(['start', 'later']);
    expect(await box.ok(['port', 'later'])).toBe(`80/tcp -> 127.0.0.1:${listener.port}`);
    await box.ok(['rm', '-f', 'later']);
  });

  test('a port that a process of somebody else holds names that user, and one of another container that container', async () => {
    const [address = '', port = ''] = (busybox.split('/')[0] ?? '').split(':');
    const { stderr } = await run('-p', `${address}:${port}:80`);
    expect(stderr).toMatch(
      /^It is held by (a process of user "root"|process \d+ \(bun\)|process \d+ \(docker-registry\)): stop that, or publish/m,
    );

    await box.ok(['run', '-d', '--name', 'first', '-p', '127.0.0.1::80', busybox, 'sleep', '1000']);
    const taken = (await box.ok(['port', 'first'])).split(':').at(-1);
    expect((await run('-p', `127.0.0.1:${taken}:80`)).stderr).toContain('It is held by container first: stop that, or publish');
    await box.ok(['rm', '-f', 'first']);
  });

  test('a privileged port comes with the setting, for now and for good; --publish-fallback takes another and says so', async () => {
    if (!isPrivileged(443)) return;
    const refused = await run('-p', '127.0.0.1:443:443', '-p', '127.0.0.1:80:80');
    expect(refused.code).toBe(125);
    expect(refused.stderr).toContain('sudo sysctl -w net.ipv4.ip_unprivileged_port_start=80\n');
    expect(refused.stderr).toContain('echo net.ipv4.ip_unprivileged_port_start=80 | sudo tee /etc/sysctl.d/');
    expect(await box.ok(['ps', '-aq'])).toBe('');

    const flags = ['--publish-fallback', '-p', '127.0.0.1:444:80', '-p', '127.0.0.1::81'];
    const started = await box.skiff(['run', '-d', '--name', 'web', ...flags, busybox, 'httpd', '-f', '-p', '80', '-h', '/www']);
    const [, port = ''] =
      /^skiff: warning: 80\/tcp is published on port (\d+), as port 444 is privileged here$/m.exec(started.stderr) ?? [];
    expect(Number(port)).toBeGreaterThan(1023);
    expect(await box.ok(['port', 'web', '80'])).toBe(`127.0.0.1:${port}`);
    expect(await box.ok(['ps', '--format', '{{.Ports}}'])).toContain(`127.0.0.1:${port}->80/tcp`);
    const answer = await eventually('the server answers', () => fetch(`http://127.0.0.1:${port}/`).catch(() => undefined));
    expect(await answer.text()).toBe('hello from the container\n');
    await box.ok(['rm', '-f', 'web']);
  });

  test('a range of host ports for one container port gives its first free one', async () => {
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
    const first = listener.port;
    await box.ok(['run', '-d', '--name', 'web', '-p', `127.0.0.1:${first}-${first + 20}:80`, busybox, 'sleep', '1000']);
    const port = Number((await box.ok(['port', 'web', '80'])).split(':').at(-1));
    listener.stop(true);
    expect(port).toBeGreaterThan(first);
    expect(port).toBeLessThanOrEqual(first + 20);
    await box.ok(['rm', '-f', 'web']);
  });

  test.each([
    [['-p', '8000-8001:80-82'], 'Invalid ranges specified for container and host Ports: 80-82 and 8000-8001'],
    [['-p', '127.0.0.1:80-82'], 'Invalid hostPort: 127.0.0.1'],
    [['-p', '70000:80'], 'Invalid hostPort: 70000'],
    [['-p', '80:0'], 'Invalid containerPort: 0'],
    [['-p', '300.1.1.1:80:80'], 'Invalid IP address: 300.1.1.1'],
    [['-p', '80:80/icmp'], 'Invalid proto: icmp'],
    [['-p', '203.0.113.250::80'], 'failed to bind host port for 203.0.113.250:0/tcp: cannot assign requested address'],
    [['--network', 'none', '--publish-fallback=maybe'], 'invalid argument "maybe"'],
  ])('%j is refused in one sentence, and nothing is made', async (flags, message) => {
    const { code, stdout, stderr } = await run(...flags);
    expect({ code, stdout }).toEqual({ code: 125, stdout: '' });
    expect(stderr).toContain(message);
    expect(await box.ok(['ps', '-aq'])).toBe('');
  });
});
