// The outbound policy as nft's text, for the container's own network namespace. What comes of connections from outside goes back; the
// container's own loopback, where the resolver is, is free. Names are sets that the resolver's answers fill, each address for a time.
import type { EgressRule, EgressTarget } from './rules.ts';

export const TABLE = 'inet skiff_egress';

const DNS_PORT = 53;

/** The set of the addresses that a name rule stands for, by the rule's place in the list. */
export const setOf = (index: number, family: 4 | 6): string => `rule${index}_${family}`;

/** Whether a rule is held by addresses; a name that is denied whole is not even looked up. */
export const hasSet = ({ action, target, ports }: EgressRule): boolean =>
  target.kind === 'name' && (action === 'allow' || ports !== undefined);

/** The whole table. */
export function egressRuleset(rules: readonly EgressRule[]): string {
  const sets = rules.flatMap((rule, index) =>
    hasSet(rule) ? FAMILIES.map((family) => `set ${setOf(index, family)} { type ipv${family}_addr; flags timeout; }`) : [],
  );
  // The first match decides here, the last one in the list.
  const decisions = rules.map((rule, index) => ruleLines(rule, index)).toReversed();
  return [
    `table ${TABLE} {`,
    ...sets,
    // Where the kernel notes what was denied, for a minute.
    'set denied4 { type ipv4_addr . inet_proto . inet_service; size 512; flags dynamic,timeout; timeout 1m; }',
    'set denied6 { type ipv6_addr . inet_proto . inet_service; size 512; flags dynamic,timeout; timeout 1m; }',
    'set denied4_other { type ipv4_addr . inet_proto; size 512; flags dynamic,timeout; timeout 1m; }',
    'set denied6_other { type ipv6_addr . inet_proto; size 512; flags dynamic,timeout; timeout 1m; }',
    'chain denied {',
    'meta nfproto ipv4 meta l4proto { tcp, udp } add @denied4 { ip daddr . meta l4proto . th dport }',
    'meta nfproto ipv6 meta l4proto { tcp, udp } add @denied6 { ip6 daddr . meta l4proto . th dport }',
    'meta nfproto ipv4 meta l4proto != { tcp, udp } add @denied4_other { ip daddr . meta l4proto }',
    'meta nfproto ipv6 meta l4proto != { tcp, udp } add @denied6_other { ip6 daddr . meta l4proto }',
    'reject with icmpx admin-prohibited',
    '}',
    'chain output {',
    'type filter hook output priority filter; policy accept;',
    'oifname "lo" accept',
    'ct state established,related accept',
    'icmpv6 type { nd-router-solicit, nd-neighbor-solicit, nd-neighbor-advert, mld-listener-report, mld-listener-done, mld2-listener-report } accept',
    ...decisions.flat(),
    `meta l4proto { tcp, udp } th dport ${DNS_PORT} goto denied`,
    '}',
    '}',
    '',
  ].join('\n');
}

const FAMILIES = [4, 6] as const;

function ruleLines(rule: EgressRule, index: number): string[] {
  if (rule.target.kind === 'name' && !hasSet(rule)) return [];
  return destinations(rule.target, index).flatMap((destination) => {
    if (rule.ports) {
      const [first, last] = rule.ports;
      return `${destination}meta l4proto { tcp, udp } th dport ${first === last ? first : `${first}-${last}`} ${verdict(rule)}`;
    }
    if (rule.action === 'deny') return `${destination}goto denied`;
    return [`${destination}meta l4proto { tcp, udp } th dport != ${DNS_PORT} accept`, `${destination}meta l4proto != { tcp, udp } accept`];
  });
}

function destinations(target: EgressTarget, index: number): string[] {
  if (target.kind === 'any') return [''];
  if (target.kind === 'name') return [`ip daddr @${setOf(index, 4)} `, `ip6 daddr @${setOf(index, 6)} `];
  // nft takes no 0.0.0.0/0 as a match.
  if (target.cidr.endsWith('/0')) return [`meta nfproto ipv${target.family} `];
  return [`${target.family === 4 ? 'ip' : 'ip6'} daddr ${target.cidr} `];
}

const verdict = ({ action }: EgressRule): string => (action === 'allow' ? 'accept' : 'goto denied');
