// One value of `--network`: a name, or Docker's long form `name=NAME,alias=…,ip=…,ip6=…,mac-address=…,link-local-ip=…,driver-opt=…,gw-priority=…`.
import { csvFields } from './csv-fields.ts';
import { ipVersion } from './ip-address.ts';

/** What a container is to have on one network, as given. */
export interface NetworkAttachment {
  /** Name or id; `container:…`, `host`, `none`. */
  target: string;
  aliases: string[];
  ip?: string;
  ip6?: string;
  linkLocalIps: string[];
  mac?: string;
  driverOpts: Record<string, string>;
  gwPriority?: number;
}

/** Throws an Error that says what is wrong. */
export function parseNetwork(text: string): NetworkAttachment {
  const attachment = plainAttachment(text);
  if (!/\w+=\w+/.test(text)) return attachment;
  attachment.target = '';
  for (const field of csvFields(text)) {
    const equals = field.indexOf('=');
    const key = field.slice(0, Math.max(equals, 0)).trim().toLowerCase();
    if (key === '') throw new Error(`invalid field ${field}`);
    set(attachment, key, field.slice(equals + 1).trim());
  }
  if (attachment.target === '') throw new Error('network name/id is not specified');
  return attachment;
}

/** The network alone. */
export const plainAttachment = (target: string): NetworkAttachment => ({ target, aliases: [], linkLocalIps: [], driverOpts: {} });

function set(attachment: NetworkAttachment, key: string, value: string): void {
  if (key === 'name') attachment.target = value;
  else if (key === 'alias') attachment.aliases.push(networkAlias(value));
  else if (key === 'ip') attachment.ip = addressOf(4, value);
  else if (key === 'ip6') attachment.ip6 = addressOf(6, value);
  else if (key === 'mac-address') attachment.mac = macAddress(value);
  else if (key === 'link-local-ip') attachment.linkLocalIps.push(linkLocalAddress(value));
  else if (key === 'driver-opt') Object.assign(attachment.driverOpts, driverOption(value));
  else if (key === 'gw-priority') attachment.gwPriority = gwPriority(value);
  else throw new Error(`invalid field key ${key}`);
}

export function networkAlias(text: string): string {
  if (text !== '' && !/[\s,\p{Cc}]/u.test(text)) return text;
  throw new Error(`invalid alias "${text}": it must be a name without spaces`);
}

/** An address of one family. */
export function addressOf(family: 4 | 6, text: string): string {
  if (ipVersion(text) === family) return text;
  throw new Error(`invalid IPv${family} address: ${text}`);
}

/** Of 169.254.0.0/16 or fe80::/10. */
export function linkLocalAddress(text: string): string {
  const version = ipVersion(text);
  if (version === 4 && text.startsWith('169.254.')) return text;
  if (version === 6 && /^fe[89ab][0-9a-f]:/i.test(text)) return text;
  throw new Error(version === 0 ? `invalid link-local IP address: ${text}` : `not a link-local IP address: ${text}`);
}

/** Six bytes, of one interface: no multicast address. */
export function macAddress(text: string): string {
  const normal = text.toLowerCase().replaceAll('-', ':');
  if (!/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/.test(normal)) throw new Error(`${text} is not a valid mac address`);
  if (Number.parseInt(normal.slice(0, 2), 16) % 2 === 1) throw new Error(`${text} is a multicast address, which no interface can have`);
  return normal;
}

function gwPriority(text: string): number {
  if (/^[+-]?\d{1,9}$/.test(text)) return Number(text);
  throw new Error(`invalid gw-priority: "${text}" must be a whole number`);
}

/** `name=value`. */
export function driverOption(text: string): Record<string, string> {
  const equals = text.indexOf('=');
  if (equals < 1) throw new Error('invalid key value pair format in driver options');
  return { [text.slice(0, equals).trim().toLowerCase()]: text.slice(equals + 1).trim() };
}
