// `-p` and `--expose` as Docker reads them: `[[ip:][host]:]container[/protocol]`, ranges on either side, IPv6 addresses in brackets.
// A host range for one container port means "any free one of these"; ranges on both sides are paired.

import type { PortBinding } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import { ipVersion } from './ip-address.ts';

export interface PublishedPorts {
  /** `80/tcp` → {} */
  exposed: Record<string, Record<string, never>>;
  bindings: Record<string, PortBinding[]>;
}

/** All of `-p`. Throws ERR_PORT_SPEC (exit code 125). */
export function parsePublish(specs: readonly string[]): PublishedPorts {
  const ports: PublishedPorts = { exposed: {}, bindings: {} };
  for (const spec of specs) {
    for (const [port, binding] of publishedPorts(spec)) {
      ports.exposed[port] = {};
      const known = ports.bindings[port] ?? [];
      ports.bindings[port] = known.some((other) => isSame(other, binding)) ? known : [...known, binding];
    }
  }
  return ports;
}

// "Any free port" twice is two ports, as with Docker; one host port cannot be had twice.
const isSame = (one: PortBinding, other: PortBinding): boolean =>
  /^\d+$/.test(one.HostPort) && one.HostPort === other.HostPort && one.HostIp === other.HostIp;

/** All of `--expose`: `80`, `80-85/udp`. */
export function parseExpose(specs: readonly string[]): Record<string, Record<string, never>> {
  const exposed: Record<string, Record<string, never>> = {};
  for (const spec of specs) {
    const [range = '', protocol] = protocolOf(spec);
    if (spec.includes(':')) throw invalid(`invalid port format for --expose: ${spec}`);
    const parsed = parseRange(range);
    if (!parsed) throw invalid(`invalid range format for --expose: ${spec}`);
    for (let port = parsed.first; port <= parsed.last; port++) exposed[`${port}/${protocol}`] = {};
  }
  return exposed;
}

function publishedPorts(spec: string): [port: string, binding: PortBinding][] {
  const [address, protocol] = protocolOf(spec);
  const { ip, host, container } = splitAddress(address);
  if (ip !== '' && ipVersion(ip) === 0) throw invalid(`invalid IP address: ${ip}`);
  if (container === '') throw invalid(`no port specified: ${spec}<empty>`);
  const ports = parseRange(container);
  if (!ports || ports.first === 0) throw invalid(`invalid containerPort: ${container}`);
  const hosts = host === '' ? undefined : parseRange(host);
  if (host !== '' && !hosts) throw invalid(`invalid hostPort: ${host}`);

  const count = ports.last - ports.first;
  if (hosts && hosts.last - hosts.first !== count) {
    if (count > 0) throw invalid(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
    return [[`${ports.first}/${protocol}`, { HostIp: ip, HostPort: `${hosts.first}-${hosts.last}` }]];
  }
  return Array.from({ length: count + 1 }, (_, index) => [
    `${ports.first + index}/${protocol}`,
    { HostIp: ip, HostPort: hosts && hosts.first > 0 ? String(hosts.first + index) : '' },
  ]);
}

function protocolOf(spec: string): [rest: string, protocol: string] {
  const slash = spec.lastIndexOf('/');
  if (slash === -1) return [spec, 'tcp'];
  const protocol = spec.slice(slash + 1).toLowerCase() || 'tcp';
  if (protocol === 'sctp') throw invalid('invalid proto: sctp', 'Publish tcp and udp ports; sctp cannot be forwarded without root');
  if (protocol !== 'tcp' && protocol !== 'udp') throw invalid(`invalid proto: ${protocol}`);
  return [spec.slice(0, slash), protocol];
}

/** From the right: the container's port, the host's, and the rest is the address. */
function splitAddress(text: string): { ip: string; host: string; container: string } {
  const parts = text.split(':');
  const container = parts.pop() ?? '';
  const host = parts.pop() ?? '';
  const ip = parts.join(':');
  return { ip: ip.startsWith('[') && ip.endsWith(']') ? ip.slice(1, -1) : ip, host, container };
}

function parseRange(text: string): { first: number; last: number } | undefined {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  if (!match) return undefined;
  const first = Number(match[1]);
  const last = Number(match[2] ?? match[1]);
  return last <= 65535 && first <= last ? { first, last } : undefined;
}

const invalid = (message: string, hint = 'Write it as [[ip:]hostPort:]containerPort[/tcp|udp], such as 8080:80'): EngineError =>
  new EngineError('ERR_PORT_SPEC', sentence(message), { hint, exitCode: 125 });

const sentence = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);
