// What a running container on the default network sees of changes of its host's network. The host is a world of the test's own.
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';
import { bring, openWorld } from './support/world.ts';

const world = openWorld({ dns: ['127.0.0.53', '127.0.0.54', '198.51.100.53', '198.51.100.54'] });
const { box } = world;
const outside = openSandbox();
const busybox = image('busybox');
const ofWorld = (...command: string[]) => Bun.spawnSync([...world.within, ...command]).exitCode;
const conf = (name: string) => box.ok(['exec', name, 'cat', '/etc/resolv.conf']);
const looksUp = async (name: string, host: string) =>
  (await box.skiff(['exec', name, 'nslookup', '-type=a', host])).stdout.match(/^Address: (\S+)$/m)?.[1];

beforeAll(async () => {
  for (const [index, server] of ['127.0.0.53', '127.0.0.54', '198.51.100.53', '198.51.100.54'].entries()) {
    world.setZone(server, { 'who.example': { A: [`192.0.2.${index}`] } });
  }
  world.setResolvConf('nameserver 198.51.100.53\n');
  await bring(world, outside, [busybox]);
});

test('it is told of the name servers that the host has by now, whichever these are', async () => {
  await box.ok(['run', '-d', '--name', 'direct', busybox, 'sleep', '100000']);
  await box.ok(['run', '-d', '--name', 'edited', busybox, 'sleep', '100000']);
  await box.ok(['exec', 'edited', 'sh', '-c', 'echo nameserver 192.0.2.99 >/etc/resolv.conf']);
  expect(await looksUp('direct', 'who.example')).toBe('192.0.2.2');
  world.setResolvConf('nameserver 198.51.100.54\nsearch corp.example\n');
  await eventually(
    'the other server is in the file',
    async () => (await conf('direct')) === 'nameserver 198.51.100.54\nsearch corp.example',
  );
  expect(await looksUp('direct', 'who.example')).toBe('192.0.2.3');
  // A server on the loopback of the host, for which pasta was not started.
  world.setResolvConf('nameserver 127.0.0.53\n');
  await eventually('the loopback server is reached', async () => (await looksUp('direct', 'who.example')) === '192.0.2.0');
  world.setResolvConf('nameserver 198.51.100.53\n');
  await eventually('and left again', async () => (await looksUp('direct', 'who.example')) === '192.0.2.2');
  expect(await conf('edited')).toBe('nameserver 192.0.2.99');
  await box.ok(['rm', '-f', 'direct', 'edited']);
});

test('from one server on the loopback to another', async () => {
  world.setResolvConf('nameserver 127.0.0.53\n');
  await box.ok(['run', '-d', '--name', 'stub', busybox, 'sleep', '100000']);
  expect(await looksUp('stub', 'who.example')).toBe('192.0.2.0');
  world.setResolvConf('nameserver 127.0.0.54\n');
  await eventually('the other one answers', async () => (await looksUp('stub', 'who.example')) === '192.0.2.1');
  await box.ok(['run', '-d', '--name', 'later', busybox, 'sleep', '100000']);
  expect(await looksUp('later', 'who.example')).toBe('192.0.2.1');
  await box.ok(['rm', '-f', 'stub', 'later']);
});

test('host.docker.internal is where the host is by now', async () => {
  await box.ok(['run', '-d', '--name', 'guest', '--add-host', 'gate:host-gateway', busybox, 'sleep', '100000']);
  const hosts = () => box.ok(['exec', 'guest', 'cat', '/etc/hosts']);
  expect(await hosts()).toContain('198.51.100.1\thost.docker.internal');
  expect(ofWorld('ip', 'address', 'add', '198.51.100.3/24', 'dev', 'w0')).toBe(0);
  expect(ofWorld('ip', 'address', 'del', '198.51.100.1/24', 'dev', 'w0')).toBe(0);
  ofWorld('ip', 'address', 'add', '198.51.100.3/24', 'dev', 'w0');
  ofWorld('ip', 'route', 'add', 'default', 'via', '198.51.100.2');
  const after = await eventually('the address is another', async () => {
    const text = await hosts();
    return !text.includes('198.51.100.1\t') && text;
  });
  expect(after).toMatch(/^198\.51\.100\.\d+\thost\.docker\.internal host\.containers\.internal$/m);
  expect(after).toMatch(/^198\.51\.100\.\d+\tgate$/m);
  await box.ok(['rm', '-f', 'guest']);
});
