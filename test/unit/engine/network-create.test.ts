import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type CreateNetworkOptions, createNetwork } from '../../../src/engine/network-create.ts';
import { inspectNetwork, listNetworks, removeNetwork } from '../../../src/engine/networks.ts';
import { pruneFilter } from '../../../src/engine/prune-filter.ts';
import { pruneNetworks } from '../../../src/engine/prune-networks.ts';
import type { Ctx } from '../../../src/sys/context.ts';

let root: string;
let ctx: Ctx;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-network-create-'));
  ctx = { paths: { data: join(root, 'data'), run: join(root, 'run') }, env: { HOME: root }, warn: () => undefined, now: () => new Date(0) };
});
afterEach(() => rmSync(root, { recursive: true }));

const PLAIN: CreateNetworkOptions = {
  ...{ name: 'net', driver: 'bridge', ipv4: true, ipv6: false, internal: false, attachable: false, labels: {}, options: {} },
  ...{ ipamDriver: 'default', ipamOptions: {}, subnets: [], ranges: [], gateways: [], aux: {} },
};
const create = (options: Partial<CreateNetworkOptions> = {}) => createNetwork(ctx, { ...PLAIN, ...options });
const names = (...filters: string[]) => listNetworks(ctx, filters).map(({ Name }) => Name);

test('ranges, gateways and addresses go with the subnet that they lie in', async () => {
  const { IPAM } = await create({
    ipv6: true,
    subnets: ['fd77::/64', '10.77.0.0/16'],
    ranges: ['10.77.5.0/24', 'fd77::5:0/112'],
    gateways: ['10.77.5.254'],
    aux: { router: '10.77.1.1', six: 'fd77::9' },
  });
  expect(IPAM).toEqual({
    Driver: 'default',
    Options: {},
    Config: [
      { Subnet: '10.77.0.0/16', IPRange: '10.77.5.0/24', Gateway: '10.77.5.254', AuxiliaryAddresses: { router: '10.77.1.1' } },
      { Subnet: 'fd77::/64', IPRange: 'fd77::5:0/112', Gateway: 'fd77::1', AuxiliaryAddresses: { six: 'fd77::9' } },
    ],
  });
});

test.each<[Partial<CreateNetworkOptions>, string]>([
  [{ name: ' ' }, 'Invalid name: name is empty'],
  [{ name: 'a/b' }, 'Invalid network name "a/b": it can have no spaces and none of / , = :'],
  [{ name: 'a=b' }, 'Invalid network name "a=b"'],
  [{ name: '__proto__' }, 'Invalid network name "__proto__": it is reserved'],
  [{ name: 'constructor' }, 'Invalid network name "constructor": it is reserved'],
  [{ name: 'container:web' }, 'Invalid network name "container:web"'],
  [{ name: 'host' }, 'operation is not permitted on predefined host network'],
  [{ driver: 'overlay' }, 'Cannot make a network with the driver "overlay": an overlay network spans the machines of a swarm'],
  [{ driver: 'macvlan' }, 'Cannot make a network with the driver "macvlan": a macvlan network takes an interface of the host'],
  [{ driver: 'weave' }, 'could not find plugin weave in v1 plugin registry: plugin not found'],
  [{ driver: 'toString' }, 'could not find plugin toString in v1 plugin registry: plugin not found'],
  [{ ipamDriver: 'dhcp' }, 'failed to retrieve ipam driver information for "dhcp"'],
  [{ ipamOptions: { foo: '1' } }, 'Unknown IPAM option "foo": the default driver has none'],
  [{ ipv4: false }, 'IPv4 or IPv6 must be enabled'],
  [{ subnets: ['10.0.0.0'] }, 'invalid CIDR address: 10.0.0.0'],
  [{ subnets: ['10.0.0.0/33'] }, 'invalid CIDR address: 10.0.0.0/33'],
  [{ subnets: ['10.1.2.3/24'] }, 'invalid subnet 10.1.2.3/24: it should be 10.1.2.0/24'],
  [{ subnets: ['127.0.0.0/16'] }, "invalid subnet 127.0.0.0/16: its addresses are no machine's"],
  [{ subnets: ['0.0.0.0/0'] }, "invalid subnet 0.0.0.0/0: its addresses are no machine's"],
  [{ subnets: ['10.0.0.1/32'] }, 'invalid subnet 10.0.0.1/32: it has no room for a gateway and a container'],
  [{ subnets: ['fd00::/64'] }, 'invalid subnet fd00::/64: IPv6 has not been enabled for this network'],
  [{ subnets: ['10.0.0.0/24'], ipv4: false, ipv6: true }, 'invalid subnet 10.0.0.0/24: IPv4 has not been enabled for this network'],
  [{ subnets: ['10.0.0.0/24', '10.0.0.0/25'] }, 'multiple overlapping subnet configuration is not supported'],
  [{ subnets: ['10.0.0.0/24', '10.0.1.0/24'] }, "bridge driver doesn't support multiple subnets"],
  [{ gateways: ['10.0.0.1'] }, 'every ip-range or gateway must have a corresponding subnet'],
  [{ ranges: ['10.0.0.0/25'] }, 'every ip-range or gateway must have a corresponding subnet'],
  [{ subnets: ['10.0.0.0/24'], ranges: ['10.0.1.0/25'] }, 'no matching subnet for range 10.0.1.0/25'],
  [{ subnets: ['10.0.0.0/24'], ranges: ['10.0.0.5/25'] }, 'invalid ip-range 10.0.0.5/25: it should be 10.0.0.0/25'],
  [
    { subnets: ['10.0.0.0/24'], ranges: ['10.0.0.0/16'] },
    'invalid ip-range 10.0.0.0/16: CIDR block is bigger than its parent subnet 10.0.0.0/24',
  ],
  [{ subnets: ['10.0.0.0/24'], ranges: ['many'] }, 'invalid CIDR address: many'],
  [{ subnets: ['10.0.0.0/24'], gateways: ['10.0.1.1'] }, 'no matching subnet for gateway 10.0.1.1'],
  [{ subnets: ['10.0.0.0/24'], gateways: ['here'] }, 'invalid address: here'],
  [{ subnets: ['10.0.0.0/24'], gateways: ['10.0.0.0'] }, 'invalid gateway 10.0.0.0: it is the address of the subnet 10.0.0.0/24 itself'],
  [
    { ipv6: true, subnets: ['10.0.0.0/24', 'fd00::/64'], gateways: ['10.0.0.1', '10.0.0.2'] },
    'cannot configure multiple gateways (10.0.0.2, 10.0.0.1) for the same subnet (10.0.0.0/24)',
  ],
  [
    { ipv6: true, subnets: ['10.0.0.0/24', 'fd00::/64'], ranges: ['10.0.0.0/25', '10.0.0.128/25'] },
    'cannot configure multiple ranges (10.0.0.128/25, 10.0.0.0/25) on the same subnet (10.0.0.0/24)',
  ],
  [{ subnets: ['10.0.0.0/24'], aux: { a: '10.0.1.1' } }, 'no matching subnet for aux-address 10.0.1.1'],
  [
    { subnets: ['10.0.0.0/24'], gateways: ['10.0.0.1'], aux: { a: '10.0.0.1' } },
    'failed to allocate secondary ip address (a:10.0.0.1): Address already in use',
  ],
  [{ options: { foo: '1' } }, 'Unknown driver option "foo"'],
  [
    { options: { 'com.docker.network.driver.mtu': 'big' } },
    'Invalid option "com.docker.network.driver.mtu=big": it must be a number of bytes',
  ],
  [{ options: { 'com.docker.network.bridge.name': 'a-name-too-long-for-it' } }, 'an interface name has 1 to 15 characters'],
  [{ options: { 'com.docker.network.bridge.enable_icc': 'perhaps' } }, 'it must be true or false'],
  [
    { options: { 'com.docker.network.bridge.enable_ip_masquerade': 'false' } },
    'without root a container reaches the outside only as its user',
  ],
  [{ options: { 'com.docker.network.bridge.host_binding_ipv4': '::1' } }, 'it must be an IPv4 address'],
  [{ options: { 'com.docker.network.bridge.gateway_mode_ipv4': 'routed' } }, 'a network here hands packets on as "nat" does'],
  [{ options: { 'com.docker.network.bridge.inhibit_ipv4': 'true' } }, 'the bridge of a network has its gateway address'],
])('%j is refused and nothing is made', async (options, message) => {
  await expect(create(options)).rejects.toThrow(expect.objectContaining({ message: expect.stringContaining(message), exitCode: 1 }));
  expect(names('type=custom')).toEqual([]);
});

test('two networks cannot have one Linux bridge', async () => {
  const options = { 'com.docker.network.bridge.name': 'lab0' };
  await create({ options });
  await expect(create({ name: 'other', options })).rejects.toThrow('networks have same bridge name');
  expect(names('type=custom')).toEqual(['net']);
});

test('networks are listed by their filters', async () => {
  const { Id } = await create({ labels: { a: '1', b: '' } });
  await create({ name: 'web-1' });
  expect(names()).toEqual(['bridge', 'host', 'net', 'none', 'web-1']);
  expect(names('type=custom', 'type=builtin')).toHaveLength(5);
  expect(names('type=builtin')).toEqual(['bridge', 'host', 'none']);
  expect(names('driver=bridge', 'driver=null')).toEqual(['bridge', 'net', 'none', 'web-1']);
  expect(names('name=we')).toEqual(['web-1']);
  expect(names(`id=${Id.slice(0, 9)}`)).toEqual(['net']);
  expect(names('label=a=1', 'label=b')).toEqual(['net']);
  expect([names('label=a=2'), names('scope=swarm'), names('scope=local').length]).toEqual([[], [], 5]);
  expect([names('dangling=true'), names('dangling=false')]).toEqual([
    ['net', 'web-1'],
    ['bridge', 'host', 'none'],
  ]);
  for (const wrong of ['type=mine', 'dangling=perhaps', 'colour=red'])
    expect(() => names(wrong)).toThrow(`invalid filter '${wrong.replace('colour=red', 'colour')}'`);
});

test('prune removes what its filters mean, or only tells of it', async () => {
  await create({ labels: { keep: '' } });
  await create({ name: 'other' });
  const filter = pruneFilter(ctx, ['label!=keep']);
  expect(await pruneNetworks(ctx, filter, { dryRun: true })).toEqual(['other']);
  expect(await pruneNetworks(ctx, filter)).toEqual(['other']);
  expect(names('type=custom')).toEqual(['net']);
  expect(
    await pruneNetworks({ ...ctx, now: () => new Date(3_600_000) }, pruneFilter({ now: () => new Date(3_600_000) }, ['until=30m'])),
  ).toEqual(['net']);
});

test('a network that is removed is not there any more', async () => {
  await create();
  expect(inspectNetwork(ctx, 'net').members).toEqual([]);
  await removeNetwork(ctx, 'net');
  expect(() => inspectNetwork(ctx, 'net')).toThrow('network net not found');
});
