import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import type { NetworkInterfaceInfo } from 'node:os';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hostNetwork } from '../../../../src/runtime/network/host.ts';

const HEADER = 'Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n';
const route = (device: string, destination: string, mask: string): string =>
  `${device}\t${destination}\t00000000\t0001\t0\t0\t0\t${mask}\t0\t0\t0\n`;
const ZERO = '0'.repeat(32);
const route6 = (destination: string, prefix: string, device: string, flags = '00000003'): string =>
  `${destination} ${prefix} ${ZERO} 00 fe800000000000000000000000000001 00000400 00000001 00000000 ${flags}     ${device}\n`;

function inet(address: string, internal = false): NetworkInterfaceInfo {
  return { address, family: 'IPv4', internal, netmask: '255.255.255.0', mac: '', cidr: null };
}
function inet6(address: string): NetworkInterfaceInfo {
  return { address, family: 'IPv6', internal: false, netmask: '', mac: '', cidr: null, scopeid: 0 };
}

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'host-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const look = (route: string, ipv6: string, interfaces: Record<string, NetworkInterfaceInfo[]>) => {
  writeFileSync(join(folder, 'route'), HEADER + route);
  writeFileSync(join(folder, 'ipv6_route'), ipv6);
  return hostNetwork({ procNet: folder, interfaces: { lo: [inet('127.0.0.1', true)], ...interfaces } });
};

test('the host is known by the address of the interface that has the default route', () => {
  const seen = look(route('wlan0', '00000000', '00000000'), '', {
    docker0: [inet('172.17.0.1')],
    wlan0: [inet6('fe80::1'), inet('192.0.2.9')],
  });
  expect(seen.hostAddress).toBe('192.0.2.9');
});

test('without a default route any address but loopback does', () => {
  expect(look('', '', { eth1: [inet('192.0.2.3')] }).hostAddress).toBe('192.0.2.3');
});

test('a host with loopback alone has no address and no IPv6, and still a subnet', () => {
  expect(look('', '', {})).toEqual({
    ipv6Interface: undefined,
    hostAddress: undefined,
    subnet: { address: '10.99.0.2', gateway: '10.99.0.1', forward: '10.99.0.3', prefix: 24 },
  });
});

test('files that are not there count as empty', () => {
  expect(hostNetwork({ procNet: '/nowhere', interfaces: {} }).hostAddress).toBeUndefined();
});

describe('IPv6', () => {
  test('needs a default route and a global address on its interface', () => {
    const both = route6(ZERO, '00', 'eth0');
    expect(look('', both, { eth0: [inet6('2001:db8::2')] }).ipv6Interface).toBe('eth0');
    expect(look('', both, { eth0: [inet6('fe80::2')] }).ipv6Interface).toBeUndefined();
    expect(look('', route6('fd000000000000000000000000000000', '40', 'eth0'), { eth0: [inet6('fd00::2')] }).ipv6Interface).toBeUndefined();
  });

  test('does not take the unreachable default route that every host has on lo', () => {
    expect(look('', route6(ZERO, '00', 'lo', '00200200'), { lo: [inet6('2001:db8::2')] }).ipv6Interface).toBeUndefined();
  });
});

describe('the subnet', () => {
  const subnet = (routes: string) => look(routes, '', {}).subnet.gateway;

  test('avoids a route of the same network', () => {
    expect(subnet(route('vpn0', '0000630A', '00FFFFFF'))).toBe('172.29.99.1');
  });

  test('avoids a VPN that takes all of 10.0.0.0/8, and its neighbour 172.16.0.0/12', () => {
    expect(subnet(route('vpn0', '0000000A', '000000FF'))).toBe('172.29.99.1');
    expect(subnet(route('vpn0', '0000000A', '000000FF') + route('vpn0', '000010AC', '0000F0FF'))).toBe('192.168.199.1');
  });

  test('does not mind a host route inside another network', () => {
    expect(subnet(route('eth0', '010200C0', 'FFFFFFFF'))).toBe('10.99.0.1');
  });

  test('does not mind a default route given as two halves', () => {
    expect(subnet(route('tun0', '00000000', '00000080') + route('tun0', '00000080', '00000080'))).toBe('10.99.0.1');
  });
});
