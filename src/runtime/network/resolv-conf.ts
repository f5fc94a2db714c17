// /etc/resolv.conf of a container: the host's, less what means something else inside. A name server on the host's loopback
// (systemd-resolved's stub, a local dnsmasq) is reached through pasta, which answers for it on an address of its own.
import { isLoopback, parseIp } from '../../sys/ip.ts';

export interface ResolvConfInput {
  /** The host's file. */
  host: string;
  /** `--dns`, `--dns-search`, `--dns-option`; each replaces what the host has. A search of `.` means none. */
  dns: readonly string[];
  search: readonly string[];
  options: readonly string[];
  /** Where pasta would forward queries to the host's first name server; undefined: nothing forwards. */
  forward: string | undefined;
  hasIpv6: boolean;
  /** The container is in the host's network, whose loopback is its own. */
  sharesHost?: boolean;
}

export interface ResolvConf {
  content: string;
  /** `forward` is among the servers: pasta must serve it. */
  forwardsDns: boolean;
}

/** Docker's choice for a host without any usable name server. */
export const PUBLIC_SERVERS: readonly string[] = ['8.8.8.8', '8.8.4.4'];

/** The whole file. */
export function resolvConf(input: ResolvConfInput): ResolvConf {
  const host = parseResolvConf(input.host);
  const { servers, forwardsDns } = input.dns.length ? { servers: [...input.dns], forwardsDns: false } : inside(host.servers, input);
  const search = (input.search.length ? input.search : host.search).filter((domain) => domain !== '.' && domain !== '');
  const options = input.options.length ? input.options : host.options;
  const lines = [
    ...servers.map((server) => `nameserver ${server}`),
    ...(search.length ? [`search ${search.join(' ')}`] : []),
    ...(options.length ? [`options ${options.join(' ')}`] : []),
  ];
  return { content: lines.map((line) => `${line}\n`).join(''), forwardsDns };
}

function inside(hostServers: readonly string[], input: ResolvConfInput): { servers: string[]; forwardsDns: boolean } {
  const { forward, hasIpv6 } = input;
  if (input.sharesHost) return { servers: [...hostServers], forwardsDns: false };
  const first = hostServers.find((server) => parseIp(server)?.length === 4);
  const forwardsDns = forward !== undefined && first !== undefined && isLoopback(first);
  // A zone (`fe80::1%eth0`) is no address: it names an interface that the container does not have.
  const reachable = hostServers.filter((server) => {
    const bytes = parseIp(server);
    return bytes !== undefined && !isLoopback(server) && (bytes.length === 4 || hasIpv6);
  });
  const servers = [...(forwardsDns ? [forward] : []), ...reachable];
  return { servers: servers.length ? servers : [...PUBLIC_SERVERS], forwardsDns };
}

/** The name server of the text that pasta would answer for: the first of IPv4, if it is on the loopback. */
export function loopbackServer(text: string): string | undefined {
  const first = parseResolvConf(text).servers.find((server) => parseIp(server)?.length === 4);
  return first !== undefined && isLoopback(first) ? first : undefined;
}

/** What the text of a resolv.conf says, comments left out; nothing of it is checked. */
export function parseResolvConf(text: string): { servers: string[]; search: string[]; options: string[] } {
  const parsed = { servers: [] as string[], search: [] as string[], options: [] as string[] };
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/\s*[#;].*$/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'nameserver' && values[0]) parsed.servers.push(values[0]);
    if (keyword === 'search' || keyword === 'domain') parsed.search = values;
    if (keyword === 'options') parsed.options.push(...values);
  }
  return parsed;
}
