// What ip is asked for a network's bridge and a container's place on it.
import { bridgeLines, networkFailure } from '../../../../src/runtime/network/bridge.ts';
import { interfaceLines, portLines, portName, type Veth } from '../../../../src/runtime/network/veth.ts';
import type { NetworkRecord } from '../../../../src/storage/network-records.ts';

const network = (change: Partial<NetworkRecord> = {}): NetworkRecord => ({
  version: 1,
  Id: 'a1b2c3d4e5f6'.padEnd(64, '0'),
  Name: 'blue',
  Created: '2026-01-01T00:00:00.000Z',
  Driver: 'bridge',
  EnableIPv4: true,
  EnableIPv6: false,
  Internal: false,
  Attachable: false,
  Labels: {},
  Options: {},
  IPAM: { Driver: 'default', Options: null, Config: [{ Subnet: '172.20.0.0/16', Gateway: '172.20.0.1' }] },
  ...change,
});
const both = network({
  EnableIPv6: true,
  IPAM: {
    Driver: 'default',
    Options: null,
    Config: [
      { Subnet: '172.20.0.0/16', Gateway: '172.20.0.1' },
      { Subnet: 'fd00:20::/64', Gateway: 'fd00:20::1' },
    ],
  },
});
const addresses = {
  IPv4: '172.20.0.2',
  IPv4Prefix: 16,
  IPv6: '',
  IPv6Prefix: 0,
  Gateway: '172.20.0.1',
  Gateway6: '',
  MacAddress: '02:42:ac:14:00:02',
};
const veth = (change: Partial<Veth> = {}): Veth => ({
  network: network(),
  port: 'vcafe-0',
  interface: 'eth0',
  addresses,
  linkLocal: [],
  ...change,
});
const words = (lines: readonly { words: string }[]) => lines.map((line) => line.words);

test('a bridge gets its own hardware address, the gateway of each family, and forwards nothing', () => {
  expect(words(bridgeLines(network()))).toEqual([
    'link add br-a1b2c3d4e5f6 address 02:42:ac:14:00:01 type bridge',
    'link set br-a1b2c3d4e5f6 addrgenmode none',
    'addr replace 172.20.0.1/16 dev br-a1b2c3d4e5f6',
    'link set br-a1b2c3d4e5f6 up',
    'rule add pref 100 iif br-a1b2c3d4e5f6 unreachable',
  ]);
  expect(words(bridgeLines(both))).toContain('addr replace fd00:20::1/64 dev br-a1b2c3d4e5f6 nodad');
});

test('a place on it is a pair, the other end of which is made in the container', () => {
  expect(words(portLines(veth(), '/proc/1/fd/9'))).toEqual([
    'link del vcafe-0',
    'link add vcafe-0 mtu 65520 master br-a1b2c3d4e5f6 up type veth peer name eth0 address 02:42:ac:14:00:02 mtu 65520 netns /proc/1/fd/9',
  ]);
  expect(words(interfaceLines(veth()))).toEqual([
    'link set eth0 addrgenmode none',
    'addr add 172.20.0.2/16 brd + dev eth0',
    'link set eth0 up',
  ]);
});

test('IPv6 and link-local addresses are added without probing for their like', () => {
  const given = veth({ addresses: { ...addresses, IPv6: 'fd00:20::2', IPv6Prefix: 64 }, linkLocal: ['169.254.1.1', 'fe80::9'] });
  expect(words(interfaceLines(given))).toEqual([
    'addr add 172.20.0.2/16 brd + dev eth0',
    'addr add fd00:20::2/64 dev eth0 nodad',
    'addr add 169.254.1.1/16 dev eth0',
    'addr add fe80::9/64 dev eth0 nodad',
    'link set eth0 up',
  ]);
});

test('the MTU option goes to both ends, enable_icc=false isolates the port', () => {
  const Options = { 'com.docker.network.driver.mtu': '1400', 'com.docker.network.bridge.enable_icc': 'false' };
  expect(words(portLines(veth({ network: network({ Options }) }), '/n'))).toEqual([
    'link del vcafe-0',
    'link add vcafe-0 mtu 1400 master br-a1b2c3d4e5f6 up type veth peer name eth0 address 02:42:ac:14:00:02 mtu 1400 netns /n',
    'link set vcafe-0 type bridge_slave isolated on',
  ]);
});

test('port names fit the 15 characters of an interface', () => {
  expect(portName('f'.repeat(64), 99)).toBe('vffffffffff-99');
});

test('a kernel without bridges or veths is told by the name of the module', () => {
  const [bridge] = bridgeLines(network());
  const failure = networkFailure({ words: bridge?.words, reason: 'RTNETLINK answers: Operation not supported' }, 'blue');
  expect([failure.message, failure.exitCode]).toEqual(['Cannot connect to network "blue": this kernel lacks the module "bridge"', 125]);
  const [, pair] = portLines(veth(), '/n');
  expect(networkFailure({ words: pair?.words, reason: 'Error: Unknown device type.' }, 'blue').message).toBe(
    'Cannot connect to network "blue": this kernel lacks the module "veth"',
  );
});

test('anything else that ip says is passed on', () => {
  const { message, hint } = networkFailure({ words: 'link set br0 up', reason: 'RTNETLINK answers: Operation not permitted' }, 'blue');
  expect(message).toBe('Cannot connect to network "blue": ip failed: RTNETLINK answers: Operation not permitted');
  expect(hint).toBe('It was asked for: ip link set br0 up');
});
