import { localAnswer, shuffleInPlace } from '../../../../../src/runtime/network/resolver/local-answer.ts';
import type { AddressAnswer } from '../../../../../src/runtime/network/resolver/message.ts';
import { nameTable, reverseAddress } from '../../../../../src/runtime/network/resolver/names.ts';
import type { MemberRecord } from '../../../../../src/storage/network-records.ts';

const member = (ContainerName: string, more: Partial<MemberRecord>): MemberRecord => ({
  version: 1,
  ContainerId: ContainerName,
  ContainerName,
  Hostname: '',
  EndpointId: '',
  Interface: 'eth0',
  MacAddress: '',
  IPv4: '',
  IPv4Prefix: 16,
  IPv6: '',
  IPv6Prefix: 0,
  Gateway: '',
  Aliases: [],
  ...more,
});

const web = member('web', { IPv4: '172.18.0.2', IPv6: 'fd00:18::2', Aliases: ['0123456789ab', 'Site'], Hostname: 'front' });
const one = member('one', { IPv4: '172.18.0.3', Aliases: ['db'] });
const two = member('two', { IPv4: '172.18.0.4', Aliases: ['db'] });
const other = member('two', { IPv4: '172.19.0.4' });
const table = nameTable([
  { network: 'mynet', members: [web, one, two] },
  { network: 'Other.Net', members: [other] },
]);

const TYPES: Record<string, number> = { A: 1, PTR: 12, MX: 15, TXT: 16, AAAA: 28, UNKNOWN_65: 65 };

const ask = (name: string, type = 'A', dead: string[] = []) =>
  localAnswer(
    { name, type: TYPES[type] ?? 0, class: 1 },
    { table, isAlive: ({ member: { ContainerId } }) => !dead.includes(ContainerId), shuffle: (records) => void records.reverse() },
  );
const a = (data: string): AddressAnswer => ({ type: 'A', data });

test.each(['web', 'WEB', 'web.', 'web.mynet', 'Web.MyNet.', '0123456789ab', 'site', 'site.mynet', 'front'])('%s is its address', (name) => {
  expect(ask(name)).toEqual([a('172.18.0.2')]);
});

test.each(['example.com', 'web.example.com', 'web.other.net', 'mynet', '.', ''])('"%s" is for others to answer', (name) => {
  expect(ask(name)).toBeUndefined();
});

test('a name on two networks has both addresses, with the suffix one of them', () => {
  expect(ask('two')).toEqual([a('172.19.0.4'), a('172.18.0.4')]);
  expect(ask('two.other.net')).toEqual([a('172.19.0.4')]);
});

test('a name that several share has all their addresses, shuffled', () => {
  expect(ask('db')).toEqual([a('172.18.0.4'), a('172.18.0.3')]);
});

test('AAAA where there is one; nothing, but no stranger, where there is none; the same for other types', () => {
  expect(ask('web', 'AAAA')).toEqual([{ type: 'AAAA', data: 'fd00:18::2' }]);
  expect(ask('one', 'AAAA')).toEqual([]);
  expect(ask('web', 'MX')).toEqual([]);
  expect(ask('web', 'UNKNOWN_65')).toEqual([]);
});

test('the dead are not named; a name that only they have is nobody of ours', () => {
  expect(ask('db', 'A', ['one'])).toEqual([a('172.18.0.4')]);
  expect(ask('db', 'A', ['one', 'two'])).toBeUndefined();
  expect(ask('3.0.18.172.in-addr.arpa', 'PTR', ['one'])).toBeUndefined();
});

test('reverse, for both families', () => {
  expect(ask('2.0.18.172.in-addr.arpa', 'PTR')).toEqual([{ type: 'PTR', data: 'web.mynet' }]);
  const nibbles = `2.${'0.'.repeat(23)}8.1.0.0.0.0.d.f.ip6.arpa`;
  expect(ask(nibbles, 'PTR')).toEqual([{ type: 'PTR', data: 'web.mynet' }]);
  expect(ask('2.0.18.172.in-addr.arpa', 'A')).toEqual([]);
  expect(ask('9.0.18.172.in-addr.arpa', 'PTR')).toBeUndefined();
});

test('a container whose name is too long for DNS has no reverse name', () => {
  const long = member('x'.repeat(64), { IPv4: '172.18.0.9' });
  const knowledge = { table: nameTable([{ network: 'mynet', members: [long] }]), isAlive: () => true, shuffle: () => undefined };
  expect(localAnswer({ name: '9.0.18.172.in-addr.arpa', type: 12, class: 1 }, knowledge)).toEqual([]);
});

test.each(['2.0.18.in-addr.arpa', '256.0.18.172.in-addr.arpa', '1.2.ip6.arpa', 'web', `g.${'0.'.repeat(31)}ip6.arpa`])(
  '%s is no reverse name',
  (name) => {
    expect(reverseAddress(name)).toBeUndefined();
  },
);

test('another class is not ours', () => {
  expect(localAnswer({ name: 'web', type: 16, class: 3 }, { table, isAlive: () => true, shuffle: () => undefined })).toBeUndefined();
});

test('shuffling keeps every item and brings each to the front at times', () => {
  const firsts = new Set<number>();
  for (let round = 0; round < 500; round++) {
    const items = [1, 2, 3, 4];
    shuffleInPlace(items);
    firsts.add(items[0] ?? 0);
    expect(items.toSorted()).toEqual([1, 2, 3, 4]);
  }
  expect(firsts.size).toBe(4);
});
