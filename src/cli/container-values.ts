// Readers for single flag values of `run` and `create`. Each throws an Error whose text is Docker's; the parser adds which flag it was.
import { ipVersion } from '../engine/create/ip-address.ts';

/** `NAME=value` or `NAME`. */
export function environmentEntry(text: string): string {
  if (text === '' || text.startsWith('=')) throw new Error(`invalid environment variable: ${text}`);
  return text;
}

export function label(text: string): string {
  if (text === '' || text.startsWith('=')) throw new Error(`invalid label '${text}': empty name`);
  return text;
}

export function stream(text: string): string {
  const name = text.toLowerCase();
  if (!['stdin', 'stdout', 'stderr'].includes(name)) throw new Error('valid streams are STDIN, STDOUT and STDERR');
  return name;
}

/** `host:ip` or `host=ip`, the address perhaps in brackets, or `host-gateway` → `host:ip`. */
export function extraHost(text: string): string {
  const [, name, address = ''] = /^([^:=]+)[:=](.+)$/.exec(text) ?? [];
  if (!name) throw new Error(`bad format for add-host: "${text}"`);
  const ip = address.startsWith('[') && address.endsWith(']') ? address.slice(1, -1) : address;
  if (ip !== 'host-gateway' && ipVersion(ip) === 0) throw new Error(`invalid IP address in add-host: "${ip}"`);
  return `${name}:${ip}`;
}

export function ipAddress(text: string): string {
  const ip = text.trim();
  if (ipVersion(ip) === 0) throw new Error(`IP address is not correctly formatted: ${ip}`);
  return ip;
}

/** A domain to search, or `.` for none. */
export function searchDomain(text: string): string {
  const domain = text.trim();
  if (domain === '.' || /^[a-zA-Z0-9_]([\w-]*\w)?(\.\w([\w-]*\w)?)*\.?$/.test(domain)) return domain;
  throw new Error(`${domain} is not a valid domain`);
}

export interface Device {
  PathOnHost: string;
  PathInContainer: string;
  CgroupPermissions: string;
}

/** `/dev/a[:/dev/b][:rwm]` */
export function device(text: string): Device {
  const parts = text.split(':');
  const last = parts.at(-1) ?? '';
  const permissions = parts.length > 1 && /^[rwm]{1,3}$/.test(last) ? parts.pop() : 'rwm';
  const [host = '', inside = host] = parts;
  if (parts.length > 2 || !host.startsWith('/') || !inside.startsWith('/')) throw new Error(`bad device specification: ${text}`);
  return { PathOnHost: host, PathInContainer: inside, CgroupPermissions: permissions ?? 'rwm' };
}

export function platform(text: string): string {
  if (/^[\w.-]+(\/[\w.-]+){0,2}$/.test(text)) return text;
  throw new Error(`"${text}": cannot parse platform specifier: invalid argument`);
}

export function pullPolicy(text: string): 'always' | 'missing' | 'never' {
  if (text === 'always' || text === 'missing' || text === 'never') return text;
  throw new Error(`invalid pull option: '${text}': must be one of "always", "missing" or "never"`);
}
