// The container's network as its supervisor sees it: namespace and pasta for the default network, nothing for `none`, the host's own
// for `host`; and the three files below /etc that tell the container of it. pasta starts while the rootfs is prepared.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { containerDir } from '../../storage/layout.ts';
import type { ContainerRecord, ContainerState, PortBinding } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { hostNetwork, SUBNET6 } from '../network/host.ts';
import { hostnameFile, hostsFile, sharedHostsFile } from '../network/hosts-file.ts';
import { createNetns, netnsPath } from '../network/netns.ts';
import { type PastaHandle, startPasta } from '../network/pasta.ts';
import { assertPortsFree } from '../network/port-check.ts';
import { publishingContainer } from '../network/port-owner.ts';
import { publishedPorts, resolveBindings } from '../network/ports.ts';
import { resolvConf } from '../network/resolv-conf.ts';
import type { SpecInput } from '../spec/build.ts';

export interface ContainerNetwork {
  /** For the runtime's configuration. */
  spec: SpecInput['network'];
  files: SpecInput['files'];
  /** Resolves when addresses and ports are up; the container's program must not run before. */
  ready: Promise<void>;
  /** As published. Valid once ready. */
  readonly ports: Record<string, PortBinding[]>;
  /** Valid once ready. */
  settings(): ContainerState['Network'];
}

const UNCONNECTED = { IPAddress: '', IPPrefixLen: 0, Gateway: '', MacAddress: '', IPv6Address: '', SandboxKey: '' };

/** Begins to set the network up. `onSpawn` is told of each child. Throws what the user asked for wrongly, with 125. */
export function openNetwork(ctx: Ctx, record: ContainerRecord, scratch: string, onSpawn: (pid: number) => void): ContainerNetwork {
  if (record.HostConfig.NetworkMode === 'bridge') return connect(ctx, record, scratch, onSpawn);
  const isHost = record.HostConfig.NetworkMode === 'host';
  return {
    spec: isHost ? 'host' : {},
    files: isHost
      ? shareHostFiles(ctx, record)
      : writeFiles(ctx, record, { hosts: hosts(record, [], undefined), resolv: resolv(record, {}).content }),
    ready: Promise.resolve(),
    ports: {},
    settings: () => UNCONNECTED,
  };
}

function connect(ctx: Ctx, record: ContainerRecord, scratch: string, onSpawn: (pid: number) => void): ContainerNetwork {
  const { env } = ctx;
  const host = hostNetwork();
  const { PortBindings: portBindings, PublishAllPorts: publishAll } = record.HostConfig;
  const ports = resolveBindings({ portBindings, publishAll, exposed: record.Config.ExposedPorts ?? {} });
  assertPortsFree(ports, { endpoint: record.Name, containerAt: (spec) => publishingContainer(ctx, spec) });
  const addresses = [host.subnet.address, ...(host.ipv6Interface ? [SUBNET6.address] : [])];
  const { content, forwardsDns } = resolv(record, { forward: host.subnet.forward, hasIpv6: host.ipv6Interface !== undefined });
  const files = writeFiles(ctx, record, { hosts: hosts(record, addresses, host.hostAddress), resolv: content });
  const netns = createNetns(netnsPath(env, record.Id, scratch), { env, onSpawn });
  let pasta: PastaHandle | undefined;
  const ready = netns.made.then(async () => {
    pasta = await startPasta({ netns, ports, ipv6: true, forwardsDns, env, endpoint: record.Name, host, onSpawn });
  });
  // Waited for later; until then a failure is nobody's unhandled rejection.
  ready.catch(() => undefined);
  return {
    spec: { netns: netns.lastingPath },
    files,
    ready,
    get ports() {
      return pasta ? publishedPorts(pasta.ports, { ipv6: pasta.ipv6 !== undefined }) : {};
    },
    settings: () => (pasta ? settings(pasta) : UNCONNECTED),
  };
}

const settings = ({ address, prefix, gateway, mac, ipv6 }: PastaHandle): ContainerState['Network'] => ({
  IPAddress: address,
  IPPrefixLen: prefix,
  Gateway: gateway,
  MacAddress: mac,
  IPv6Address: ipv6?.address ?? '',
  SandboxKey: '',
});

function hosts({ Config, HostConfig }: ContainerRecord, addresses: string[], hostAddress: string | undefined): string {
  return hostsFile({
    hostname: Config.Hostname,
    domainname: Config.Domainname,
    addresses,
    extraHosts: HostConfig.ExtraHosts ?? [],
    hostAddress,
  });
}

function resolv(
  { HostConfig }: ContainerRecord,
  how: { forward?: string; hasIpv6?: boolean; sharesHost?: boolean },
): ReturnType<typeof resolvConf> {
  return resolvConf({
    host: hostFile('/etc/resolv.conf'),
    dns: HostConfig.Dns,
    search: HostConfig.DnsSearch,
    options: HostConfig.DnsOptions,
    forward: how.forward,
    hasIpv6: how.hasIpv6 ?? false,
    sharesHost: how.sharesHost ?? false,
  });
}

function shareHostFiles(ctx: Ctx, record: ContainerRecord): SpecInput['files'] {
  const { Dns, DnsSearch, DnsOptions, ExtraHosts } = record.HostConfig;
  const isGiven = Dns.length + DnsSearch.length + DnsOptions.length > 0;
  return writeFiles(ctx, record, {
    hosts: sharedHostsFile(hostFile('/etc/hosts'), ExtraHosts ?? []),
    resolv: isGiven ? resolv(record, { sharesHost: true }).content : hostFile('/etc/resolv.conf'),
  });
}

function writeFiles(ctx: Ctx, record: ContainerRecord, content: { hosts: string; resolv: string }): SpecInput['files'] {
  const folder = containerDir(ctx, record.Id);
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    // In place, not by rename: what a crash leaves is written again at the next start.
    writeFileSync(path, text);
    chmodSync(path, 0o644);
    return path;
  };
  return {
    hosts: write('hosts', content.hosts),
    hostname: write('hostname', hostnameFile(record.Config.Hostname)),
    resolvConf: write('resolv.conf', content.resolv),
  };
}

function hostFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
