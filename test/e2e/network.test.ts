// The default network from both sides: what a container reaches, and what of it is reached through published ports.

import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { aptSources } from './support/images/debian.ts';
import { hasImage, image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const hostAddress = Object.values(networkInterfaces())
  .flat()
  .find((each) => each?.family === 'IPv4' && !each.internal)?.address;

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
});

const httpd = ['httpd', '-f', '-p', '80', '-h', '/www'];
const server = (name: string, ...flags: string[]) => box.ok(['run', '-d', '--name', name, ...flags, busybox, ...httpd]);
const remove = (...names: string[]) => box.ok(['rm', '-f', ...names]);
const published = async (name: string, port = '80') => (await box.ok(['port', name, port])).split('\n')[0]?.split(':').at(-1) ?? '';

async function get(url: string): Promise<string> {
  return eventually(`${url} answers`, async () => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    return answer?.ok ? answer.text() : undefined;
  });
}

describe('published ports', () => {
  test('-p with a host address and no host port finds a free one, and the host gets an answer', async () => {
    await server('web', '-p', '127.0.0.1::80');
    expect(await box.ok(['port', 'web'])).toMatch(/^80\/tcp -> 127\.0\.0\.1:\d+$/);
    const port = await published('web');
    expect(await get(`http://127.0.0.1:${port}/`)).toBe('hello from the container\n');
    expect(await box.ok(['ps', '--format', '{{.Ports}}'])).toBe(`127.0.0.1:${port}->80/tcp`);
    await remove('web');
    await expect(fetch(`http://127.0.0.1:${port}/`)).rejects.toThrow();
  });

  test('-p of any free port twice gives two', async () => {
    await server('web', '-p', '127.0.0.1::80', '-p', '127.0.0.1::80');
    const ports = (await box.ok(['port', 'web', '80'])).split('\n');
    expect([ports.length, new Set(ports).size]).toEqual([2, 2]);
    for (const port of ports) expect(await get(`http://${port}/`)).toBe('hello from the container\n');
    await remove('web');
  });

  test('-p without an address is reached by every address of the host, IPv6 too', async () => {
    await server('web', '-p', '80');
    const port = await published('web');
    for (const address of ['127.0.0.1', '[::1]', ...(hostAddress ? [hostAddress] : [])]) {
      expect(await get(`http://${address}:${port}/`)).toBe('hello from the container\n');
    }
    await remove('web');
  });

  test('-p of a range', async () => {
    const base = 20_000 + (process.pid % 20_000);
    await server('web', '-p', `127.0.0.1:${base}-${base + 2}:80-82`);
    expect((await box.ok(['port', 'web'])).split('\n').sort()).toEqual([0, 1, 2].map((n) => `${80 + n}/tcp -> 127.0.0.1:${base + n}`));
    expect(await get(`http://127.0.0.1:${base}/`)).toBe('hello from the container\n');
    await remove('web');
  });

  // Debian's busybox serves nothing over UDP; its perl does.
  (hasImage('debian') ? test : test.skip)('-p …/udp carries datagrams both ways (needs Debian)', async () => {
    await box.ok(['pull', '--quiet', image('debian')], { timeoutMs: 120_000 });
    const echo =
      'use IO::Socket::INET; $s = IO::Socket::INET->new(Proto => "udp", LocalPort => 9); while ($s->recv($m, 999)) { $s->send($m) }';
    await box.ok(['run', '-d', '--name', 'echo', '-p', '127.0.0.1::9/udp', image('debian'), 'perl', '-e', echo]);
    const port = Number(await published('echo', '9/udp'));
    const answers: string[] = [];
    // Before the program listens a datagram is refused, which is no answer.
    const socket = await Bun.udpSocket({ socket: { data: (_, bytes) => void answers.push(bytes.toString()), error: () => undefined } });
    await eventually('a datagram came back', () => {
      socket.send('ping', port, '127.0.0.1');
      return answers.includes('ping');
    });
    socket.close();
    await remove('echo');
  });

  test('-P publishes what the image exposes', async () => {
    await box.ok(['pull', '--quiet', image('features')]);
    await box.ok(['run', '-d', '--name', 'exposed', '-P', '--entrypoint', 'sleep', image('features'), '1000']);
    expect((await box.ok(['port', 'exposed'])).split('\n').map((line) => line.replace(/:\d+$/, ''))).toEqual(
      expect.arrayContaining(['53/udp -> 0.0.0.0', '8080/tcp -> 0.0.0.0']),
    );
    await box.ok(['rm', '-f', '-v', 'exposed']);
  });

  test('a port in use is refused by run, and named; nothing stays', async () => {
    await server('first', '-p', '127.0.0.1::80');
    const port = await published('first');
    const { stderr, code } = await box.skiff(['run', '--rm', '-p', `127.0.0.1:${port}:80`, busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toMatch(/(port is already allocated|address already in use)/);
    expect(stderr).toContain(port);
    await remove('first');
    expect(await box.ok(['ps', '-aq'])).toBe('');
  });

  test('a port of another process is refused, and the process named', async () => {
    const listener = Bun.listen({ hostname: '127.0.0.1', port: 0, socket: { data() {} } });
    const { stderr, code } = await box.skiff(['run', '--rm', '-p', `127.0.0.1:${listener.port}:80`, busybox, 'true']);
    listener.stop(true);
    expect(code).toBe(125);
    expect(stderr).toContain(`Bind for 127.0.0.1:${listener.port} failed: port is already allocated`);
    expect(stderr).toContain(`It is held by process ${process.pid} (`);
  });

  test('a privileged port is refused with the setting that would allow it', async () => {
    const floor = Number(readFileSync('/proc/sys/net/ipv4/ip_unprivileged_port_start', 'utf8'));
    if (floor <= 1) return;
    const { stderr, code } = await box.skiff(['run', '--rm', '-p', '127.0.0.1:1:80', busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toContain('cannot expose privileged port 1');
    expect(stderr).toContain('sudo sysctl -w net.ipv4.ip_unprivileged_port_start=1');
  });

  test('an address that is not of this host is refused', async () => {
    const { stderr, code } = await box.skiff(['run', '--rm', '-p', '203.0.113.250::80', busybox, 'true']);
    expect(code).toBe(125);
    expect(stderr).toMatch(/203\.113\.250|203\.0\.113\.250/);
  });

  test('what a server sends right before it ends arrives whole, however slowly it is read', async () => {
    const size = 20_000_000;
    const script = `read request; head -c ${size} /dev/zero`;
    await box.ok(['run', '-d', '--rm', '--name', 'last', '-p', '127.0.0.1::80', busybox, 'nc', '-l', '-p', '80', '-e', 'sh', '-c', script]);
    const port = Number(await published('last'));
    const { promise, resolve } = Promise.withResolvers<number>();
    let seen = 0;
    const socket = await Bun.connect({
      hostname: '127.0.0.1',
      port,
      socket: {
        open: (opened) => void opened.write('go\n'),
        data: (reading, chunk) => {
          seen += chunk.length;
          reading.pause();
          setTimeout(() => reading.resume(), 1);
        },
        close: () => resolve(seen),
      },
    });
    expect(await promise).toBe(size);
    socket.end();
    await eventually('the container is gone', async () => (await box.ok(['ps', '-aq'])) === '');
  });

  test('pasta killed is started again, and publishes the same port', async () => {
    await server('web', '-p', '127.0.0.1::80');
    const port = await published('web');
    expect(await get(`http://127.0.0.1:${port}/`)).toBe('hello from the container\n');
    let before: number | undefined;
    for (let time = 0; time < 3; time++) {
      const pasta = pastaOf(port);
      if (pasta === undefined) throw new Error('No pasta forwards to that port');
      process.kill(pasta, 'SIGKILL');
      await eventually('that pasta is gone', () => pastaOf(port) !== pasta);
      expect(await get(`http://127.0.0.1:${port}/`)).toBe('hello from the container\n');
      before ??= await pipesOf('web');
    }
    // What the supervisor had open of each that died is closed.
    const last = before ?? 0;
    await eventually('as many pipes are open as after the first time', async () => (await pipesOf('web')) <= last);
    await remove('web');
  });

  test('the server sees who asks, not a proxy, when another address of the host is used', async () => {
    if (!hostAddress) throw new Error('This test needs a host with an address');
    // busybox names the peer to the program that it starts for a connection, which is only on `httpd`: a CGI program tells it.
    const cgi =
      'mkdir -p /w/cgi-bin; printf "#!/bin/sh\\necho; echo \\$REMOTE_ADDR\\n" >/w/cgi-bin/who; chmod 755 /w/cgi-bin/who; exec httpd -f -p 80 -h /w';
    await box.ok(['run', '-d', '--name', 'seer', '-p', '80', busybox, 'sh', '-c', cgi]);
    const port = await published('seer');
    expect(await get(`http://${hostAddress}:${port}/cgi-bin/who`)).toContain(hostAddress);
    await remove('seer');
  });
});

/** How many pipes the supervisor of a container has open. */
async function pipesOf(name: string): Promise<number> {
  const id = await box.ok(['ps', '-q', '--no-trunc', '-f', `name=${name}`]);
  const { SupervisorPid } = JSON.parse(readFileSync(join(box.root, 'containers', id, 'state.json'), 'utf8'));
  const { stdout } = Bun.spawnSync(['ls', '-l', `/proc/${SupervisorPid}/fd`]);
  return stdout
    .toString()
    .split('\n')
    .filter((line) => line.includes('pipe:')).length;
}

/** The pid of the pasta that forwards to a host port. */
function pastaOf(port: string): number | undefined {
  const { stdout } = Bun.spawnSync(['ps', '-u', String(process.getuid?.()), '-o', 'pid=,args=']);
  const line = stdout
    .toString()
    .split('\n')
    .find((each) => /\bpasta\b/.test(each) && each.includes(`/${port}:`));
  return line === undefined ? undefined : Number(line.trim().split(/\s+/)[0]);
}

describe('from inside', () => {
  const inside = (script: string, ...flags: string[]) => box.ok(['run', '--rm', ...flags, busybox, 'sh', '-c', script]);

  test('the host is reached as host.docker.internal', async () => {
    const listener = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response('hello from the host\n') });
    try {
      expect(await inside(`wget -q -O - http://host.docker.internal:${listener.port}/`)).toBe('hello from the host');
    } finally {
      listener.stop(true);
    }
  });

  test('what listens on the loopback of the host alone is not reached by address 127.0.0.1', async () => {
    const listener = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('private') });
    try {
      const url = `http://127.0.0.1:${listener.port}/`;
      const { stdout, code } = await box.skiff(['run', '--rm', busybox, 'wget', '-q', '-O', '-', url]);
      expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    } finally {
      listener.stop(true);
    }
  });

  test('the gateway is no way to the loopback of the host', async () => {
    const listener = Bun.serve({ hostname: '127.0.0.1', port: 0, fetch: () => new Response('private') });
    try {
      const script = `wget -q -O - http://$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'):${listener.port}/ & sleep 2; kill $! 2>/dev/null; true`;
      expect(await inside(script)).not.toContain('private');
    } finally {
      listener.stop(true);
    }
  });

  test('/etc/hosts names the container by its own address, and what --add-host says', async () => {
    const lines = (await inside('cat /etc/hosts; hostname -i', '--hostname', 'web', '--add-host', 'db:198.51.100.7')).split('\n');
    const own = lines.at(-1)?.split(' ')[0];
    expect(lines).toEqual(expect.arrayContaining([`${own}\tweb`, '198.51.100.7\tdb', '127.0.0.1\tlocalhost']));
  });

  test('--dns, --dns-search and --dns-option replace what the host has', async () => {
    expect(await inside('cat /etc/resolv.conf', '--dns', '198.51.100.1', '--dns-search', 'a.example', '--dns-option', 'ndots:2')).toBe(
      'nameserver 198.51.100.1\nsearch a.example\noptions ndots:2',
    );
  });

  test('/etc/resolv.conf names a server, and none that is the loopback of nobody', async () => {
    const servers = (await inside('grep ^nameserver /etc/resolv.conf')).split('\n').map((line) => line.split(/\s+/)[1] ?? '');
    expect(servers.length).toBeGreaterThan(0);
    for (const server of servers) expect(server).not.toMatch(/^127\.|^::1$/);
  });

  test('--network host and none keep their own', async () => {
    expect(await inside('cat /etc/resolv.conf', '--network', 'host')).toContain(
      readFileSync('/etc/resolv.conf', 'utf8').match(/^nameserver .*$/m)?.[0] ?? '',
    );
    expect(await inside('ip route | wc -l', '--network', 'none')).toBe('0');
  });

  test('two containers do not see each other on loopback', async () => {
    await server('web');
    expect((await box.skiff(['run', '--rm', busybox, 'wget', '-q', '-O', '-', 'http://127.0.0.1/'])).code).toBe(1);
    await remove('web');
  });

  const [source] = aptSources();
  const index = `${source?.uri}dists/${source?.release}/InRelease`;
  const hostReaches =
    source !== undefined && Bun.spawnSync(['curl', '-sfI', '--max-time', '10', index], { stdout: 'ignore' }).exitCode === 0;
  (hasImage('debian') && hostReaches ? test : test.skip)(
    'apt-get update reaches the network that the host reaches (needs Debian and a network)',
    async () => {
      await box.ok(['pull', '--quiet', image('debian')], { timeoutMs: 120_000 });
      const { stdout, code } = await box.skiff(['run', '--rm', image('debian'), 'apt-get', 'update'], { timeoutMs: 120_000 });
      expect(code).toBe(0);
      expect(stdout).toMatch(/^Get:1 http/m);
    },
  );
});
