// The default network where it is a bridge in the shared netns: a container has an interface there, by which it reaches the others, and what leads
// out is the uplink that it shares with them, or, for its published ports, a pasta of its own beside it. Loaded for such containers alone.
import { readNetwork, takenSubnets } from '../../storage/network.ts';
import { takeAddresses } from '../../storage/network-addresses.ts';
import { hideMember, leaveNetworks, removeMember, writeMember } from '../../storage/network-members.ts';
import type { NetworkRecord, TakenAddresses } from '../../storage/network-records.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { randomHex } from '../../sys/random.ts';
import { networkFailure } from '../network/bridge.ts';
import { ipBatch, ipProgram } from '../network/ip-batch.ts';
import type { PastaHandle } from '../network/pasta.ts';
import { loopbackServer, resolvConf } from '../network/resolv-conf.ts';
import { SHARED_NETNS_FD, sharedNetnsPath } from '../network/shared-netns.ts';
import { publishes } from '../network/uplink-hold.ts';
import { BRIDGE_INDEX, MTU, type Uplink, usableUplink } from '../network/uplink-record.ts';
import { useUplink } from '../network/uplink-watch.ts';
import { hostFile } from './network-files.ts';
import { createWayOut, planWayOut, type WayOut, type WayOutPlan, type WayOutSite } from './way-out.ts';

const DEFAULT = 'bridge';
const INTERFACE = 'eth0';
/** The own pasta's interface, beside it. */
const OWN = 'uplink0';

export interface SharedPlan {
  wayOut: WayOutPlan;
  uplink: Uplink;
  network: NetworkRecord;
  addresses: TakenAddresses;
  /** Nothing is published, so the uplink leads out. */
  sharesUplink: boolean;
  /** What makes its interface, in the container's netns. */
  lines: string[];
}

/** The container's place on the bridge, its address reserved; undefined where it has to go without. Throws what `planWayOut` does. */
export function planShared(ctx: Ctx, record: ContainerRecord): SharedPlan | undefined {
  const sharesUplink = !publishes(record);
  const uplink = usableUplink(ctx, `/proc/self/fd/${SHARED_NETNS_FD}`, { bridgeOnly: !sharesUplink });
  const network = uplink && readNetwork(ctx, DEFAULT);
  if (!network || network.IPAM.Config[0]?.Subnet !== uplink.record.subnet) return undefined;
  const plan = planWayOut(ctx, record, { avoid: takenSubnets(ctx) });
  const isCurrent = uplink.record.forwardsTo === loopbackServer(hostFile('/etc/resolv.conf'));
  const forward = isCurrent ? uplink.record.forward : undefined;
  if (sharesUplink && (plan.ipv6 || (forward === undefined && needsForward(record)))) return undefined;
  const host = sharesUplink && forward ? { ...plan.host, subnet: { ...plan.host.subnet, forward } } : plan.host;
  // What a killed predecessor had is given back.
  leaveNetworks(ctx, record.Id);
  const wanted = plan.mac ? { MacAddress: plan.mac } : {};
  const addresses = takeAddresses(ctx, network, { containerId: record.Id, wanted });
  return { wayOut: { ...plan, host }, uplink, network, addresses, sharesUplink, lines: linesOf(addresses, sharesUplink) };
}

// A name server on the host's loopback, for which pasta has to answer.
function needsForward({ HostConfig: { Dns } }: ContainerRecord): boolean {
  const rest = { search: [], options: [], hasIpv6: false };
  return resolvConf({ host: hostFile('/etc/resolv.conf'), dns: Dns, forward: '192.0.2.1', ...rest }).forwardsDns;
}

// Made from within, so that both are there in one go. The name of the other end is nobody's: that of an earlier start may be there for a moment.
function linesOf({ IPv4, IPv4Prefix, Gateway, MacAddress }: TakenAddresses, leadsOut: boolean): string[] {
  const port = `u${randomHex(6)}`;
  return [
    `link add name ${port} netns ${sharedNetnsPath()} mtu ${MTU} master if${BRIDGE_INDEX} up type veth peer name ${INTERFACE} mtu ${MTU} address ${MacAddress}`,
    'link set lo up',
    `link set ${INTERFACE} addrgenmode none`,
    `addr add ${IPv4}/${IPv4Prefix} brd + dev ${INTERFACE}`,
    `link set ${INTERFACE} up`,
    ...(leadsOut ? [`route add default via ${Gateway}`] : []),
  ];
}

export interface SharedWayOut extends WayOut {
  /** Others find it on the network; or no more. */
  announce(): void;
  withdraw(): void;
  /** Gives everything back, with the container's namespace. */
  end(): void;
}

export interface SharedSite extends WayOutSite {
  /** The namespace was made without the lines. */
  isBare: boolean;
  current: () => ContainerRecord;
}

/** Closed at first, though plugged in once the namespace is there. */
export function createSharedWayOut(
  ctx: Ctx,
  record: ContainerRecord,
  { shared, site }: { shared: SharedPlan; site: SharedSite },
): SharedWayOut {
  const { network, addresses, uplink, sharesUplink, wayOut: plan, lines } = shared;
  const { netns, onSpawn, isBare, current } = site;
  const own = createWayOut(ctx, record, { plan, site });
  const endpointId = randomHex(32);
  let isPlugged = false;
  let leave: () => void = () => undefined;
  const inside = ['nsenter', `--net=${netns.lastingPath}`, '--'];

  const plug = async (): Promise<void> => {
    if (sharesUplink) leave = useUplink(ctx, uplink, onSpawn);
    await netns.made;
    const failure = isBare
      ? await ipBatch(
          lines.map((words) => ({ words })),
          { enter: inside, env: ctx.env, onSpawn },
        )
      : undefined;
    if (failure) throw networkFailure(failure, DEFAULT);
    if (!sharesUplink) await own.open(OWN);
    isPlugged = true;
  };

  const give = (): void => {
    leave();
    leave = () => undefined;
    isPlugged = false;
    removeMember(ctx, network, record.Id);
  };

  const handle = (): PastaHandle => ({
    ...{ interfaceName: INTERFACE, address: addresses.IPv4, prefix: addresses.IPv4Prefix, gateway: addresses.Gateway },
    ...{ mac: addresses.MacAddress, ipv6: own.started()?.ipv6, ports: own.started()?.ports ?? [], stop: async () => undefined },
  });

  return {
    plan,
    // Under another name eth0 is another network's: then the way out is its own.
    open: (interfaceName) => (interfaceName === INTERFACE ? plug() : own.open(interfaceName)),
    close: () => {
      own.close();
      if (!isPlugged) return;
      Bun.spawnSync([...inside, ipProgram(ctx.env), 'link', 'del', INTERFACE], { stdio: ['ignore', 'ignore', 'ignore'] });
      give();
    },
    end: () => {
      own.close();
      give();
    },
    started: () => (isPlugged ? handle() : own.started()),
    ports: own.ports,
    announce: () => {
      if (!isPlugged) return;
      const { Id: ContainerId, Name: ContainerName, Config } = current();
      const { IPv4, IPv4Prefix, IPv6, IPv6Prefix, Gateway, MacAddress } = addresses;
      const member = { ContainerId, ContainerName, Hostname: Config.Hostname, EndpointId: endpointId, Interface: INTERFACE };
      const Aliases: string[] = [];
      writeMember(ctx, network, { version: 1, ...member, MacAddress, IPv4, IPv4Prefix, IPv6, IPv6Prefix, Gateway, Aliases });
    },
    withdraw: () => {
      if (isPlugged) hideMember(ctx, network, record.Id);
    },
  };
}
