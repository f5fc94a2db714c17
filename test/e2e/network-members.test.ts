// Networks and the running containers on them, as the commands tell of it: who is on a network, that it cannot be removed then, whose an address is,
// and what stays of a container whose supervisor was killed.
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eventually } from './support/eventually.ts';
import { image, openSandbox } from './support/sandbox.ts';

const box = openSandbox();
const busybox = image('busybox');
const network = (...args: string[]) => box.ok(['network', ...args]);
const run = (name: string, ...flags: string[]) => box.ok(['run', '-d', '--name', name, ...flags, busybox, 'sleep', '100000']);
const remove = (...names: string[]) => box.ok(['rm', '-f', ...names]);
const inspect = async (name: string) => JSON.parse(await box.ok(['inspect', name]))[0];
const members = async (name: string) => JSON.parse(await network('inspect', '-f', '{{json .Containers}}', name));

async function refused(...args: string[]): Promise<{ line: string | undefined; code: number }> {
  const { stderr, code } = await box.skiff(args);
  return { line: stderr.split('\n')[0]?.replace(/^skiff: /, ''), code };
}

beforeAll(async () => {
  await box.ok(['pull', '--quiet', busybox]);
  await network('create', '--subnet', '172.31.11.0/24', '--ipv6', '--subnet', 'fd31:11::/64', 'blue');
  await network('create', '--subnet', '172.31.12.0/24', 'green');
});

test('inspect of a network shows its running containers, and what inspect of those says', async () => {
  const id = await run('web', '--network', 'blue', '--network', 'name=green,alias=shop');
  await box.ok(['create', '--name', 'down', '--network', 'blue', busybox]);
  const { Networks } = (await inspect('web')).NetworkSettings;
  expect(await members('blue')).toEqual({
    [id]: {
      Name: 'web',
      EndpointID: Networks.blue.EndpointID,
      MacAddress: Networks.blue.MacAddress,
      IPv4Address: '172.31.11.2/24',
      IPv6Address: 'fd31:11::2/64',
    },
  });
  expect(Networks.blue).toMatchObject({
    IPAddress: '172.31.11.2',
    IPPrefixLen: 24,
    Gateway: '172.31.11.1',
    GlobalIPv6Address: 'fd31:11::2',
  });
  expect(Networks.green).toMatchObject({ IPAddress: '172.31.12.2', Aliases: ['shop'], DNSNames: ['web', 'shop', id.slice(0, 12)] });
  for (const name of ['blue', 'green']) {
    expect(Networks[name].EndpointID).toMatch(/^[0-9a-f]{64}$/);
    expect(await box.ok(['ps', '-q', '--no-trunc', '--filter', `network=${name}`])).toBe(id);
  }
  await box.ok(['rename', 'web', 'renamed']);
  await eventually('the network knows the new name', async () => (await members('blue'))[id].Name === 'renamed');
  await box.ok(['stop', '-t', '0', 'renamed']);
  expect(await members('blue')).toEqual({});
  await remove('renamed', 'down');
});

test('the networks that are always there show their running containers, too', async () => {
  const web = await run('web');
  const hosted = await run('hosted', '--network', 'host');
  const { EndpointID, MacAddress, IPAddress, IPPrefixLen } = (await inspect('web')).NetworkSettings;
  expect(await members('bridge')).toEqual({
    [web]: { Name: 'web', EndpointID, MacAddress, IPv4Address: `${IPAddress}/${IPPrefixLen}`, IPv6Address: '' },
  });
  const endpoint = (await inspect('hosted')).NetworkSettings.Networks.host.EndpointID;
  expect(await members('host')).toEqual({
    [hosted]: { Name: 'hosted', EndpointID: endpoint, MacAddress: '', IPv4Address: '', IPv6Address: '' },
  });
  expect(await members('none')).toEqual({});
  await remove('web', 'hosted');
});

test('a network with running containers is neither removed nor pruned', async () => {
  await network('create', '--label', 'mine', 'busy');
  await run('web');
  await network('connect', 'busy', 'web');
  const endpoint = (await inspect('web')).NetworkSettings.Networks.busy.EndpointID.slice(0, 12);
  const line = `error while removing network: network busy has active endpoints (name:"web" id:"${endpoint}")`;
  expect(await refused('network', 'rm', 'busy')).toEqual({ line, code: 1 });
  expect(await refused('network', 'rm', '-f', 'busy')).toEqual({ line, code: 1 });
  expect(await network('prune', '-f', '--filter', 'label=mine')).toBe('');
  expect(await network('ls', '-q', '--filter', 'dangling=true', '--filter', 'name=busy')).toBe('');
  await network('disconnect', 'busy', 'web');
  expect(await network('rm', 'busy')).toBe('busy');
  await remove('web');
});

test('an address that a stopped container wants is free until it starts; then it is said whose it is', async () => {
  await run('first', '--network', 'green', '--ip', '172.31.12.50');
  await box.ok(['stop', '-t', '0', 'first']);
  await run('second', '--network', 'green', '--ip', '172.31.12.50');
  const { line, code } = await refused('start', 'first');
  expect({ line, code }).toEqual({ line: expect.stringContaining('Address already in use: "172.31.12.50" on network green'), code: 1 });
  await remove('second');
  await box.ok(['start', 'first']);
  expect((await inspect('first')).NetworkSettings.Networks.green.IPAddress).toBe('172.31.12.50');
  await remove('first');
});

test('a killed supervisor’s addresses are free at once, and nobody finds its container', async () => {
  const id = await run('web', '--network', 'green');
  const pid = Number(JSON.parse(await Bun.file(join(box.root, 'containers', id, 'state.json')).text()).SupervisorPid);
  process.kill(pid, 'SIGKILL');
  await eventually('the container has ended', async () => (await inspect('web')).State.Status === 'exited');
  expect(await members('green')).toEqual({});
  await run('other', '--network', 'green');
  expect((await inspect('other')).NetworkSettings.Networks.green.IPAddress).toBe('172.31.12.2');
  await network('disconnect', '-f', 'green', 'web');
  expect((await inspect('web')).NetworkSettings.Networks).toEqual({});
  await remove('web', 'other');
  expect(await network('ls', '--filter', 'dangling=true', '--format', '{{.Name}}')).toContain('green');
});

test('a connect that is killed at any moment leaves the container on the network or not, and its addresses nobody else’s', async () => {
  await run('web');
  for (let round = 0; round < 8; round++) {
    const child = box.start(['network', 'connect', 'green', 'web']);
    await Bun.sleep(round * 12);
    child.kill('SIGKILL');
    await child.exited;
    await eventually('the supervisor has done with it', async () => {
      const on = Object.keys(await members('green')).length;
      const links = readdirSync(join(box.root, 'networks/green.d/addresses')).length;
      return on === links;
    });
    const { code, stderr } = await box.skiff(['network', 'disconnect', 'green', 'web']);
    if (code !== 0) expect(stderr).toContain('is not connected to network green');
    expect(await members('green')).toEqual({});
    expect(Object.keys((await inspect('web')).NetworkSettings.Networks)).toEqual(['bridge']);
  }
  await network('connect', 'green', 'web');
  expect(Object.keys(await members('green'))).toHaveLength(1);
  await remove('web');
});

test('a paused container, and one that is between two of its restarts, joins and leaves as any other', async () => {
  await run('web');
  await box.ok(['pause', 'web']);
  await network('connect', 'green', 'web');
  await box.ok(['unpause', 'web']);
  expect(await box.ok(['exec', 'web', 'ip', 'addr', 'show', 'eth1'])).toContain('172.31.12.2/24');
  await remove('web');
  const script = 'ip addr show eth1 && exec sleep 100000';
  await box.ok(['run', '-d', '--name', 'loop', '--restart', 'always', busybox, 'sh', '-c', script]);
  await eventually('it waits for its next restart', async () => (await inspect('loop')).RestartCount >= 3);
  await network('connect', 'green', 'loop');
  await eventually(
    'it runs',
    async () => (await inspect('loop')).State.Status === 'running' && Object.keys(await members('green')).length === 1,
  );
  expect((await inspect('loop')).NetworkSettings.Networks.green.IPAddress).toBe('172.31.12.2');
  await network('disconnect', 'green', 'loop');
  expect(await members('green')).toEqual({});
  await remove('loop');
});

test('a container whose network was removed says so when it starts, and which to join instead when another has its name', async () => {
  const first = await network('create', 'passing');
  await box.ok(['create', '--name', 'late', '--network', 'passing', busybox, 'true']);
  await network('rm', 'passing');
  expect(await refused('start', 'late')).toEqual({ line: 'network passing not found', code: 1 });
  await network('create', 'passing');
  const { stderr, code } = await box.skiff(['start', 'late']);
  expect({ lines: stderr.split('\n').slice(0, 2), code }).toEqual({
    lines: [
      `skiff: network ${first.slice(0, 12)} not found: another network is called passing now`,
      'Put the container on that one: skiff network disconnect passing late && skiff network connect passing late',
    ],
    code: 1,
  });
  await network('disconnect', 'passing', 'late');
  await network('connect', 'passing', 'late');
  expect(await box.ok(['start', '-a', 'late'])).toBe('');
  await remove('late');
  await network('rm', 'passing');
});

test('a hardware address is chosen on the default network, too; on others also link-local addresses and the interface’s name', async () => {
  const address = (name: string) => box.ok(['exec', name, 'cat', '/sys/class/net/eth0/address']);
  await run('plain', '--mac-address', '92:d0:c6:0a:29:33');
  expect([await address('plain'), (await inspect('plain')).NetworkSettings.MacAddress]).toEqual(['92:d0:c6:0a:29:33', '92:d0:c6:0a:29:33']);
  await network('connect', '--mac-address', '92:d0:c6:0a:29:34', '--link-local-ip', '169.254.9.9', 'green', 'plain');
  expect(await box.ok(['exec', 'plain', 'ip', 'addr', 'show', 'eth1'])).toMatch(/92:d0:c6:0a:29:34[\s\S]*169\.254\.9\.9\/16/);
  await remove('plain');
  const option = 'driver-opt=com.docker.network.endpoint.ifname=lan0';
  await run('named', '--network', `name=green,${option}`);
  expect(await box.ok(['exec', 'named', 'ip', 'addr', 'show', 'lan0'])).toContain('172.31.12.2/24');
  await remove('named');
});

test('ports without an address are published where host_binding_ipv4 says; the network of the highest priority counts', async () => {
  const bound = (name: string, address: string) => network('create', '-o', `com.docker.network.bridge.host_binding_ipv4=${address}`, name);
  await bound('one', '127.0.0.1');
  await bound('two', '127.0.0.2');
  await run('web', '--network', 'one', '--network', 'two', '-p', '80', '-p', '127.0.0.3::81');
  const hostOf = async (port: string) => (await inspect('web')).NetworkSettings.Ports[port].map(({ HostIp }: { HostIp: string }) => HostIp);
  expect([await hostOf('80/tcp'), await hostOf('81/tcp')]).toEqual([['127.0.0.1'], ['127.0.0.3']]);
  await remove('web');
  await run('web', '--network', 'one', '--network', 'name=two,gw-priority=1', '-p', '80');
  expect(await hostOf('80/tcp')).toEqual(['127.0.0.2']);
  await remove('web');
  await network('rm', 'one', 'two');
});
