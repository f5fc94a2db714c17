// The PORTS column: `443/tcp, 0.0.0.0:8080->80/tcp, [::]:8080->80/tcp`. Neighbouring ports published under their own number are one
// range (`0.0.0.0:80-82->80-82/tcp`); a port published under another number always stands alone, and after the ranges.
import type { PortBinding } from '../storage/records.ts';

/** One port of the container list, as in Docker's API. */
export interface PortSummary {
  IP?: string;
  PrivatePort: number;
  PublicPort?: number;
  Type: string;
}

type PortMap = Readonly<Record<string, readonly PortBinding[] | null>>;

/** Ports of a running container: what is published, then what is only exposed. */
export function portSummaries(published: PortMap, exposed: Readonly<Record<string, unknown>> | undefined): PortSummary[] {
  const summaries: PortSummary[] = [];
  for (const [port, bindings] of Object.entries({
    ...Object.fromEntries(Object.keys(exposed ?? {}).map((key) => [key, null])),
    ...published,
  })) {
    const { number, protocol } = splitPort(port);
    if (!bindings || bindings.length === 0) summaries.push({ PrivatePort: number, Type: protocol });
    for (const { HostIp, HostPort } of bindings ?? []) {
      summaries.push({ IP: HostIp || '0.0.0.0', PrivatePort: number, PublicPort: Number(HostPort), Type: protocol });
    }
  }
  return summaries;
}

/** `80/tcp` or `80` in parts. */
export function splitPort(port: string): { number: number; protocol: string } {
  const [number = '', protocol = 'tcp'] = port.split('/');
  return { number: Number(number), protocol };
}

/** The ports as one text. A range is shown once it ends, so one that goes on comes after those that broke off. */
export function displayPorts(ports: readonly PortSummary[]): string {
  if (ports.length === 0) return '';
  const open = new Map<string, [number, number]>();
  const shown: string[] = [];
  const mappings: string[] = [];
  for (const { IP = '', PrivatePort, PublicPort = 0, Type } of ports.toSorted(byNumber)) {
    if (IP !== '' && PublicPort !== PrivatePort) {
      mappings.push(`${hostAndPort(IP, String(PublicPort))}->${PrivatePort}/${Type}`);
      continue;
    }
    const key = IP === '' ? Type : `${IP}/${Type}`;
    const range = open.get(key);
    if (range && PrivatePort <= range[1] + 1) {
      range[1] = PrivatePort;
      continue;
    }
    if (range) shown.push(rangeText(key, range));
    open.set(key, [PrivatePort, PrivatePort]);
  }
  return [...shown, ...Array.from(open, ([key, range]) => rangeText(key, range)), ...mappings].join(', ');
}

function rangeText(key: string, [first, last]: [number, number]): string {
  const span = first === last ? String(first) : `${first}-${last}`;
  const slash = key.lastIndexOf('/');
  if (slash < 0) return `${span}/${key}`;
  return `${hostAndPort(key.slice(0, slash), span)}->${span}/${key.slice(slash + 1)}`;
}

/** `0.0.0.0:80`, `[::]:80`. */
export function hostAndPort(host: string, port: string): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function byNumber(left: PortSummary, right: PortSummary): number {
  return (
    left.PrivatePort - right.PrivatePort ||
    compareText(left.IP ?? '', right.IP ?? '') ||
    (left.PublicPort ?? 0) - (right.PublicPort ?? 0) ||
    compareText(left.Type, right.Type)
  );
}

function compareText(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}
