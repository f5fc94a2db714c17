// Says before anything starts that a port cannot be published, and why, in Docker's words and with the name of who has it. pasta itself
// would only say "failed to bind", and its older releases fall back to half of the addresses in silence.
import { readFileSync } from 'node:fs';
import { EngineError } from '../../sys/errors.ts';
import { portHolder } from './port-holder.ts';
import { type PortProbe, type PortSpec, portInUse, probeOnHost } from './ports.ts';

export interface PortCheckOptions {
  /** The container's name, for the message. */
  endpoint?: string;
  /** Names the container of ours that publishes a host port. */
  containerAt?: (spec: PortSpec) => string | undefined;
  /** The procfs in which the user's processes are seen. */
  procRoot?: string;
  probe?: PortProbe;
  /** The lowest port that is wanted, for the setting that would allow all of them. */
  lowest?: number;
}

/** Throws ERR_PORT_IN_USE, ERR_PORT_PRIVILEGED or ERR_PORT_ADDRESS (exit code 125) for the first spec that cannot be bound. */
export function assertPortsFree(specs: readonly PortSpec[], options: PortCheckOptions = {}): void {
  const probe = options.probe ?? probeOnHost;
  for (const spec of specs) {
    const result = probe(spec);
    if (!('errno' in result)) continue;
    const lowest = Math.min(...specs.map(({ hostPort }) => hostPort).filter((port) => port > 0));
    throw portRefused(spec, result.errno, { ...options, lowest });
  }
}

/** The error for a port that the kernel refused with `errno`. */
export function portRefused(spec: PortSpec, errno: string, options: PortCheckOptions = {}): EngineError {
  const { endpoint, containerAt, procRoot = '/proc' } = options;
  if (errno === 'EADDRINUSE') {
    const container = containerAt?.(spec);
    const holder = container ? `container ${container}` : portHolder(spec, procRoot);
    return portInUse(spec, { ...(endpoint ? { endpoint } : {}), ...(holder ? { holder } : {}) });
  }
  const where = `${spec.hostIp.includes(':') ? `[${spec.hostIp}]` : spec.hostIp || '0.0.0.0'}:${spec.hostPort}/${spec.proto}`;
  const failed = `Driver failed programming external connectivity${endpoint ? ` on endpoint ${endpoint}` : ''}`;
  if (errno === 'EACCES') {
    const floor = unprivilegedPortStart(procRoot);
    const setting = `net.ipv4.ip_unprivileged_port_start=${options.lowest ?? spec.hostPort}`;
    return new EngineError(
      'ERR_PORT_PRIVILEGED',
      `${failed}: cannot expose privileged port ${spec.hostPort} (${where}): permission denied`,
      {
        hint:
          `Choose a host port from ${floor} up, let --publish-fallback choose one, or allow low ports to everyone: sudo sysctl -w ${setting}\n` +
          `To keep that over reboots: echo ${setting} | sudo tee /etc/sysctl.d/90-low-ports.conf`,
        exitCode: 125,
      },
    );
  }
  if (errno === 'EADDRNOTAVAIL' || errno === 'EAFNOSUPPORT') {
    return new EngineError('ERR_PORT_ADDRESS', `${failed}: failed to bind host port for ${where}: cannot assign requested address`, {
      hint: 'Publish on an address that this host has: ip address',
      exitCode: 125,
    });
  }
  return new EngineError('ERR_PORT_BIND', `${failed}: failed to bind host port for ${where}: ${errno}`, {
    hint: 'Publish another host port',
    exitCode: 125,
  });
}

function unprivilegedPortStart(procRoot: string): number {
  try {
    return Number(readFileSync(`${procRoot}/sys/net/ipv4/ip_unprivileged_port_start`, 'utf8')) || 1024;
  } catch {
    return 1024;
  }
}
