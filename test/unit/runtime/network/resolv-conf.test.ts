import { loopbackServer, resolvConf } from '../../../../src/runtime/network/resolv-conf.ts';

const input = { host: '', dns: [], search: [], options: [], forward: '10.99.0.3', hasIpv6: true };
const made = (host: string, more: Partial<Parameters<typeof resolvConf>[0]> = {}) => resolvConf({ ...input, host, ...more });

test("the host's servers, search list and options are taken over, comments are not", () => {
  const host =
    '# made by hand\nnameserver 192.0.2.53 # first\nnameserver 2001:db8::53\nsearch a.example b.example\noptions edns0 trust-ad\n';
  expect(made(host)).toEqual({
    content: 'nameserver 192.0.2.53\nnameserver 2001:db8::53\nsearch a.example b.example\noptions edns0 trust-ad\n',
    forwardsDns: false,
  });
});

test("a stub on the host's loopback becomes the address that pasta answers for", () => {
  expect(made('nameserver 127.0.0.53\noptions edns0\n')).toEqual({ content: 'nameserver 10.99.0.3\noptions edns0\n', forwardsDns: true });
});

test('several loopback servers become one, and others stay', () => {
  expect(made('nameserver 127.0.0.1\nnameserver 127.0.0.53\nnameserver 192.0.2.53\n').content).toBe(
    'nameserver 10.99.0.3\nnameserver 192.0.2.53\n',
  );
});

test('pasta forwards to the first server alone, so a later loopback one is dropped', () => {
  expect(made('nameserver 192.0.2.53\nnameserver 127.0.0.53\n')).toEqual({ content: 'nameserver 192.0.2.53\n', forwardsDns: false });
});

test('servers that the container cannot reach are dropped: IPv6 without IPv6, zones, ::1', () => {
  expect(made('nameserver 2001:db8::53\nnameserver 192.0.2.53\n', { hasIpv6: false }).content).toBe('nameserver 192.0.2.53\n');
  expect(made('nameserver fe80::1%eth0\nnameserver ::1\nnameserver 192.0.2.53\n').content).toBe('nameserver 192.0.2.53\n');
});

test.each(['', 'nameserver ::1\n', '# nothing\n'])('without a server left, public ones are named (host: %j)', (host) => {
  expect(made(host)).toEqual({ content: 'nameserver 8.8.8.8\nnameserver 8.8.4.4\n', forwardsDns: false });
});

test('--dns replaces the servers, --dns-search the domains, --dns-option the options', () => {
  const host = 'nameserver 127.0.0.53\nsearch a.example\noptions edns0\n';
  expect(made(host, { dns: ['198.51.100.1'] })).toEqual({
    content: 'nameserver 198.51.100.1\nsearch a.example\noptions edns0\n',
    forwardsDns: false,
  });
  expect(made(host, { search: ['b.example'], options: ['ndots:2'] }).content).toBe(
    'nameserver 10.99.0.3\nsearch b.example\noptions ndots:2\n',
  );
});

test('a search of . means no domain', () => {
  expect(made('nameserver 192.0.2.53\nsearch a.example\n', { search: ['.'] }).content).toBe('nameserver 192.0.2.53\n');
});

test('the last of domain and search counts', () => {
  expect(made('domain a.example\nnameserver 192.0.2.53\nsearch b.example\n').content).toBe('nameserver 192.0.2.53\nsearch b.example\n');
});

test("in the host's network its loopback servers stay", () => {
  expect(made('nameserver 127.0.0.53\n', { sharesHost: true, search: ['b.example'] })).toEqual({
    content: 'nameserver 127.0.0.53\nsearch b.example\n',
    forwardsDns: false,
  });
});

test('pasta answers for the first server of IPv4, where that is on the loopback', () => {
  expect(loopbackServer('nameserver ::1\nnameserver 127.0.0.54\nnameserver 127.0.0.53\n')).toBe('127.0.0.54');
  expect(loopbackServer('nameserver 192.0.2.53\nnameserver 127.0.0.53\n')).toBeUndefined();
  expect(loopbackServer('')).toBeUndefined();
});
