// What pasta prints when it gives up, told as an error that a user can act on. Both wordings of a failed bind are known: releases
// of 2023 and 2024, and those since.
import { EngineError } from '../../sys/errors.ts';
import { parseIp } from '../../sys/ip.ts';
import { portRefused } from './port-check.ts';
import { type PortSpec, probeOnHost } from './ports.ts';

/** The published port that `output` says could not be bound, or undefined. */
export function refusedPort(output: string, ports: readonly PortSpec[]): PortSpec | undefined {
  const older = /Failed to bind any port for '-([tu]) (?:[^/']*\/)?(\d+):/.exec(output);
  const newer = /Listen failed for HOST (TCP|UDP) port [^\s/]*\/(\d+):/.exec(output);
  const [, kind = '', port = ''] = older ?? newer ?? [];
  const proto = kind === 't' || kind === 'TCP' ? 'tcp' : 'udp';
  return ports.find((spec) => spec.proto === proto && spec.hostPort === Number(port));
}

/** The error for a pasta that ended with `output` before it was ready. */
export function pastaFailure(output: string, ports: readonly PortSpec[], endpoint: string): EngineError {
  const refused = refusedPort(output, ports);
  if (refused) {
    const probed = probeOnHost(refused);
    if ('port' in probed && parseIp(refused.hostIp)?.length === 16) {
      return new EngineError(
        'ERR_PORT_ADDRESS',
        `Cannot publish on "${refused.hostIp}": this pasta needs an IPv6 default route on the host for it`,
        {
          hint: 'Publish on an IPv4 address, or install a newer passt package',
          exitCode: 125,
        },
      );
    }
    // Free again by now: someone had it for a moment.
    return portRefused(refused, 'errno' in probed ? probed.errno : 'EADDRINUSE', { endpoint });
  }
  const overlapping = /Overlapping port specifier (\S+)/.exec(output)?.[1];
  if (overlapping) {
    return new EngineError('ERR_PORT_TWICE', `Cannot publish "${overlapping}": this pasta binds a host port on one address only`, {
      hint: 'Publish it once, on all addresses (-p PORT:PORT), or install a newer passt package',
      exitCode: 125,
    });
  }
  if (/\/dev\/net\/tun|tun socket/.test(output)) {
    return new EngineError('ERR_NO_TUN', 'Cannot set up the container network: pasta cannot open /dev/net/tun', {
      hint: 'Make it: sudo modprobe tun && sudo chmod 666 /dev/net/tun (inside a container: give that one --device /dev/net/tun), or use --network host or none',
      exitCode: 125,
    });
  }
  return new EngineError('ERR_PASTA', `Cannot set up the container network: pasta failed: ${reason(output)}`, {
    hint: 'Use --network host or none to go without it',
    exitCode: 125,
  });
}

// A pasta without a syslog to talk to complains of that on every line.
function reason(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '' && !/^Failed to send \d+ bytes to syslog|AVX2 build/.test(line));
  return lines.slice(-2).join('; ') || 'it said nothing';
}
