// The three files by which a container knows names: /etc/hosts, /etc/hostname, /etc/resolv.conf. They lie in its folder and are bind-mounted, so
// they are written in place: a replaced file's old inode is what the container would go on seeing.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readContainer } from '../../storage/container.ts';
import { containerDir } from '../../storage/layout.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import type { HostNetwork } from '../network/host.ts';
import { hostnameFile, hostsFile, sharedHostsFile } from '../network/hosts-file.ts';
import { resolvConf } from '../network/resolv-conf.ts';
import { RESOLVER_ADDRESS, resolverConf } from '../network/resolver/conf.ts';
import type { SpecInput } from '../spec/build.ts';
import { joinedContainer } from '../spec/namespaces.ts';

type Files = SpecInput['files'];

export interface OwnAddresses {
  /** The container's own, first the preferred. */
  addresses: readonly string[];
  /** Undefined: nothing leads out. */
  host: HostNetwork | undefined;
  /** Whether name servers that have IPv6 addresses are reached. */
  ipv6: boolean;
  /** Names are answered by the resolver of its own. */
  isResolved: boolean;
}

/** Those of a container with a network namespace of its own. `forwardsDns`: pasta has to answer for the host's name server. */
export function ownFiles(
  ctx: Ctx,
  record: ContainerRecord,
  { addresses, host, ipv6, isResolved }: OwnAddresses,
): { files: Files; forwardsDns: boolean } {
  const { Config, HostConfig } = record;
  const hosts = hostsFile({
    hostname: Config.Hostname,
    domainname: Config.Domainname,
    addresses,
    extraHosts: HostConfig.ExtraHosts ?? [],
    hostAddress: host?.hostAddress,
  });
  const resolver = isResolved
    ? { content: resolverFile(record), forwardsDns: false }
    : resolvConf({
        host: hostFile('/etc/resolv.conf'),
        dns: HostConfig.Dns,
        search: HostConfig.DnsSearch,
        options: HostConfig.DnsOptions,
        forward: host?.subnet.forward,
        hasIpv6: ipv6,
        sharesHost: host === undefined,
      });
  const files = place(ctx, record, { hosts, hostname: hostnameFile(Config.Hostname), 'resolv.conf': resolver.content });
  return { files, forwardsDns: resolver.forwardsDns };
}

/** Has the container ask the resolver of its own from now on. */
export function placeResolver(ctx: Ctx, record: ContainerRecord): void {
  placeFile(ctx, record, ['resolv.conf', resolverFile(record)]);
}

function resolverFile({ HostConfig: { Dns, DnsSearch, DnsOptions } }: ContainerRecord): string {
  const asked = { dns: Dns, search: DnsSearch, options: DnsOptions };
  return resolverConf({ host: hostFile('/etc/resolv.conf'), address: RESOLVER_ADDRESS, ...asked });
}

/** Those of a container in the host's network. */
export function hostFiles(ctx: Ctx, record: ContainerRecord): Files {
  const { Config, HostConfig } = record;
  const resolver = resolvConf({
    host: hostFile('/etc/resolv.conf'),
    dns: HostConfig.Dns,
    search: HostConfig.DnsSearch,
    options: HostConfig.DnsOptions,
    forward: undefined,
    hasIpv6: true,
    sharesHost: true,
  });
  const hosts = sharedHostsFile(hostFile('/etc/hosts'), HostConfig.ExtraHosts ?? []);
  return place(ctx, record, { hosts, hostname: hostnameFile(Config.Hostname), 'resolv.conf': resolver.content });
}

/** Those of who has the network that a container joins: an owner that joined a third one has that one's. */
export function joinedFiles(ctx: Ctx, owner: string): Files {
  const next = joinedContainer(readContainer(ctx, owner)?.record.HostConfig.NetworkMode);
  if (next !== undefined) return joinedFiles(ctx, next);
  const folder = containerDir(ctx, owner);
  const there = (name: string): string | undefined => (existsSync(join(folder, name)) ? join(folder, name) : undefined);
  const [hosts, hostname, resolvConf] = ['hosts', 'hostname', 'resolv.conf'].map(there);
  return { ...(hosts ? { hosts } : {}), ...(hostname ? { hostname } : {}), ...(resolvConf ? { resolvConf } : {}) };
}

/** The container has these addresses, too. */
export function hostsWith(ctx: Ctx, record: ContainerRecord, addresses: readonly string[]): void {
  const { Hostname, Domainname } = record.Config;
  const names = Domainname ? `${Hostname}.${Domainname} ${Hostname}` : Hostname;
  const path = join(containerDir(ctx, record.Id), 'hosts');
  placeFile(ctx, record, ['hosts', hostFile(path) + addresses.map((address) => `${address}\t${names}\n`).join('')]);
}

/** It has them no more. What else was written into the file stays. */
export function hostsWithout(ctx: Ctx, record: ContainerRecord, addresses: readonly string[]): void {
  const lines = hostFile(join(containerDir(ctx, record.Id), 'hosts')).split('\n');
  placeFile(ctx, record, ['hosts', lines.filter((line) => !addresses.includes(line.split('\t')[0] ?? '')).join('\n')]);
}

export type OwnFile = 'hosts' | 'hostname' | 'resolv.conf';

/** Writes one of them; returns its path. */
export function placeFile(ctx: Ctx, { Id }: Pick<ContainerRecord, 'Id'>, [name, content]: readonly [OwnFile, string]): string {
  const path = join(containerDir(ctx, Id), name);
  writeFileSync(path, content);
  // Whatever the umask: the container's users read them.
  chmodSync(path, 0o644);
  return path;
}

function place(ctx: Ctx, record: ContainerRecord, contents: Record<OwnFile, string>): Files {
  const at = (name: OwnFile): string => placeFile(ctx, record, [name, contents[name]]);
  return { hosts: at('hosts'), hostname: at('hostname'), resolvConf: at('resolv.conf') };
}

/** A file of the host's; '' where it cannot be read. */
export function hostFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
