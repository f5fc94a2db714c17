// What makes the shared netns lead out, and only out: forwarding, one masquerade rule for what leaves by the uplink, and nothing from one bridge
// to another. By nft, or by iptables, each of which takes all its rules at once and in the place of those before.
// Trap: releases of pasta of 2023 send segments without any flag. They belong to no connection for the kernel, so they are for the netns itself, which
// would answer by a reset that ends the container's connection: so nothing that comes by the uplink is for the netns itself.
import { UPLINK_INTERFACE } from './uplink-record.ts';

const TABLE = 'skiff_uplink';

/** For `nft -f -`. */
export function nftRules(bridge: string): string {
  return [
    // Declared first, so that the removal finds one.
    `table ip ${TABLE}`,
    `delete table ip ${TABLE}`,
    `table ip ${TABLE} {`,
    '  chain input {',
    '    type filter hook input priority 0;',
    `    iifname "${UPLINK_INTERFACE}" drop`,
    '  }',
    '  chain forward {',
    '    type filter hook forward priority 0; policy drop;',
    // Unmasked, it would show pasta another address.
    '    ct state invalid drop',
    '    ct state established,related accept',
    `    iifname "${bridge}" oifname "${UPLINK_INTERFACE}" accept`,
    '  }',
    '  chain postrouting {',
    '    type nat hook postrouting priority 100;',
    `    oifname "${UPLINK_INTERFACE}" masquerade`,
    '  }',
    '}',
    '',
  ].join('\n');
}

/** For `iptables-restore`. */
export function iptablesRules(bridge: string): string {
  return [
    '*filter',
    ':FORWARD DROP [0:0]',
    `-A INPUT -i ${UPLINK_INTERFACE} -j DROP`,
    '-A FORWARD -m conntrack --ctstate INVALID -j DROP',
    '-A FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT',
    `-A FORWARD -i ${bridge} -o ${UPLINK_INTERFACE} -j ACCEPT`,
    'COMMIT',
    '*nat',
    `-A POSTROUTING -o ${UPLINK_INTERFACE} -j MASQUERADE`,
    'COMMIT',
    '',
  ].join('\n');
}

/**
 * A script that sets the netns's own sysctls and then runs its arguments. Where the host has br_netfilter loaded, what goes from port to port of
 * one bridge would be taken for forwarded.
 */
export const SYSCTLS = [
  'echo 1 >/proc/sys/net/ipv4/ip_forward || exit 1',
  'for name in iptables ip6tables arptables; do',
  '  if [ -e /proc/sys/net/bridge/bridge-nf-call-$name ]; then echo 0 >/proc/sys/net/bridge/bridge-nf-call-$name || exit 1; fi',
  'done',
  'exec "$@"',
].join('\n');
