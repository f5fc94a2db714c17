import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { poolSource } from '../../../src/storage/network-pools.ts';
import { type Cidr, parseCidr } from '../../../src/sys/cidr.ts';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'skiff-pools-'));
  mkdirSync(join(root, '.config/skiff'), { recursive: true });
});
afterEach(() => rmSync(root, { recursive: true }));

const cidrs = (...texts: string[]): Cidr[] => texts.flatMap((text) => parseCidr(text) ?? []);
const settings = (text: string): void => writeFileSync(join(root, '.config/skiff/networks.json'), text);
const routes = (...lines: string[]): void =>
  writeFileSync(join(root, 'route'), `Iface Destination Gateway Flags RefCnt Use Metric Mask\n${lines.join('\n')}\n`);
const source = () => poolSource({ paths: { data: root, run: root }, env: { HOME: root } }, { procNet: root });
const subnet = (...taken: string[]): string => source().pool(4, undefined, cidrs(...taken)).Subnet;

test('subnets come from Docker’s pools in Docker’s order', () => {
  expect(subnet()).toBe('172.17.0.0/16');
  expect(subnet('172.17.0.0/16')).toBe('172.18.0.0/16');
  expect(subnet('172.16.0.0/12')).toBe('192.168.0.0/20');
  expect(subnet('172.16.0.0/12', '192.168.0.0/17', '192.168.129.0/24')).toBe('192.168.144.0/20');
});

test('a subnet that the host has a route to is passed over, a default route is not', () => {
  routes(
    'eth0 00000000 010011AC 0003 0 0 0 00000000',
    'eth0 000011AC 00000000 0001 0 0 0 0000FFFF',
    'tun0 000012AC 00000000 0001 0 0 0 00FFFFFF',
  );
  expect(subnet()).toBe('172.19.0.0/16');
});

test('when every pool is taken that is said', () => {
  expect(() => subnet('172.16.0.0/12', '192.168.0.0/16')).toThrow('all predefined address pools have been fully subnetted');
});

test('pools can be set, of both families', () => {
  settings('{"default-address-pools":[{"base":"10.200.0.0/23","size":24},{"base":"fd12:3456::/32","size":64}]}');
  expect([subnet(), subnet('10.200.0.0/24')]).toEqual(['10.200.0.0/24', '10.200.1.0/24']);
  expect(() => subnet('10.200.0.0/23')).toThrow('all predefined address pools have been fully subnetted');
  expect(source().pool(6, undefined, cidrs('fd12:3456::/33')).Subnet).toBe('fd12:3456:8000::/64');
});

test('pools of one family leave those of the other as they are', () => {
  settings('{"default-address-pools":[{"base":"fd12:3456::/32","size":64}]}');
  expect([subnet(), source().pool(6, undefined, []).Subnet]).toEqual(['172.17.0.0/16', 'fd12:3456::/64']);
  settings('{"default-address-pools":[{"base":"10.200.0.0/16","size":24}]}');
  expect(source().pool(6, undefined, []).Subnet).toMatch(/^fd[0-9a-f:]+::\/64$/);
});

test.each([
  ['{', 'it is no JSON'],
  ['{"pools":[]}', 'a field is unknown or has the wrong type'],
  ['{"default-address-pools":[{"base":"10.0.0.0","size":24}]}', '"10.0.0.0" is no subnet'],
  ['{"default-address-pools":[{"base":"10.0.0.0/16","size":8}]}', 'the size 8 does not fit the pool "10.0.0.0/16"'],
  ['{"default-address-pools":[{"base":"10.0.0.0/16","size":31}]}', 'the size 31 does not fit the pool "10.0.0.0/16"'],
])('the settings %s are refused', (text, why) => {
  settings(text);
  expect(source).toThrow(`Cannot use the settings in "${join(root, '.config/skiff/networks.json')}": ${why}`);
});

test('what was asked for is kept, its host bits dropped, and the gateway is the first address that is not set aside', () => {
  expect(source().pool(4, { Subnet: '10.1.2.3/24', IPRange: '10.1.2.128/25' }, [])).toEqual({
    Subnet: '10.1.2.0/24',
    IPRange: '10.1.2.128/25',
    Gateway: '10.1.2.1',
  });
  expect(source().pool(4, { Subnet: '10.1.2.0/24', AuxiliaryAddresses: { a: '10.1.2.1' } }, []).Gateway).toBe('10.1.2.2');
  expect(source().pool(6, { Subnet: 'fd00::/64', Gateway: 'fd00::ff' }, [])).toEqual({ Subnet: 'fd00::/64', Gateway: 'fd00::ff' });
});
