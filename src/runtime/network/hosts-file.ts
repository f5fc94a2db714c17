// /etc/hosts and /etc/hostname of a container, as Docker writes them, plus the two names by which containers find their host.
import { EngineError } from '../../sys/errors.ts';
import { parseIp } from '../../sys/ip.ts';

export interface HostsInput {
  hostname: string;
  domainname: string;
  /** The container's own, first the preferred. Empty: no network. */
  addresses: readonly string[];
  /** `--add-host`: `name:address` or `name=address`; `host-gateway` as the address stands for `hostAddress`. */
  extraHosts: readonly string[];
  /** Where services on all addresses of the host are reached; undefined when there is no such address. */
  hostAddress: string | undefined;
}

type Entry = readonly [address: string, names: string];

const STANDARD: readonly Entry[] = [
  ['127.0.0.1', 'localhost'],
  ['::1', 'localhost ip6-localhost ip6-loopback'],
  ['fe00::', 'ip6-localnet'],
  ['ff00::', 'ip6-mcastprefix'],
  ['ff02::1', 'ip6-allnodes'],
  ['ff02::2', 'ip6-allrouters'],
];

export const HOST_NAMES = ['host.docker.internal', 'host.containers.internal'] as const;

/** The whole file. Throws ERR_ADD_HOST (125) for a `host-gateway` that is nowhere. */
export function hostsFile(input: HostsInput): string {
  const own = input.domainname ? `${input.hostname}.${input.domainname} ${input.hostname}` : input.hostname;
  return lines([
    ...STANDARD,
    ...extraEntries(input.extraHosts, input.hostAddress),
    ...input.addresses.map((address): Entry => [address, own]),
  ]);
}

/** The host's own file for a container in the host's network, whose loopback is the host's. Throws as `hostsFile`. */
export function sharedHostsFile(host: string, extraHosts: readonly string[]): string {
  return host.replace(/\n*$/, '\n') + lines(extraEntries(extraHosts, '127.0.0.1'));
}

/** Docker's: the name alone, without its domain. */
export function hostnameFile(hostname: string): string {
  return `${hostname}\n`;
}

/** The file with the host's address, where it stands for the host, changed; other entries stay, whatever their address. */
export function rehost(content: string, { from, to, extraHosts }: { from: string; to: string; extraHosts: readonly string[] }): string {
  const gateways = extraHosts.flatMap((line) => /^([^:=]*)[:=]\[?host-gateway\]?$/.exec(line)?.[1] ?? []);
  const ours = new Set<string>([...HOST_NAMES, ...gateways]);
  return content
    .split('\n')
    .map((line) => {
      const [address, names = ''] = line.split('\t');
      return address === from && names.split(' ').every((name) => ours.has(name)) ? `${to}\t${names}` : line;
    })
    .join('\n');
}

const lines = (entries: readonly Entry[]): string => entries.map(([address, names]) => `${address}\t${names}\n`).join('');

// The user's own entry for one of the host's names replaces ours.
function extraEntries(extraHosts: readonly string[], hostAddress: string | undefined): Entry[] {
  const extra = extraHosts.map((line) => extraHost(line, hostAddress));
  const names = HOST_NAMES.filter((name) => !extra.some(([, given]) => given === name));
  return hostAddress && names.length ? [[hostAddress, names.join(' ')], ...extra] : extra;
}

function extraHost(line: string, hostAddress: string | undefined): Entry {
  const [, name = '', given = ''] = /^([^:=]*)[:=](.*)$/.exec(line) ?? [];
  const address = given.startsWith('[') && given.endsWith(']') ? given.slice(1, -1) : given;
  if (address !== 'host-gateway') {
    if (name !== '' && parseIp(address)) return [address, name];
    throw new EngineError('ERR_ADD_HOST', `Bad format for add-host: "${line}"`, { hint: 'Write it as NAME:ADDRESS', exitCode: 125 });
  }
  if (hostAddress) return [hostAddress, name];
  throw new EngineError('ERR_ADD_HOST', `Cannot find an address of this host for "${line}": it has none but loopback`, {
    hint: 'Connect the host to a network, or use --network host',
    exitCode: 125,
  });
}
