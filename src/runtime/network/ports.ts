// Published ports: from Docker's `PortBindings` to one host port each. A port that is asked for by number stays that number; "any" and
// ranges are settled here by asking the kernel. Settling reserves nothing: pasta binds a moment later, and who loses that race tries again.
import type { PortBinding } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import { parseIp } from '../../sys/ip.ts';
import { probePort } from '../../sys/port-probe.ts';

export interface PortSpec {
  proto: 'tcp' | 'udp';
  /** '' = all addresses of the host. */
  hostIp: string;
  hostPort: number;
  containerPort: number;
  /** The host port was chosen here out of these (0, 0: any), so another may be. */
  chosenFrom?: { first: number; last: number };
  /** The privileged port that was asked for, and that this one stands in for. */
  insteadOf?: number;
}

export interface PublishRequest {
  portBindings: Record<string, PortBinding[]>;
  publishAll: boolean;
  /** `80/tcp` → {} */
  exposed: Record<string, unknown>;
  /** A port that is privileged here is replaced by another (--publish-fallback). */
  fallback?: boolean;
  /** Where ports go that are published on no address of their own; default all addresses of the host. */
  hostIp?: string | undefined;
}

/** Why a port of this host cannot be bound; the errno's name. */
export type PortProbe = (spec: PortSpec) => { port: number } | { errno: string };

/** One spec for each binding, host ports settled. Throws ERR_PORT_IN_USE (125) when a range has no free port or the request collides with itself. */
export function resolveBindings(request: PublishRequest, probe: PortProbe = probeOnHost): PortSpec[] {
  const settled: PortSpec[] = [];
  for (const wanted of wantedPorts(request)) {
    const first = wanted.chosenFrom ? choosePort(wanted, settled, probe) : wanted;
    const spec = request.fallback ? unprivileged(first, settled, probe) : first;
    if (settled.some((other) => collides(other, spec))) throw portInUse(spec);
    settled.push(spec);
  }
  return settled;
}

/** Another host port for each spec whose port was chosen, the others as they are. */
export function chooseAgain(specs: readonly PortSpec[], probe: PortProbe = probeOnHost): PortSpec[] {
  const settled = specs.filter(({ chosenFrom }) => !chosenFrom);
  return specs.map((spec) => {
    if (!spec.chosenFrom) return spec;
    const chosen = choosePort(spec, settled, probe);
    settled.push(chosen);
    return chosen;
  });
}

/** Docker's `NetworkSettings.Ports` of what is published; "all addresses" is two entries where IPv6 is bound too. */
export function publishedPorts(specs: readonly PortSpec[], options: { ipv6: boolean }): Record<string, PortBinding[]> {
  const ports: Record<string, PortBinding[]> = {};
  for (const { proto, hostIp, hostPort, containerPort } of specs) {
    const addresses = hostIp !== '' ? [hostIp] : options.ipv6 ? ['0.0.0.0', '::'] : ['0.0.0.0'];
    const port = `${containerPort}/${proto}`;
    ports[port] = [...(ports[port] ?? []), ...addresses.map((HostIp) => ({ HostIp, HostPort: String(hostPort) }))];
  }
  return ports;
}

/** One line for each port that stands in for a privileged one. */
export function fallbackNotes(specs: readonly PortSpec[]): string[] {
  return specs.flatMap(({ insteadOf, hostPort, containerPort, proto }) =>
    insteadOf === undefined ? [] : [`${containerPort}/${proto} is published on port ${hostPort}, as port ${insteadOf} is privileged here`],
  );
}

/** Asks the kernel; `hostPort` 0 lets it choose. All addresses means both families, where the host has IPv6 at all. */
export function probeOnHost({ proto, hostIp, hostPort }: PortSpec): { port: number } | { errno: string } {
  const address = parseIp(hostIp || '0.0.0.0') ?? new Uint8Array(4);
  const first = probePort({ proto, address, port: hostPort });
  if (hostIp !== '' || 'errno' in first) return first;
  const second = probePort({ proto, address: new Uint8Array(16), port: first.port });
  return 'errno' in second && second.errno === 'EADDRINUSE' ? second : first;
}

/** Docker's sentence for a host port that someone has. */
export function portInUse({ hostIp, hostPort }: PortSpec, options: { endpoint?: string; holder?: string } = {}): EngineError {
  const endpoint = options.endpoint ? ` on endpoint ${options.endpoint}` : '';
  const address = hostIp.includes(':') ? `[${hostIp}]` : hostIp || '0.0.0.0';
  return new EngineError(
    'ERR_PORT_IN_USE',
    `Driver failed programming external connectivity${endpoint}: Bind for ${address}:${hostPort} failed: port is already allocated`,
    {
      hint: `${options.holder ? `It is held by ${options.holder}: stop that` : 'Stop what listens there'}, or publish another host port`,
      exitCode: 125,
    },
  );
}

function wantedPorts({ portBindings, publishAll, exposed, hostIp = '' }: PublishRequest): PortSpec[] {
  const any = { HostIp: hostIp, HostPort: '' };
  const wanted = Object.entries(portBindings).flatMap(([port, bindings]) =>
    (bindings.length ? bindings : [any]).map((binding) => wantedPort(port, { ...binding, HostIp: binding.HostIp || hostIp })),
  );
  if (!publishAll) return wanted;
  const others = Object.keys(exposed).filter((port) => !(port in portBindings));
  return [...wanted, ...others.map((port) => wantedPort(port, any))];
}

function wantedPort(port: string, { HostIp, HostPort }: PortBinding): PortSpec {
  const [number = '', proto = 'tcp'] = port.split('/');
  const [first = 0, last = first] = (HostPort || '0').split('-').map(Number);
  const hostIp = HostIp === '[::]' ? '::' : HostIp;
  const isOne = first === last && first !== 0;
  const spec: PortSpec = { proto: proto === 'udp' ? 'udp' : 'tcp', hostIp, hostPort: first, containerPort: Number(number) };
  return isOne ? spec : { ...spec, chosenFrom: { first, last } };
}

const ATTEMPTS = 50;
const USUAL_DISTANCE = 8000;

function choosePort(spec: PortSpec, settled: readonly PortSpec[], probe: PortProbe): PortSpec {
  const { first, last } = spec.chosenFrom ?? { first: 0, last: 0 };
  const candidates = first === 0 ? Array<number>(ATTEMPTS).fill(0) : Array.from({ length: last - first + 1 }, (_, index) => first + index);
  let isTaken = false;
  for (const hostPort of candidates) {
    const found = probe({ ...spec, hostPort });
    if ('errno' in found) {
      isTaken ||= found.errno === 'EADDRINUSE';
      continue;
    }
    const chosen = { ...spec, hostPort: found.port };
    if (!settled.some((other) => collides(other, chosen))) return chosen;
    isTaken = true;
  }
  if (isTaken) throw portInUse({ ...spec, hostPort: first });
  // Privileged, or an address that is not of this host: whoever checks the port says so.
  const { chosenFrom, ...one } = spec;
  return one;
}

// 80 becomes 8080 and 443 becomes 8443 where those are free, as people do by hand.
function unprivileged(spec: PortSpec, settled: readonly PortSpec[], probe: PortProbe): PortSpec {
  const found = spec.hostPort === 0 ? undefined : probe(spec);
  if (!found || 'port' in found || found.errno !== 'EACCES') return spec;
  const usual = { ...spec, hostPort: spec.hostPort + USUAL_DISTANCE, chosenFrom: { first: 0, last: 0 }, insteadOf: spec.hostPort };
  const isFree = 'port' in probe(usual) && !settled.some((other) => collides(other, usual));
  return isFree ? usual : choosePort(usual, settled, probe);
}

function collides(one: PortSpec, other: PortSpec): boolean {
  if (one.proto !== other.proto || one.hostPort !== other.hostPort) return false;
  return one.hostIp === other.hostIp || covers(one.hostIp, other.hostIp) || covers(other.hostIp, one.hostIp);
}

const covers = (wide: string, narrow: string): boolean =>
  wide === '' || (wide === '0.0.0.0' && narrow.includes('.')) || (wide === '::' && narrow.includes(':'));
