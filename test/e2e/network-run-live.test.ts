// Networks that a running container is put on and taken off: its interfaces, its names and its published ports, at once and over a restart.

import { eventually } from './support/eventually.ts';
import { eventsOf } from './support/network-events.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const HELLO = 'hello from the container\n';

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  await box.ok(['network', 'create', '--subnet', '172.31.1.0/24', 'blue']);
  await box.ok(['network', 'create', '--subnet', '172.31.2.0/24', 'green']);
  await box.ok(['network', 'create', '--internal', '--subnet', '172.31.3.0/24', 'inner']);
  await box.ok(['run', '-d', '--name', 'peer', '--network', 'blue', '--network', 'green', busybox, 'sleep', '100000']);
});

const server = (name: string, ...flags: string[]) =>
  box.ok(['run', '-d', '--name', name, ...flags, busybox, 'httpd', '-f', '-p', '80', '-h', '/www']);
const remove = (...names: string[]) => box.ok(['rm', '-f', ...names]);
const connect = (...args: string[]) => box.ok(['network', 'connect', ...args]);
const disconnect = (...args: string[]) => box.ok(['network', 'disconnect', ...args]);
const interfaces = async (name: string) =>
  (await box.ok(['exec', name, 'ls', '/sys/class/net'])).split('\n').filter((each) => each !== 'lo');
const networks = async (name: string) => JSON.parse(await box.ok(['inspect', '-f', '{{json .NetworkSettings.Networks}}', name]));
/** What the peer gets of a server by its name. */
const fromPeer = async (host: string) =>
  (await box.skiff(['exec', 'peer', 'timeout', '5', 'wget', '-q', '-O', '-', `http://${host}/`])).stdout;
const published = async (name: string): Promise<string> => {
  const [address = ''] = (await box.ok(['port', name, '80'])).split('\n');
  return eventually(`port 80 of ${name} answers at ${address}`, async () => {
    const answer = await fetch(`http://${address}/`, { signal: AbortSignal.timeout(2000) }).catch(() => undefined);
    return answer?.ok ? answer.text() : undefined;
  });
};

test('a container on the default network joins others and leaves them; its port stays', async () => {
  await server('web', '-p', '127.0.0.1::80');
  const port = await box.ok(['port', 'web']);
  expect(await interfaces('web')).toEqual(['eth0', 'uplink0']);
  await connect('--alias', 'shop', 'blue', 'web');
  expect(await interfaces('web')).toEqual(['eth0', 'eth1', 'uplink0']);
  expect([await fromPeer('web'), await fromPeer('shop')]).toEqual([HELLO, HELLO]);
  expect(await box.ok(['exec', 'web', 'nslookup', 'peer'])).toContain('172.31.1.2');
  expect(Object.keys(await networks('web'))).toEqual(['blue', 'bridge']);
  await connect('--ip', '172.31.2.40', 'green', 'web');
  expect((await networks('web')).green.IPAddress).toBe('172.31.2.40');
  expect(await fromPeer('172.31.2.40')).toBe(HELLO);
  expect(await box.ok(['exec', 'web', 'cat', '/etc/hosts'])).toMatch(/^172\.31\.2\.40\t/m);
  await disconnect('blue', 'web');
  expect(await interfaces('web')).toEqual(['eth0', 'eth2', 'uplink0']);
  expect(await fromPeer('shop')).toBe('');
  expect(await fromPeer('web')).toBe(HELLO);
  await disconnect('green', 'web');
  expect(await fromPeer('web')).toBe('');
  expect(await box.ok(['exec', 'web', 'cat', '/etc/hosts'])).not.toContain('172.31.');
  expect(await box.ok(['port', 'web'])).toBe(port);
  expect(await published('web')).toBe(HELLO);
  await remove('web');
});

test('what it was put on while it ran is there after a stop and a start', async () => {
  await server('web', '-p', '127.0.0.1::80');
  await connect('blue', 'web');
  await box.ok(['stop', '-t', '0', 'web']);
  expect(await fromPeer('web')).toBe('');
  await box.ok(['start', 'web']);
  expect(await interfaces('web')).toEqual(['eth0', 'eth1']);
  expect([await fromPeer('web'), await published('web')]).toEqual([HELLO, HELLO]);
  await remove('web');
});

test('the way out, and the published port with it, goes with the last network that leads out and comes back with the next', async () => {
  await server('web', '--network', 'blue', '-p', '127.0.0.1::80');
  expect(await published('web')).toBe(HELLO);
  await connect('inner', 'web');
  await disconnect('blue', 'web');
  expect(await interfaces('web')).toEqual(['eth1']);
  expect(await box.ok(['port', 'web'])).toBe('');
  await connect('green', 'web');
  expect(await interfaces('web')).toEqual(['eth0', 'eth1', 'uplink0']);
  expect([await fromPeer('web'), await published('web')]).toEqual([HELLO, HELLO]);
  await remove('web');
});

test('it leaves the default network, too, and keeps its port by another', async () => {
  await server('web', '-p', '127.0.0.1::80');
  await connect('blue', 'web');
  await disconnect('bridge', 'web');
  expect(await interfaces('web')).toEqual(['eth1', 'uplink0']);
  expect(Object.keys(await networks('web'))).toEqual(['blue']);
  expect([await fromPeer('web'), await published('web')]).toEqual([HELLO, HELLO]);
  await connect('bridge', 'web');
  expect(Object.keys(await networks('web'))).toEqual(['blue', 'bridge']);
  expect(await published('web')).toBe(HELLO);
  await remove('web');
});

test('off every network it has its loopback', async () => {
  await server('web', '--network', 'blue');
  await disconnect('blue', 'web');
  expect(await interfaces('web')).toEqual([]);
  expect(await box.ok(['exec', 'web', 'wget', '-q', '-O', '-', 'http://127.0.0.1/'])).toBe(HELLO.trimEnd());
  await box.ok(['restart', '-t', '0', 'web']);
  expect(await interfaces('web')).toEqual([]);
  await connect('blue', 'web');
  expect(await fromPeer('web')).toBe(HELLO);
  await remove('web');
});

test('a connect that fails leaves the container where it was', async () => {
  await server('web', '--network', 'blue');
  const before = await networks('web');
  const taken = await box.skiff(['network', 'connect', '--ip', '172.31.2.2', 'green', 'web']);
  expect(taken.code).not.toBe(0);
  expect(taken.stderr).toContain('Address already in use');
  const twice = await box.skiff(['network', 'connect', 'blue', 'web']);
  expect([twice.code, twice.stderr]).toEqual([1, expect.stringContaining('endpoint with name web already exists in network blue')]);
  expect(await networks('web')).toEqual(before);
  expect(await interfaces('web')).toEqual(['eth0', 'uplink0']);
  await remove('web');
});

test("containers that have no networks of their own are refused in Docker's words", async () => {
  await box.ok(['run', '-d', '--name', 'none', '--network', 'none', busybox, 'sleep', '1000']);
  const { stderr, code } = await box.skiff(['network', 'connect', 'blue', 'none']);
  expect([code, stderr]).toEqual([1, expect.stringContaining('one of the networks in private (none) mode')]);
  await remove('none');
});

test('each is an event', async () => {
  await server('web', '--network', 'blue');
  await connect('green', 'web');
  await disconnect('green', 'web');
  const id = await box.ok(['inspect', '-f', '{{.Id}}', 'web']);
  await remove('web');
  expect(eventsOf(box, id)).toEqual(['connect blue', 'connect green', 'disconnect green', 'disconnect blue']);
});

test('connects and disconnects at once are done one after another', async () => {
  await server('web', '--network', 'blue');
  const names = Array.from({ length: 6 }, (_, index) => `many-${index}`);
  for (const name of names) await box.ok(['network', 'create', name]);
  await Promise.all(names.map((name) => connect(name, 'web')));
  const joined = await networks('web');
  expect(Object.keys(joined)).toEqual(['blue', ...names]);
  expect(new Set(Object.values<{ IPAddress: string }>(joined).map(({ IPAddress }) => IPAddress)).size).toBe(7);
  await Promise.all(names.map((name) => disconnect(name, 'web')));
  expect(Object.keys(await networks('web'))).toEqual(['blue']);
  expect(await interfaces('web')).toEqual(['eth0', 'uplink0']);
  await remove('web');
  await box.ok(['network', 'rm', ...names]);
});
