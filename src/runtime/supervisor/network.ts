// The container's network as its supervisor sees it: a namespace and a pasta of its own (`bridge`), loopback alone (`none`), the
// host's, or another container's, with the names and files of that one. Everything that can be known without pasta (addresses, files) is there at once; `ready` is pasta's word.
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readContainer } from '../../storage/container.ts';
import { containerDir } from '../../storage/layout.ts';
import type { ContainerRecord, ContainerState, PortBinding } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { drain } from '../network/drain.ts';
import { type HostNetwork, hostNetwork, SUBNET6 } from '../network/host.ts';
import { hostnameFile, hostsFile, sharedHostsFile } from '../network/hosts-file.ts';
import type { Names } from '../network/names.ts';
import { createNetns, netnsPath } from '../network/netns.ts';
import { type PastaHandle, startPasta } from '../network/pasta.ts';
import { assertPortsFree } from '../network/port-check.ts';
import { publishingContainer } from '../network/port-owner.ts';
import { fallbackNotes, publishedPorts, resolveBindings } from '../network/ports.ts';
import { resolvConf } from '../network/resolv-conf.ts';
import { RESOLVER_ADDRESS, type ResolverConfInput, resolverConf } from '../network/resolver/conf.ts';
import type { SpecInput } from '../spec/build.ts';
import { joinedContainer } from '../spec/namespaces.ts';
import { joinNetwork } from './joining.ts';

export interface ContainerNetwork {
  /** For the runtime's configuration. */
  spec: SpecInput['network'];
  files: SpecInput['files'];
  /** Resolves when the namespace that `spec` names is there; the runtime must not join it before. */
  made: Promise<void>;
  /** Resolves when addresses and ports are up; the container's program must not run before. */
  ready: Promise<void>;
  isUp(): boolean;
  /** As bound; valid once ready. */
  ports(): Record<string, PortBinding[]>;
  /** Valid once ready. */
  settings(): ContainerState['Network'];
  /** Resolves when what the ended container had sent is delivered, or soon. */
  drained(): Promise<void>;
  /** Ends pasta, which takes a moment that need not be waited for later. */
  close(): void;
}

export interface NetworkSite {
  scratch: string;
  onSpawn: (pid: number) => void;
  /** Told of each pasta as well. */
  onPasta?: (pid: number) => void;
  /** The host's procfs. */
  hostProc: string;
  /** The user namespace that a network namespace is to belong to; default ours. */
  userns?: string;
}

const NOTHING: ContainerState['Network'] = { IPAddress: '', IPPrefixLen: 0, Gateway: '', MacAddress: '', IPv6Address: '', SandboxKey: '' };

/** Opens the network that the record asks for. Throws ERR_NETWORK_MODE and what the user asked for wrongly. */
export function openNetwork(ctx: Ctx, record: ContainerRecord, site: NetworkSite): ContainerNetwork {
  const mode = record.HostConfig.NetworkMode;
  if (mode === 'bridge' || mode === 'default') return openOwn(ctx, record, site);
  const owner = joinedContainer(mode);
  if (owner !== undefined) return openJoined(ctx, owner, site);
  if (mode !== 'none' && mode !== 'host') {
    throw new EngineError('ERR_NETWORK_MODE', `Network "${mode}" not found`, {
      hint: 'Use bridge, host, none or container:NAME',
      exitCode: 125,
    });
  }
  const files = mode === 'host' ? hostFiles(ctx, record) : ownFiles(ctx, record, { addresses: [], host: undefined }).files;
  return {
    spec: mode === 'host' ? 'host' : {},
    files,
    made: Promise.resolve(),
    ready: Promise.resolve(),
    isUp: () => true,
    ports: () => ({}),
    settings: () => NOTHING,
    drained: () => Promise.resolve(),
    close: () => undefined,
  };
}

// Looked up at each start, as the owner may have been started again; the first time now, so that a failure comes before anything is made.
function openJoined(ctx: Ctx, owner: string, { hostProc }: NetworkSite): ContainerNetwork {
  const look = (): SpecInput['network'] => {
    const shared = joinNetwork(ctx, owner, { hostProc });
    return shared === 'ours' ? 'host' : { netns: shared.path, isOthers: true };
  };
  look();
  return {
    get spec() {
      return look();
    },
    files: joinedFiles(ctx, owner),
    made: Promise.resolve(),
    ready: Promise.resolve(),
    isUp: () => true,
    ports: () => ({}),
    settings: () => NOTHING,
    drained: () => Promise.resolve(),
    close: () => undefined,
  };
}

// Those of who has the network: an owner that joined a third one has that one's.
function joinedFiles(ctx: Ctx, owner: string): SpecInput['files'] {
  const next = joinedContainer(readContainer(ctx, owner)?.record.HostConfig.NetworkMode);
  if (next !== undefined) return joinedFiles(ctx, next);
  const folder = containerDir(ctx, owner);
  const there = (name: string): string | undefined => (existsSync(join(folder, name)) ? join(folder, name) : undefined);
  const [hosts, hostname, resolvConf] = ['hosts', 'hostname', 'resolv.conf'].map(there);
  return { ...(hosts ? { hosts } : {}), ...(hostname ? { hostname } : {}), ...(resolvConf ? { resolvConf } : {}) };
}

function openOwn(ctx: Ctx, record: ContainerRecord, { scratch, onSpawn, onPasta, userns }: NetworkSite): ContainerNetwork {
  const { HostConfig, Config } = record;
  const host = hostNetwork();
  const ports = resolveBindings({
    portBindings: HostConfig.PortBindings,
    publishAll: HostConfig.PublishAllPorts,
    exposed: Config.ExposedPorts ?? {},
    fallback: record.Extras?.PublishFallback ?? false,
  });
  assertPortsFree(ports, { endpoint: record.Name, containerAt: (spec) => publishingContainer(ctx, spec) });
  const ipv6 = wantsIpv6(ctx, host, ports);
  const netns = createNetns(netnsPath(ctx.env, record.Id, scratch), { env: ctx.env, onSpawn, ipv6, ...(userns ? { userns } : {}) });
  const expected = ipv6 && host.ipv6Interface ? [host.subnet.address, SUBNET6.address] : [host.subnet.address];
  const { files, forwardsDns } = ownFiles(ctx, record, { addresses: expected, host });
  let pasta: PastaHandle | undefined;
  let names: Names | undefined;
  const onPastaSpawn = (pid: number): void => {
    onSpawn(pid);
    onPasta?.(pid);
  };
  const mac = record.Endpoints?.bridge?.MacAddress;
  const options = { netns, ports, ipv6, forwardsDns, env: ctx.env, endpoint: record.Name, host, mac };
  const named = netns.made.then(async () => {
    if (!HostConfig.Egress) return;
    const { serveNames } = await import('../network/names.ts');
    const hosts = hostFile(join(containerDir(ctx, record.Id), 'hosts'));
    names = await serveNames(ctx, record, { netns: netns.lastingPath, networks: [], hosts, onSpawn });
  });
  const linked = startPasta({ ...options, onSpawn: onPastaSpawn }).then((started) => {
    pasta = started;
    for (const line of fallbackNotes(started.ports)) ctx.warn(line);
    const addresses = started.ipv6 ? [started.address, started.ipv6.address] : [started.address];
    if (addresses.length !== expected.length) ownFiles(ctx, record, { addresses, host });
  });
  const ready = Promise.all([linked, named]).then(() => undefined);
  // Awaited later: until then a failure is nobody's unhandled rejection.
  ready.catch(() => undefined);
  netns.made.catch(() => undefined);
  return {
    spec: { netns: netns.lastingPath },
    files,
    made: netns.made,
    ready,
    isUp: () => pasta !== undefined && (names !== undefined || !HostConfig.Egress),
    ports: () => publishedPorts(pasta?.ports ?? [], { ipv6: pasta?.ipv6 !== undefined }),
    settings: () => ({
      IPAddress: pasta?.address ?? '',
      IPPrefixLen: pasta?.prefix ?? 0,
      Gateway: pasta?.gateway ?? '',
      MacAddress: pasta?.mac ?? '',
      IPv6Address: pasta?.ipv6?.address ?? '',
      SandboxKey: netns.path,
    }),
    drained: async () => void (await Promise.all([drain(netns.sockets), names?.settled()])),
    close: () => {
      names?.stop();
      pasta?.stop();
    },
  };
}

// Docker's default network has no IPv6, and a pasta that speaks it takes 10 MB more: it is there where clients may come by it (published
// ports), where nothing else leads out, and where SKIFF_IPV6=1 asks for it.
function wantsIpv6(ctx: Ctx, host: HostNetwork, ports: readonly unknown[]): boolean {
  return ports.length > 0 || host.hostAddress === undefined || ctx.env.SKIFF_IPV6 === '1';
}

interface OwnAddresses {
  addresses: readonly string[];
  host: HostNetwork | undefined;
}

function ownFiles(
  ctx: Ctx,
  record: ContainerRecord,
  { addresses, host }: OwnAddresses,
): { files: SpecInput['files']; forwardsDns: boolean } {
  const { Config, HostConfig } = record;
  const hosts = hostsFile({
    hostname: Config.Hostname,
    domainname: Config.Domainname,
    addresses,
    extraHosts: HostConfig.ExtraHosts ?? [],
    hostAddress: host?.hostAddress,
  });
  const asked = { host: hostFile('/etc/resolv.conf'), dns: HostConfig.Dns, search: HostConfig.DnsSearch, options: HostConfig.DnsOptions };
  const resolver = HostConfig.Egress
    ? ownResolver(asked)
    : resolvConf({
        ...asked,
        forward: host?.subnet.forward,
        hasIpv6: addresses.length > 1,
        sharesHost: host === undefined,
      });
  const files = place(ctx, record, { hosts, hostname: hostnameFile(Config.Hostname), 'resolv.conf': resolver.content });
  return { files, forwardsDns: resolver.forwardsDns };
}

// What the resolver's answers open is all that a policy knows of names, so its container asks nobody else.
function ownResolver(asked: Omit<ResolverConfInput, 'address'>): { content: string; forwardsDns: boolean } {
  return { content: resolverConf({ ...asked, address: RESOLVER_ADDRESS }), forwardsDns: false };
}

function hostFiles(ctx: Ctx, record: ContainerRecord): SpecInput['files'] {
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

// Written in place: they are bind-mounted into the container, which would go on seeing a replaced file's old inode.
function place(ctx: Ctx, record: ContainerRecord, contents: Record<'hosts' | 'hostname' | 'resolv.conf', string>): SpecInput['files'] {
  const folder = containerDir(ctx, record.Id);
  const at = (name: keyof typeof contents): string => {
    const path = join(folder, name);
    writeFileSync(path, contents[name]);
    // Whatever the umask: the container's users read them.
    chmodSync(path, 0o644);
    return path;
  };
  return { hosts: at('hosts'), hostname: at('hostname'), resolvConf: at('resolv.conf') };
}

function hostFile(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
