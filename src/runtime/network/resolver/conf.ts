// The resolv.conf of a container whose names the resolver answers. It never changes with the host's servers: the resolver follows those.
import { parseResolvConf } from '../resolv-conf.ts';

export const RESOLVER_ADDRESS = '127.0.0.11';

export interface ResolverConfInput {
  /** The host's file. */
  host: string;
  /** Where the resolver listens. */
  address: string;
  /** `--dns`, `--dns-search`, `--dns-option`. A search of `.` means none. */
  dns: readonly string[];
  search: readonly string[];
  options: readonly string[];
}

/** The whole file. */
export function resolverConf({ host, address, dns, ...given }: ResolverConfInput): string {
  const hosts = parseResolvConf(host);
  const search = (given.search.length ? given.search : hosts.search).filter((domain) => domain !== '.' && domain !== '');
  const options = given.options.length ? [...given.options] : hosts.options;
  // A name without a dot is a container's before it is one in a search domain.
  if (!options.some((option) => option.startsWith('ndots:'))) options.push('ndots:0');
  const others = dns.length ? dns.join(' ') : 'the servers that the host has at that time';
  return [
    `# Made by skiff: names of containers are answered at ${address}, all others by ${others}.`,
    `nameserver ${address}`,
    ...(search.length ? [`search ${search.join(' ')}`] : []),
    `options ${options.join(' ')}`,
    '',
  ].join('\n');
}
