// The container's network as its supervisor sees it: a namespace and a pasta of its own (`bridge`), networks of the user's (user-networks.ts),
// loopback alone (`none`), the host's, or another container's, with the names and files of that one. Everything that can be known
// without pasta (addresses, files) is there at once; `ready` is pasta's word.
import { join } from 'node:path';
import { endpointsOf } from '../../storage/endpoint.ts';
import type { EndpointSettings } from '../../storage/network-records.ts';
import type { ContainerRecord, ContainerState, PortBinding } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { drain } from '../network/drain.ts';
import { createNetns, type Netns, netnsPath } from '../network/netns.ts';
import type { SpecInput } from '../spec/build.ts';
import { joinedContainer } from '../spec/namespaces.ts';
import { followHost } from './follow-host.ts';
import { joinNetwork } from './joining.ts';
import { createNameService } from './name-service.ts';
import { hostFiles, joinedFiles, type OwnAddresses, ownFiles } from './network-files.ts';
import type { Networks } from './networks.ts';
import { createWayOut, expectedAddresses, planWayOut, type WayOut, type WayOutSite } from './way-out.ts';

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
  /** The networks that it is on, where it is or was on any of the user's; valid once ready. */
  networks(): ContainerState['Networks'];
  /** While it runs. Throws ERR_NETWORK_MODE where it has no networks of its own, and what joining throws. */
  connect(name: string, endpoint: EndpointSettings): Promise<void>;
  disconnect(name: string): Promise<void>;
  /** The container's program is about to run, or it has another name: others find it by its names. */
  announce(): void;
  /** Its program has ended: nobody is led to it. */
  withdraw(): void;
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
  /** Told when a pasta that died runs again. */
  onRestart: () => void;
  /** The host's procfs. */
  hostProc: string;
  /** The container's record as it is by now. */
  current: () => ContainerRecord;
  /** The user namespace that a network namespace is to belong to; default ours. */
  userns?: string;
}

const NOTHING: ContainerState['Network'] = { IPAddress: '', IPPrefixLen: 0, Gateway: '', MacAddress: '', IPv6Address: '', SandboxKey: '' };

/** Opens the network that the record asks for. Throws ERR_NO_SUCH_NETWORK and what the user asked for wrongly. */
export async function openNetwork(ctx: Ctx, record: ContainerRecord, site: NetworkSite): Promise<ContainerNetwork> {
  const mode = record.HostConfig.NetworkMode;
  const owner = joinedContainer(mode);
  if (owner !== undefined) return openJoined(ctx, owner, site);
  const names = Object.keys(endpointsOf(record));
  const shared = names.find((name) => name === 'none' || name === 'host');
  if (shared) {
    const files = shared === 'host' ? hostFiles(ctx, record) : ownFiles(ctx, record, UNLINKED).files;
    return { spec: shared === 'host' ? 'host' : {}, files, ...unconnected(shared) };
  }
  if (names.length === 1 && names[0] === 'bridge') return openDefault(ctx, record, site);
  return (await import('./user-networks.ts')).openUserNetworks(ctx, record, site);
}

const UNLINKED: OwnAddresses = { addresses: [], host: undefined, ipv6: false, isResolved: false };

type Unconnected = Omit<ContainerNetwork, 'spec' | 'files'>;

function unconnected(mode: string): Unconnected {
  const refuse = (): Promise<never> => {
    throw new EngineError('ERR_NETWORK_MODE', `A container with --network ${mode} cannot be on other networks`, {
      hint: 'Make it anew on a network of its own',
    });
  };
  return {
    made: Promise.resolve(),
    ready: Promise.resolve(),
    isUp: () => true,
    ports: () => ({}),
    settings: () => NOTHING,
    networks: () => undefined,
    connect: refuse,
    disconnect: refuse,
    announce: () => undefined,
    withdraw: () => undefined,
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
    ...unconnected(`container:${owner.slice(0, 12)}`),
  };
}

const DEFAULT_INTERFACE = 'eth0';

// On the bridge of all such containers, where there is one; else alone with its pasta.
async function openDefault(ctx: Ctx, record: ContainerRecord, site: NetworkSite): Promise<ContainerNetwork> {
  const { scratch, onSpawn, userns } = site;
  const isResolved = record.HostConfig.Egress !== undefined;
  const sharing = isResolved || ctx.env.SKIFF_NETWORK_STEP === 'own' ? undefined : await import('./shared-way-out.ts');
  const shared = sharing?.planShared(ctx, record);
  const plan = shared?.wayOut ?? planWayOut(ctx, record);
  const { host, ipv6 } = plan;
  // pasta's profiles bind it to a folder; the bridge's do not.
  const path = shared?.sharesUplink ? join(scratch, 'netns') : netnsPath(ctx.env, record.Id, scratch);
  const netns = createNetns(path, { env: ctx.env, onSpawn, ipv6, ...(userns ? { userns } : shared ? { lines: shared.lines } : {}) });
  const own = expectedAddresses(plan);
  const expected = shared ? [shared.addresses.IPv4, ...own.slice(1)] : own;
  const { files, forwardsDns } = ownFiles(ctx, record, { addresses: expected, host, ipv6: expected.length > 1, isResolved });
  const outSite = wayOutSite(site, netns, forwardsDns);
  const sharedOut =
    shared &&
    sharing?.createSharedWayOut(ctx, record, { shared, site: { ...outSite, isBare: userns !== undefined, current: site.current } });
  const wayOut = sharedOut ?? createWayOut(ctx, record, { plan, site: outSite });
  const open = wayOut.open(DEFAULT_INTERFACE).then(() => {
    const addresses = addressesOf(wayOut);
    if (addresses.length !== expected.length) ownFiles(ctx, record, { addresses, host, ipv6: addresses.length > 1, isResolved });
  });
  let networks: Networks | undefined;
  const names = createNameService(ctx, record, {
    netns,
    onSpawn,
    networks: () => networks?.userNetworks() ?? [],
    hasWayOut: () => networks?.leadsOut() ?? true,
  });
  let unfollow: () => void = () => undefined;
  const ready = Promise.all([open, isResolved ? names.start() : undefined]).then(() => {
    if (!isResolved) unfollow = followHost(ctx, record, { host, forwardsDns, hasIpv6: addressesOf(wayOut).length > 1, names });
  });
  // Awaited later: until then a failure is nobody's unhandled rejection.
  ready.catch(() => undefined);
  netns.made.catch(() => undefined);
  // What is needed only once it is connected to a network of the user's.
  let loading: Promise<Networks> | undefined;
  let isRunning = false;
  const load = async (): Promise<Networks> => {
    loading ??= import('./networks.ts').then(({ createNetworks }) =>
      createNetworks(ctx, { site, netns, wayOut, names, onBridge: true, bridgeFirst: true }),
    );
    networks = await loading;
    // Before it was loaded nobody could be told that the container runs.
    if (isRunning) networks.announce();
    return networks;
  };
  return {
    spec: { netns: netns.lastingPath },
    files,
    made: netns.made,
    ready,
    isUp: () => wayOut.started() !== undefined && (!isResolved || names.isOn()),
    ports: wayOut.ports,
    settings: () => settingsOf(networks === undefined || networks.isOnBridge() ? wayOut : undefined, netns),
    networks: () => networks?.states(),
    connect: async (name, endpoint) => (await load()).connect(name, endpoint),
    disconnect: async (name) => (await load()).disconnect(name),
    announce: () => {
      isRunning = true;
      sharedOut?.announce();
      networks?.announce();
    },
    withdraw: () => {
      isRunning = false;
      sharedOut?.withdraw();
      networks?.withdraw();
    },
    drained: async () => void (await Promise.all([drain(netns.sockets), names.settled()])),
    close: () => {
      unfollow();
      names.stop();
      if (sharedOut) sharedOut.end();
      else wayOut.close();
      networks?.close();
    },
  };
}

/** What Docker shows beside the networks: the addresses on the default one. */
export function settingsOf(wayOut: WayOut | undefined, netns: Netns): ContainerState['Network'] {
  const pasta = wayOut?.started();
  return {
    IPAddress: pasta?.address ?? '',
    IPPrefixLen: pasta?.prefix ?? 0,
    Gateway: pasta?.gateway ?? '',
    MacAddress: pasta?.mac ?? '',
    IPv6Address: pasta?.ipv6?.address ?? '',
    SandboxKey: netns.path,
  };
}

export function wayOutSite({ onSpawn, onPasta, onRestart }: NetworkSite, netns: Netns, forwardsDns: boolean): WayOutSite {
  const spawned = (pid: number): void => {
    onSpawn(pid);
    onPasta?.(pid);
  };
  return { netns, forwardsDns, onSpawn: spawned, onRestart };
}

function addressesOf(wayOut: WayOut): string[] {
  const pasta = wayOut.started();
  return pasta ? [pasta.address, ...(pasta.ipv6 ? [pasta.ipv6.address] : [])] : [];
}
