// pasta's command line, the same for every release since 2023. Addresses are ours, not copies of the host's, so that the host's own
// address is reachable; nothing is forwarded but what is published; the gateway is not a way to the host's loopback.
// Releases up to 2024 refuse to start without a template interface: `lo`, with a made-up hardware address, serves for IPv4.

import { parseIp } from '../../sys/ip.ts';
import { type HostNetwork, SUBNET6 } from './host.ts';
import type { PortSpec } from './ports.ts';

/** pasta's own hardware address, as the container sees the gateway: locally administered. */
const GATEWAY_MAC = '02:42:00:00:00:01';

export interface PastaPlan {
  ipv6: boolean;
  arguments: string[];
}

export interface PastaRequest {
  host: HostNetwork;
  ports: readonly PortSpec[];
  /** IPv6 is wanted; it is given where the host has it. */
  ipv6: boolean;
  netnsPath: string;
  /** In the container. */
  interfaceName: string;
  /** `subnet.forward` is answered by the host's first name server. Releases of 2023 then hide that server's own address. */
  forwardsDns: boolean;
  /** The container's hardware address; default `macAddress` of its address. */
  mac?: string | undefined;
}

/** What to try, best first. */
export function pastaPlans(request: PastaRequest): PastaPlan[] {
  const { host, ports } = request;
  const bindsIpv6 = ports.some(({ hostIp }) => parseIp(hostIp)?.length === 16);
  const plans: PastaPlan[] = [];
  if ((request.ipv6 && host.ipv6Interface) || bindsIpv6) plans.push(plan(request, host.ipv6Interface ?? 'lo', true));
  if (!bindsIpv6) plans.push(plan(request, 'lo', false));
  return plans;
}

/** The container's hardware address: Docker's scheme, the IPv4 address after 02:42. */
export function macAddress(address: string): string {
  return ['02', '42', ...address.split('.').map((part) => Number(part).toString(16).padStart(2, '0'))].join(':');
}

function plan(
  { host: { subnet }, ports, netnsPath, interfaceName, forwardsDns, mac }: PastaRequest,
  template: string,
  ipv6: boolean,
): PastaPlan {
  const own6 = ['-a', SUBNET6.address, '-g', SUBNET6.gateway];
  return {
    ipv6,
    arguments: [
      ...['--foreground', '--quiet', '--config-net', '--no-map-gw', '--no-dhcp', '--no-dhcpv6', '--no-ra'],
      // The file of the namespace goes as soon as it was opened.
      '--no-netns-quit',
      ...['-I', interfaceName, '--ns-mac-addr', mac ?? macAddress(subnet.address), '-i', template, '-M', GATEWAY_MAC],
      ...['-a', subnet.address, '-n', String(subnet.prefix), '-g', subnet.gateway],
      ...(forwardsDns ? ['--dns-forward', subnet.forward] : []),
      ...(ipv6 ? own6 : ['-4']),
      ...forwards('-t', ports, 'tcp'),
      ...forwards('-u', ports, 'udp'),
      // Nothing that listens on the host's loopback shows up on the container's.
      ...['-T', 'none', '-U', 'none'],
      // Opened as a file, once all is configured and bound; see pasta.ts.
      ...['--pid', '/proc/self/fd/1'],
      ...['--netns', netnsPath],
    ],
  };
}

// One option for each port: of a range that can be bound in part, older releases would bind that part in silence.
function forwards(option: string, ports: readonly PortSpec[], proto: PortSpec['proto']): string[] {
  const specs = ports
    .filter((port) => port.proto === proto)
    .map(({ hostIp, hostPort, containerPort }) => {
      return `${hostIp ? `${hostIp}/` : ''}${hostPort}:${containerPort}`;
    });
  return (specs.length ? specs : ['none']).flatMap((spec) => [option, spec]);
}
