import { type EgressRule, mayAskFor, parseEgress } from '../../../../../src/runtime/network/egress/rules.ts';
import { egressRuleset } from '../../../../../src/runtime/network/egress/ruleset.ts';

const target = (text: string): Omit<EgressRule, 'action'> => {
  const [, rule] = parseEgress(['deny=*', `allow=${text}`]);
  if (!rule) throw new Error('No rule');
  const { action: _, ...rest } = rule;
  return rest;
};
const name = (text: string, below = false) => ({ kind: 'name', name: text, below });
const address = (cidr: string, family = 4) => ({ kind: 'address', family, cidr });

test.each([
  ['*', { target: { kind: 'any' } }],
  ['*:443', { target: { kind: 'any' }, ports: [443, 443] }],
  ['example.com', { target: name('example.com') }],
  ['Example.COM.:8000-8080', { target: name('example.com'), ports: [8000, 8080] }],
  ['*.example.org', { target: name('example.org', true) }],
  ['db', { target: name('db') }],
  ['_sip.example.org', { target: name('_sip.example.org') }],
  ['10.0.0.0/8', { target: address('10.0.0.0/8') }],
  ['10.1.2.3/8', { target: address('10.0.0.0/8') }],
  ['192.0.2.1', { target: address('192.0.2.1/32') }],
  ['192.0.2.1:53', { target: address('192.0.2.1/32'), ports: [53, 53] }],
  ['172.16.0.0/12:80', { target: address('172.16.0.0/12'), ports: [80, 80] }],
  ['0.0.0.0/0', { target: address('0.0.0.0/0') }],
  ['2001:db8::1', { target: address('2001:db8:0:0:0:0:0:1/128', 6) }],
  ['2001:db8:ffff::/33', { target: address('2001:db8:8000:0:0:0:0:0/33', 6) }],
  ['[2001:db8::]/32:443', { target: address('2001:db8:0:0:0:0:0:0/32', 6), ports: [443, 443] }],
  ['[::1]:80', { target: address('0:0:0:0:0:0:0:1/128', 6), ports: [80, 80] }],
])('%s', (text, expected) => {
  expect(target(text)).toEqual(expected);
});

test('a list is a rule for each of its targets, in their order', () => {
  expect(parseEgress(['deny=*', 'allow=a.example:1, 10.0.0.0/8', 'deny=10.1.0.0/16']).map(({ action }) => action)).toEqual([
    'deny',
    'allow',
    'allow',
    'deny',
  ]);
});

test.each([
  ['example.com', 'it begins with neither "allow=" nor "deny="'],
  ['permit=*', 'it begins with neither "allow=" nor "deny="'],
  ['deny=', 'a target is empty'],
  ['deny=a.example,,b.example', 'a target is empty'],
  ['deny=a.example:0', '"0" is neither a port nor a range of ports'],
  ['deny=a.example:65536', '"65536" is neither a port nor a range of ports'],
  ['deny=a.example:90-80', '"90-80" is neither a port nor a range of ports'],
  ['deny=a.example:http', '"http" is neither a port nor a range of ports'],
  ['deny=a.example:', '"" is neither a port nor a range of ports'],
  ['deny=10.0.0.0/33', '"10.0.0.0/33" is no subnet'],
  ['deny=10.0.0.0/8/8', '"10.0.0.0/8/8" is no subnet'],
  ['deny=2001:db8::/129', '"2001:db8::/129" is no subnet'],
  ['deny=10.0.0', '"10.0.0" is neither a name, an address, a subnet nor *'],
  ['deny=*example.org', '"*example.org" is neither a name, an address, a subnet nor *'],
  ['deny=a b', '"a b" is neither a name, an address, a subnet nor *'],
  ['deny=[nonsense]', '"nonsense" is no IPv6 address'],
  ['deny=[192.0.2.1]:80', '"192.0.2.1" is no IPv6 address'],
  ['deny=https://example.com', '"//example.com" is neither a port'],
])('%s is refused in a sentence', (rule, why) => {
  expect(() => parseEgress([rule])).toThrow(expect.objectContaining({ message: expect.stringContaining(why), exitCode: 125 }));
});

test('to allow what nothing denies is refused, and how to begin said', () => {
  expect(() => parseEgress(['allow=example.com'])).toThrow(
    expect.objectContaining({
      message: 'The first --egress rule allows ("allow=example.com") where nothing is denied yet',
      hint: "Begin with --egress 'deny=*' to allow nothing else",
    }),
  );
});

describe('which names may be asked for', () => {
  const may = (rules: string[], asked: string) => mayAskFor(parseEgress(rules), asked);

  test('only allowed ones, where only names are allowed; in any case', () => {
    const rules = ['deny=*', 'allow=example.com:443,*.example.org'];
    expect(['example.com', 'EXAMPLE.com.', 'a.b.example.org'].map((asked) => may(rules, asked))).toEqual([true, true, true]);
    expect(['www.example.com', 'example.org', 'evil-example.org', 'data.attacker.example'].map((asked) => may(rules, asked))).toEqual(
      Array(4).fill(false),
    );
  });

  test('every one, where addresses are allowed', () => {
    expect(may(['deny=*', 'allow=10.0.0.0/8'], 'intranet.example')).toBe(true);
  });

  test('a denied name is not looked up, one that is denied a port is; the last rule decides', () => {
    expect(may(['deny=ads.example'], 'ads.example')).toBe(false);
    expect(may(['deny=ads.example:80'], 'ads.example')).toBe(true);
    expect(may(['deny=*.example', 'allow=good.example'], 'good.example')).toBe(true);
    expect(may(['deny=ads.example'], 'other.example')).toBe(true);
    expect(may(['deny=*', 'allow=a.example', 'deny=*'], 'a.example')).toBe(false);
  });
});

describe('the rules for nft', () => {
  const decisions = (rules: string[]): string[] => {
    const lines = egressRuleset(parseEgress(rules)).split('\n');
    return lines.slice(lines.findIndex((line) => line.startsWith('icmpv6 type')) + 1, -3);
  };

  test('the last rule comes first; DNS goes to the resolver alone unless its port is named', () => {
    expect(decisions(['deny=*', 'allow=example.com:443,10.0.0.0/8', 'allow=192.0.2.53:53'])).toEqual([
      'ip daddr 192.0.2.53/32 meta l4proto { tcp, udp } th dport 53 accept',
      'ip daddr 10.0.0.0/8 meta l4proto { tcp, udp } th dport != 53 accept',
      'ip daddr 10.0.0.0/8 meta l4proto != { tcp, udp } accept',
      'ip daddr @rule1_4 meta l4proto { tcp, udp } th dport 443 accept',
      'ip6 daddr @rule1_6 meta l4proto { tcp, udp } th dport 443 accept',
      'goto denied',
      'meta l4proto { tcp, udp } th dport 53 goto denied',
    ]);
  });

  test('a denied name has no set: it is not looked up; with a port it has', () => {
    const text = egressRuleset(parseEgress(['deny=ads.example,bad.example:25-26']));
    expect([text.includes('rule0'), text.includes('rule1_4 {')]).toEqual([false, true]);
    expect(text).toContain('ip6 daddr @rule1_6 meta l4proto { tcp, udp } th dport 25-26 goto denied');
  });

  test('all addresses of a family', () => {
    expect(decisions(['deny=::/0'])[0]).toBe('meta nfproto ipv6 goto denied');
  });
});

test('a dot within a label makes no name that lies below another', () => {
  const rules = parseEgress(['deny=*', 'allow=*.example.com']);
  expect(mayAskFor(rules, 'a.example.com')).toBe(true);
  expect(mayAskFor(rules, 'a\\.b.example.com')).toBe(true);
  expect(mayAskFor(rules, 'evil\\.example.com')).toBe(false);
});
