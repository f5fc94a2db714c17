// What `--egress` says: `allow=` or `deny=`, then a list of targets. The last rule that matches decides, and what none matches is allowed,
// so a list of what is allowed begins with `deny=*`. A target without a port is every port but that of DNS, which is the resolver's.
import { EngineError } from '../../../sys/errors.ts';
import { parseIp } from '../../../sys/ip.ts';

export type EgressTarget =
  | { kind: 'any' }
  /** `cidr` as nft takes it, its host bits zero. */
  | { kind: 'address'; family: 4 | 6; cidr: string }
  /** Lower case. `below`: the names below it, not itself. */
  | { kind: 'name'; name: string; below: boolean };

export interface EgressRule {
  action: 'allow' | 'deny';
  target: EgressTarget;
  /** First and last; absent: all. */
  ports?: readonly [number, number];
}

/** The rules, one for each target, in the order given. Throws ERR_EGRESS (125). */
export function parseEgress(texts: readonly string[]): EgressRule[] {
  const rules = texts.flatMap(parseOne);
  const first = rules[0];
  if (first?.action === 'allow') {
    throw new EngineError('ERR_EGRESS', `The first --egress rule allows ("${texts[0]}") where nothing is denied yet`, {
      hint: "Begin with --egress 'deny=*' to allow nothing else",
      exitCode: 125,
    });
  }
  return rules;
}

/** Whether a name, without a dot at its end and in lower case, is meant by a rule. A dot within a label has a backslash before it, and ends none. */
export function meansName({ target }: EgressRule, name: string): boolean {
  if (target.kind !== 'name') return false;
  if (!target.below) return name === target.name;
  return name.endsWith(`.${target.name}`) && name.at(-target.name.length - 2) !== '\\';
}

/** Whether somebody outside may be asked for a name. Where only names are allowed, others are kept from leaving as questions. */
export function mayAskFor(rules: readonly EgressRule[], asked: string): boolean {
  const name = plainName(asked);
  const hasAddresses = rules.some(({ action, target }) => action === 'allow' && target.kind !== 'name');
  for (const rule of rules.toReversed()) {
    if (meansName(rule, name)) return rule.action === 'allow' || rule.ports !== undefined;
    if (rule.target.kind === 'any' && rule.ports === undefined) return rule.action === 'allow' || hasAddresses;
  }
  return true;
}

export const plainName = (name: string): string => name.toLowerCase().replace(/\.$/, '');

function parseOne(text: string): EgressRule[] {
  const [, action, list] = /^(allow|deny)=(.*)$/s.exec(text) ?? [];
  if (list === undefined) {
    throw bad(`Invalid --egress rule "${text}": it begins with neither "allow=" nor "deny="`);
  }
  return list.split(',').map((item) => ({ action: action as EgressRule['action'], ...parseTarget(item.trim(), text) }));
}

function parseTarget(item: string, text: string): Pick<EgressRule, 'target' | 'ports'> {
  if (item === '') throw bad(`Invalid --egress rule "${text}": a target is empty`);
  const bracketed = /^\[([^\]]*)\](\/\d+)?(?::(.*))?$/.exec(item);
  const isPlain6 = !bracketed && item.split(':').length > 2;
  const colon = bracketed || isPlain6 ? -1 : item.lastIndexOf(':');
  const host = bracketed ? `${bracketed[1]}${bracketed[2] ?? ''}` : colon === -1 ? item : item.slice(0, colon);
  const port = bracketed ? bracketed[3] : colon === -1 ? undefined : item.slice(colon + 1);
  if (bracketed && parseIp(bracketed[1] ?? '')?.length !== 16)
    throw bad(`Invalid --egress rule "${text}": "${bracketed[1]}" is no IPv6 address`);
  const ports = port === undefined ? {} : { ports: parsePorts(port, text) };
  return { target: parseHost(host, text), ...ports };
}

function parsePorts(port: string, text: string): [number, number] {
  const [, from, to = from] = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(port) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (first >= 1 && last <= 65_535 && first <= last) return [first, last];
  throw bad(`Invalid --egress rule "${text}": "${port}" is neither a port nor a range of ports`);
}

function parseHost(host: string, text: string): EgressTarget {
  if (host === '*') return { kind: 'any' };
  const [address = '', bits, ...more] = host.split('/');
  const bytes = parseIp(address);
  if (bytes) {
    const most = bytes.length * 8;
    const prefix = bits === undefined ? most : /^\d{1,3}$/.test(bits) ? Number(bits) : most + 1;
    if (prefix > most || more.length) throw bad(`Invalid --egress rule "${text}": "${host}" is no subnet`);
    return { kind: 'address', family: bytes.length === 4 ? 4 : 6, cidr: `${addressText(masked(bytes, prefix))}/${prefix}` };
  }
  const below = host.startsWith('*.');
  const name = plainName(below ? host.slice(2) : host);
  // A name of numbers alone is an address that is written wrongly.
  if (NAME.test(name) && name.length <= 253 && !/^[\d.]+$/.test(name)) return { kind: 'name', name, below };
  throw bad(`Invalid --egress rule "${text}": "${host}" is neither a name, an address, a subnet nor *`);
}

const NAME = /^[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?)*$/;

function masked(bytes: Uint8Array, prefix: number): Uint8Array {
  return bytes.map((byte, index) => byte & (0xff << Math.max(0, Math.min(8, 8 - (prefix - index * 8)))));
}

function addressText(bytes: Uint8Array): string {
  if (bytes.length === 4) return bytes.join('.');
  const groups = Array.from({ length: 8 }, (_, index) => (((bytes[index * 2] ?? 0) << 8) | (bytes[index * 2 + 1] ?? 0)).toString(16));
  return groups.join(':');
}

const bad = (message: string): EngineError =>
  new EngineError('ERR_EGRESS', message, {
    hint: 'Write it as deny=* or allow=example.com:443,*.example.org,10.0.0.0/8,[2001:db8::]/32:8000-8080',
    exitCode: 125,
  });
