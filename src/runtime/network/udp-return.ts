// pasta's releases of 2023 answer a datagram that came over the host's loopback, to a UDP port published under another number, through
// descriptor 0 where their own socket is meant. So descriptor 0 is what they need there: a socket bound to the published port as
// well, which receives nothing (the kernel prefers the socket bound last) and only lends its address. Later releases never use it.

import { parseIp } from '../../sys/ip.ts';
import { bindUdp } from '../../sys/port-probe.ts';
import type { PortSpec } from './ports.ts';

/**
 * The descriptor for pasta's standard input, or undefined where none is needed or the port cannot be shared. There is one descriptor 0:
 * of several such ports the first is served, the others are answered over any address but loopback.
 */
export function udpReturnSocket(ports: readonly PortSpec[], { ipv6 }: { ipv6: boolean }): number | undefined {
  const spec = ports.find(({ proto, hostPort, containerPort }) => proto === 'udp' && hostPort !== containerPort);
  if (!spec) return undefined;
  const address = parseIp(spec.hostIp || (ipv6 ? '::' : '0.0.0.0'));
  return address && bindUdp({ address, port: spec.hostPort, bothFamilies: spec.hostIp === '' && ipv6 });
}
