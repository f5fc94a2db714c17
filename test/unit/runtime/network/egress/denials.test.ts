import { type Denial, limiter, parseDenied, shownName } from '../../../../../src/runtime/network/egress/denials.ts';

test("nft's listing: destinations with their protocols, of all sets, and no addresses of names", () => {
  const listing = `table inet skiff_egress {
	set rule1_4 {
		type ipv4_addr
		flags timeout
		elements = { 192.0.2.7 timeout 5m expires 4m59s }
	}
	set denied4 {
		type ipv4_addr . inet_proto . inet_service
		size 512
		flags dynamic,timeout
		timeout 1m
		elements = { 192.0.2.1 . 6 . 443 expires 59s,
			     192.0.2.2 . 17 . 53 expires 58s120ms }
	}
	set denied6 {
		elements = { 2001:db8::1 . 6 . 80 timeout 1m expires 59s }
	}
	set denied4_other {
		elements = { 192.0.2.3 . 1 expires 59s, 192.0.2.3 . icmp expires 59s }
	}`;
  expect(parseDenied(listing)).toEqual([
    { destination: '192.0.2.1', protocol: 'tcp', port: '443' },
    { destination: '192.0.2.2', protocol: 'udp', port: '53' },
    { destination: '2001:db8::1', protocol: 'tcp', port: '80' },
    { destination: '192.0.2.3', protocol: 'icmp' },
    { destination: '192.0.2.3', protocol: 'icmp' },
  ]);
});

test('one destination once a minute, another port of it apart, and no more than sixty of all', () => {
  let now = 0;
  const told: Denial[] = [];
  const deny = limiter(
    (denial) => told.push(denial),
    () => now,
  );
  const to = (destination: string, port: string): Denial => ({ destination, protocol: 'tcp', port });
  deny(to('192.0.2.1', '80'));
  deny(to('192.0.2.1', '80'));
  deny(to('192.0.2.1', '81'));
  expect(told).toHaveLength(2);
  now = 60_000;
  deny(to('192.0.2.1', '80'));
  expect(told).toHaveLength(3);
  for (let port = 1; port < 1000; port++) deny(to('192.0.2.9', String(port)));
  expect(told).toHaveLength(62);
});

test('a name that a container made up forges no line of events and steers no terminal', () => {
  expect(shownName('db.Example_1-2.org')).toBe('db.Example_1-2.org');
  expect(shownName('a\n2026 network deny\u001b]0;x\u0007.\u00e9 b\\.c')).toBe(
    'a\\0102026\\032network\\032deny\\027]0;x\\007.\\233\\032b\\.c',
  );
});
