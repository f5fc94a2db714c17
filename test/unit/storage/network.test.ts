import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { containerLockPath, networksDir } from '../../../src/storage/layout.ts';
import { bridgeName, findNetwork, listNetworks, networkFolder, recordPath } from '../../../src/storage/network.ts';
import { takeAddresses } from '../../../src/storage/network-addresses.ts';
import { createNetwork, type NewNetwork } from '../../../src/storage/network-create.ts';
import { defaultNetwork } from '../../../src/storage/network-default.ts';
import { findMember, leaveNetworks, listMembers, removeMember, sweepMembers, writeMember } from '../../../src/storage/network-members.ts';
import type { MemberRecord, NetworkRecord } from '../../../src/storage/network-records.ts';
import { removeNetwork } from '../../../src/storage/network-removal.ts';
import { type Lock, tryLock } from '../../../src/sys/lock.ts';

let root: string;
const locks: Lock[] = [];
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-network-'));
});
afterEach(() => {
  for (const lock of locks.splice(0)) lock.release();
  rmSync(root, { recursive: true });
});

const ctx = () => ({ paths: { data: join(root, 'data'), run: join(root, 'run') }, env: { HOME: root }, now: () => new Date(0) });
const idOf = (digit: string): string => digit.repeat(64);

/** The id of a container whose supervisor lives; `end` kills it. */
function alive(digit: string): { id: string; end: () => void } {
  const lock = tryLock(containerLockPath(ctx(), idOf(digit)));
  if (!lock) throw new Error('taken');
  locks.push(lock);
  return { id: idOf(digit), end: () => locks.splice(locks.indexOf(lock), 1)[0]?.release() };
}

const withSubnet = (Subnet: string, more: Partial<NewNetwork> = {}, pool: object = {}): NewNetwork => ({
  Name: 'net',
  ...more,
  IPAM: { Options: null, Config: [{ Subnet, ...pool }] },
});

const member = (ContainerId: string, ContainerName: string, network: NetworkRecord): MemberRecord => ({
  version: 1,
  ContainerId,
  ContainerName,
  Hostname: ContainerName,
  EndpointId: 'e'.repeat(64),
  Interface: 'eth0',
  ...takeAddresses(ctx(), network, { containerId: ContainerId }),
  Aliases: [],
});

test('a network is written whole, with a subnet, its gateway and Docker’s defaults', async () => {
  const made = await createNetwork(ctx(), { Name: 'my net/1', Labels: { a: '1' } });
  expect(made).toEqual({
    version: 1,
    Id: expect.stringMatching(/^[0-9a-f]{64}$/),
    Name: 'my net/1',
    Created: '1970-01-01T00:00:00.000Z',
    Driver: 'bridge',
    EnableIPv4: true,
    EnableIPv6: false,
    Internal: false,
    Attachable: false,
    Labels: { a: '1' },
    Options: {},
    IPAM: {
      Driver: 'default',
      Options: null,
      Config: [{ Subnet: expect.stringMatching(/^(\d+\.){3}\d+\/(16|20)$/), Gateway: expect.any(String) }],
    },
  });
  expect(made.IPAM.Config[0]?.Gateway).toBe(made.IPAM.Config[0]?.Subnet.replace(/\.0\/\d+$/, '.1'));
  expect(readdirSync(networksDir(ctx())).toSorted()).toEqual(['lock', 'my%20net%2F1.json']);
  expect(findNetwork(ctx(), 'my net/1')).toEqual(made);
});

test('a network is found by name, id and the beginning of its id, a name first', async () => {
  const made = await createNetwork(ctx(), { Name: 'web' });
  expect(findNetwork(ctx(), made.Id)).toEqual(made);
  expect(findNetwork(ctx(), made.Id.slice(0, 12))).toEqual(made);
  const other = await createNetwork(ctx(), { Name: made.Id.slice(0, 12) });
  expect(findNetwork(ctx(), made.Id.slice(0, 12))).toEqual(other);
  expect([findNetwork(ctx(), 'nothing'), findNetwork(ctx(), '')]).toEqual([undefined, undefined]);
});

test('bridge, host and none are always there', () => {
  expect(listNetworks(ctx()).map(({ Name, Driver }) => `${Name} ${Driver}`)).toEqual(['bridge bridge', 'host host', 'none null']);
  expect(findNetwork(ctx(), 'host')?.Id).toBe(listNetworks(ctx())[1]?.Id);
});

test.each(['bridge', 'host', 'none', 'default'])('the name %s cannot be given', async (Name) => {
  await expect(createNetwork(ctx(), { Name })).rejects.toThrow(`operation is not permitted on predefined ${Name} network`);
});

test('a name that is taken is refused, and the network stays as it was', async () => {
  const made = await createNetwork(ctx(), { Name: 'web' });
  await expect(createNetwork(ctx(), { Name: 'web' })).rejects.toThrow('network with name web already exists');
  expect(findNetwork(ctx(), 'web')).toEqual(made);
});

test('of twenty that are made at once no two share a subnet', async () => {
  const made = await Promise.all(Array.from({ length: 20 }, (_, index) => createNetwork(ctx(), { Name: `n${index}`, EnableIPv6: true })));
  const subnets = made.flatMap(({ IPAM }) => IPAM.Config.map(({ Subnet }) => Subnet));
  expect(new Set(subnets).size).toBe(40);
});

test('a subnet that overlaps another network’s is refused, wider or narrower', async () => {
  await createNetwork(ctx(), withSubnet('10.5.0.0/16'));
  for (const subnet of ['10.5.0.0/16', '10.0.0.0/8', '10.5.3.0/24']) {
    await expect(createNetwork(ctx(), withSubnet(subnet, { Name: 'other' }))).rejects.toThrow(
      'Pool overlaps with other one on this address space',
    );
  }
  expect(findNetwork(ctx(), 'other')).toBeUndefined();
});

test('the IPv6 subnet is of the store’s own range', async () => {
  const { IPAM } = await createNetwork(ctx(), { Name: 'six', EnableIPv4: false, EnableIPv6: true });
  expect(IPAM.Config).toEqual([
    { Subnet: expect.stringMatching(/^fd[0-9a-f:]+::\/64$/), Gateway: expect.stringMatching(/^fd[0-9a-f:]+::1$/) },
  ]);
});

test('a damaged record is no network, and its name can be taken', async () => {
  mkdirSync(networksDir(ctx()), { recursive: true });
  writeFileSync(recordPath(ctx(), 'web'), '{"version":1,"Name":"web"');
  writeFileSync(recordPath(ctx(), 'x'), '{"version":1,"Name":"x","Id":"1","IPAM":{"Config":[{"Subnet":"many","Gateway":"1.2.3.4"}]}}');
  expect(listNetworks(ctx()).map(({ Name }) => Name)).toEqual(['bridge', 'host', 'none']);
  expect(await createNetwork(ctx(), { Name: 'web' })).toEqual(findNetwork(ctx(), 'web'));
});

test('the Linux bridge has the name that was asked for, or one of the id in 15 characters', () => {
  expect(bridgeName({ Id: idOf('a'), Options: {} })).toBe('br-aaaaaaaaaaaa');
  expect(bridgeName({ Id: idOf('a'), Options: { 'com.docker.network.bridge.name': 'lab0' } })).toBe('lab0');
});

test('containers get the lowest free addresses, and never the gateway or what was set aside', async () => {
  const net = await createNetwork(
    ctx(),
    withSubnet('10.5.0.0/29', { EnableIPv6: true }, { Gateway: '10.5.0.2', AuxiliaryAddresses: { router: '10.5.0.3' } }),
  );
  const [a, b, c] = ['a', 'b', 'c'].map(alive);
  const take = (id = '') => takeAddresses(ctx(), net, { containerId: id });
  const first = take(a?.id);
  expect(first).toEqual({
    IPv4: '10.5.0.1',
    IPv4Prefix: 29,
    IPv6: expect.stringMatching(/::2$/),
    IPv6Prefix: 64,
    Gateway: '10.5.0.2',
    Gateway6: expect.stringMatching(/::1$/),
    MacAddress: '02:42:0a:05:00:01',
  });
  expect([take(b?.id).IPv4, take(c?.id).IPv4]).toEqual(['10.5.0.4', '10.5.0.5']);
  expect(take(b?.id).IPv4).toBe('10.5.0.4');
});

test('a full network refuses the next one, and takes it once one has died', async () => {
  const net = await createNetwork(ctx(), withSubnet('10.5.0.0/30'));
  const [a, b] = ['a', 'b'].map(alive);
  takeAddresses(ctx(), net, { containerId: a?.id ?? '' });
  expect(() => takeAddresses(ctx(), net, { containerId: b?.id ?? '' })).toThrow('no available IPv4 addresses on this network');
  a?.end();
  expect(takeAddresses(ctx(), net, { containerId: b?.id ?? '' }).IPv4).toBe('10.5.0.2');
});

test('addresses come from the range, and a chosen one from anywhere in the subnet', async () => {
  const net = await createNetwork(ctx(), withSubnet('10.5.0.0/16', {}, { IPRange: '10.5.9.0/24' }));
  expect(net.IPAM.Config[0]?.Gateway).toBe('10.5.0.1');
  const [a, b] = ['a', 'b'].map(alive);
  expect(takeAddresses(ctx(), net, { containerId: a?.id ?? '' }).IPv4).toBe('10.5.9.0');
  const wanted = { IPv4Address: '10.5.77.1', MacAddress: '02:00:00:00:00:01' };
  expect(takeAddresses(ctx(), net, { containerId: b?.id ?? '', wanted })).toMatchObject({
    IPv4: '10.5.77.1',
    MacAddress: '02:00:00:00:00:01',
  });
});

test('a chosen address that is taken, reserved or outside is refused, and nothing is kept', async () => {
  const net = await createNetwork(ctx(), withSubnet('10.5.0.0/24', { EnableIPv6: true }));
  const [a, b] = ['a', 'b'].map(alive);
  takeAddresses(ctx(), net, { containerId: a?.id ?? '', wanted: { IPv4Address: '10.5.0.9' } });
  const six = net.IPAM.Config[1]?.Subnet.replace('/64', '') ?? '';
  const refused = [
    [{ IPv4Address: '10.5.0.9' }, 'Address already in use'],
    [{ IPv4Address: '10.5.0.1' }, 'Address already in use'],
    [{ IPv4Address: '10.5.0.255' }, 'Address already in use'],
    [{ IPv4Address: '10.6.0.1' }, 'no configured subnet contains IP address 10.6.0.1'],
    [{ IPv6Address: `${six}2` }, 'Address already in use'],
    [{ IPv6Address: 'fd00::5' }, 'no configured subnet contains IP address fd00::5'],
  ] as const;
  for (const [wanted, message] of refused) {
    expect(() => takeAddresses(ctx(), net, { containerId: b?.id ?? '', wanted })).toThrow(message);
  }
  expect(readdirSync(join(networkFolder(ctx(), 'net'), 'addresses')).toSorted()).toEqual(['10.5.0.9', `${six}2`]);
});

test('of a hundred containers that ask at once each gets an address of its own', async () => {
  const net = await createNetwork(ctx(), { Name: 'net', EnableIPv6: true });
  const ids = Array.from({ length: 100 }, (_, index) => index.toString(16).padStart(64, '0'));
  for (const id of ids) {
    const lock = tryLock(containerLockPath(ctx(), id));
    if (lock) locks.push(lock);
  }
  const taken = ids.map((containerId) => takeAddresses(ctx(), net, { containerId }));
  expect(new Set(taken.map(({ IPv4 }) => IPv4)).size).toBe(100);
  expect(new Set(taken.map(({ IPv6 }) => IPv6)).size).toBe(100);
  expect(new Set(taken.map(({ MacAddress }) => MacAddress)).size).toBe(100);
});

test('members are those whose containers live, by name', async () => {
  const net = await createNetwork(ctx(), { Name: 'net' });
  const [a, b] = ['a', 'b'].map(alive);
  const [web, db] = [member(a?.id ?? '', 'web', net), member(b?.id ?? '', 'db', net)];
  writeMember(ctx(), net, web);
  writeMember(ctx(), net, db);
  expect(listMembers(ctx(), 'net')).toEqual([db, web]);
  expect(findMember(ctx(), 'net', db.ContainerId)).toEqual(db);
  b?.end();
  expect(listMembers(ctx(), 'net')).toEqual([web]);
  expect(findMember(ctx(), 'net', db.ContainerId)).toBeUndefined();
  expect(sweepMembers(ctx())).toEqual([db.ContainerId]);
  expect(readdirSync(join(networkFolder(ctx(), 'net'), 'members'))).toEqual([`${web.ContainerId}.json`]);
  expect(readdirSync(join(networkFolder(ctx(), 'net'), 'addresses'))).toEqual([web.IPv4]);
});

test('who leaves frees its addresses, on one network or on all', async () => {
  const nets = [await createNetwork(ctx(), { Name: 'one' }), await createNetwork(ctx(), { Name: 'two' })];
  const { id } = alive('a');
  for (const net of nets) writeMember(ctx(), net, member(id, 'web', net));
  removeMember(ctx(), { Name: 'one' }, id);
  expect([listMembers(ctx(), 'one'), listMembers(ctx(), 'two').length]).toEqual([[], 1]);
  leaveNetworks(ctx(), id);
  expect(listMembers(ctx(), 'two')).toEqual([]);
  expect(readdirSync(join(networkFolder(ctx(), 'two'), 'addresses'))).toEqual([]);
});

test('a network with a running container is not removed, one with a dead container is, with all that belongs to it', async () => {
  const net = await createNetwork(ctx(), { Name: 'net' });
  const { id, end } = alive('a');
  writeMember(ctx(), net, member(id, 'web', net));
  expect(() => removeNetwork(ctx(), 'net')).toThrow('network net has active endpoints (name:"web" id:"eeeeeeeeeeee")');
  end();
  expect(removeNetwork(ctx(), net.Id.slice(0, 8))).toEqual(net);
  expect([findNetwork(ctx(), 'net'), existsSync(networkFolder(ctx(), 'net'))]).toEqual([undefined, false]);
  expect(() => removeNetwork(ctx(), 'net')).toThrow('network net not found');
  expect(() => removeNetwork(ctx(), 'bridge')).toThrow('bridge is a pre-defined network and cannot be removed');
});

test('nobody joins a network that was removed meanwhile, nor another of its name', async () => {
  const old = await createNetwork(ctx(), { Name: 'net' });
  const { id } = alive('a');
  const record = member(id, 'web', old);
  expect(() => removeNetwork(ctx(), 'net')).toThrow(`network net has active endpoints (name:"${id}" id:"aaaaaaaaaaaa")`);
  removeMember(ctx(), old, id);
  removeNetwork(ctx(), 'net');
  await createNetwork(ctx(), { Name: 'net' });
  expect(() => takeAddresses(ctx(), old, { containerId: id })).toThrow('network net not found');
  expect(() => writeMember(ctx(), old, record)).toThrow('network net not found');
});

test('what a removal left that died halfway is gone when the next network is made', async () => {
  const folder = join(networkFolder(ctx(), 'net'), 'addresses');
  mkdirSync(folder, { recursive: true });
  symlinkSync(idOf('a'), join(folder, '10.5.0.2'));
  mkdirSync(networkFolder(ctx(), 'bridge'));
  await createNetwork(ctx(), { Name: 'other' });
  expect(readdirSync(networksDir(ctx())).toSorted()).toEqual(['bridge.d', 'lock', 'other.json']);
});

test('the default network gets its subnet when it is first used, and keeps it', async () => {
  expect(findNetwork(ctx(), 'bridge')?.IPAM.Config).toEqual([]);
  const record = await defaultNetwork(ctx());
  expect(record.IPAM.Config).toHaveLength(1);
  expect(await defaultNetwork(ctx())).toEqual(record);
  expect(findNetwork(ctx(), 'bridge')).toEqual(record);
  const { IPAM } = await createNetwork(ctx(), { Name: 'net' });
  expect(IPAM.Config[0]?.Subnet).not.toBe(record.IPAM.Config[0]?.Subnet);
});

test('the default network moves out of the way of a new route of the host, but not under a running container', async () => {
  const procNet = join(root, 'proc');
  mkdirSync(procNet);
  const route = (second: number): void =>
    writeFileSync(
      join(procNet, 'route'),
      `Iface Destination Gateway Flags RefCnt Use Metric Mask\ntun0 0000${second.toString(16)}AC 0 0001 0 0 0 0000FFFF\n`,
    );
  const subnet = async () => (await defaultNetwork(ctx(), { procNet })).IPAM.Config[0]?.Subnet;
  expect(await subnet()).toBe('172.17.0.0/16');
  route(17);
  const moved = await defaultNetwork(ctx(), { procNet });
  expect(moved.IPAM.Config).toEqual([{ Subnet: '172.18.0.0/16', Gateway: '172.18.0.1' }]);
  const { id, end } = alive('a');
  takeAddresses(ctx(), moved, { containerId: id });
  route(18);
  expect(await subnet()).toBe('172.18.0.0/16');
  end();
  expect(await subnet()).toBe('172.17.0.0/16');
});
