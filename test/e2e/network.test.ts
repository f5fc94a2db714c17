// The default network from both sides: what a container reaches, and what of it is reached through published ports.
import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { eventually } from './support/eventually.ts';
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

  test('-p …/udp carries datagrams both ways', async () => {
    await box.ok(['run', '-d', '--name', 'echo', '-p', '127.0.0.1::9/udp', busybox, 'nc', '-u', '-l', '-p', '9', '-e', 'cat']);
    const port = Number(await published('echo', '9/udp'));
    const answers: string[] = [];
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

  test('the server sees who asks, not a proxy, when another address of the host is used', async () => {
    if (!hostAddress) throw new Error('This test needs a host with an address');
    const script = `nc -l -p 80 -e sh -c 'cat /proc/net/tcp /proc/net/tcp6 >/seen; echo bye'`;
    await box.ok(['run', '-d', '--name', 'seer', '-p', '80', busybox, 'sh', '-c', script]);
    const port = Number(await published('seer'));
    await eventually('somebody listens', async () => {
      const { stdout } = await box.skiff(['exec', 'seer', 'cat', '/proc/net/tcp', '/proc/net/tcp6']);
      return /:0050 \S+ 0A/.test(stdout);
    });
    const socket = await Bun.connect({ hostname: hostAddress, port, socket: { data() {} } });
    const hex = hostAddress
      .split('.')
      .reverse()
      .map((part) => Number(part).toString(16).padStart(2, '0'))
      .join('')
      .toUpperCase();
    await eventually('the connection is seen', async () => (await box.skiff(['exec', 'seer', 'cat', '/seen'])).stdout.includes(hex));
    socket.end();
    await remove('seer');
  });
});

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
      const { stdout, code } = await box.skiff([
        'run',
        '--rm',
        busybox,
        'wget',
        '-q',
        '-T',
        '2',
        '-O',
        '-',
        `http://127.0.0.1:${listener.port}/`,
      ]);
      expect({ stdout, code }).toEqual({ stdout: '', code: 1 });
    } finally {
      listener.stop(true);
    }
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
    expect((await box.skiff(['run', '--rm', busybox, 'wget', '-q', '-T', '2', '-O', '-', 'http://127.0.0.1/'])).code).toBe(1);
    await remove('web');
  });

  const hostReaches =
    Bun.spawnSync(['curl', '-sfI', '--max-time', '10', 'http://deb.debian.org/debian/dists/bookworm/InRelease'], { stdout: 'ignore' })
      .exitCode === 0;
  (hasImage('debian') && hostReaches ? test : test.skip)(
    'apt-get update reaches the network that the host reaches (needs Debian and a network)',
    async () => {
      await box.ok(['pull', '--quiet', image('debian')], { timeoutMs: 120_000 });
      const { stdout, code } = await box.skiff(['run', '--rm', image('debian'), 'apt-get', 'update'], { timeoutMs: 120_000 });
      expect(code).toBe(0);
      expect(stdout).toMatch(/Get:1 http:\/\/deb\.debian\.org/);
    },
  );
});
