// A container that starts on networks of the user's (and perhaps on the default one as well): a namespace of its own, an interface for each network,
// and beside them the way out, unless all of them are internal. Loaded for such containers alone.
import { endpointsOf } from '../../storage/endpoint.ts';
import { noSuchNetwork, readNetwork, takenSubnets } from '../../storage/network.ts';
import type { EndpointSettings } from '../../storage/network-records.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { drain } from '../network/drain.ts';
import { hostBinding } from '../network/host-binding.ts';
import { createNetns, netnsPath } from '../network/netns.ts';
import { createNameService, type NameService } from './name-service.ts';
import { type ContainerNetwork, type NetworkSite, settingsOf, wayOutSite } from './network.ts';
import { ownFiles } from './network-files.ts';
import { createNetworks, type Networks } from './networks.ts';
import { createWayOut, expectedAddresses, planWayOut } from './way-out.ts';

const DEFAULT = 'bridge';

/** Throws ERR_NO_SUCH_NETWORK, ERR_ADDRESS_…, ERR_PORT_… (125) before anything is made. */
export function openUserNetworks(ctx: Ctx, record: ContainerRecord, site: NetworkSite): ContainerNetwork {
  const wanted = wantedNetworks(record);
  const found = wanted.map(([name]) => {
    const network = readNetwork(ctx, name);
    if (!network) throw noSuchNetwork(name, 125);
    return network;
  });
  const leadsOut = found.some(({ Internal }) => !Internal);
  const ipv6 = found.some(({ EnableIPv6 }) => EnableIPv6);
  const plan = planWayOut(ctx, record, {
    avoid: takenSubnets(ctx),
    ipv6,
    isOpen: leadsOut,
    hostIp: hostBinding(found, Object.fromEntries(wanted)),
  });
  if (!leadsOut && plan.ports.length > 0) {
    ctx.warn(`No port is published: the network ${found.map(({ Name }) => `"${Name}"`).join(' and ')} is internal`);
  }
  const { scratch, onSpawn, userns } = site;
  const netns = createNetns(netnsPath(ctx.env, record.Id, scratch), {
    env: ctx.env,
    onSpawn,
    ipv6: plan.ipv6,
    ...(userns ? { userns } : {}),
  });
  netns.made.catch(() => undefined);
  const wayOut = createWayOut(ctx, record, { plan, site: wayOutSite(site, netns, false) });
  const onBridge = wanted.some(([name]) => name === DEFAULT);
  const bridgeFirst = wanted[0]?.[0] === DEFAULT;
  const names: NameService = createNameService(ctx, record, {
    netns,
    onSpawn,
    networks: () => networks.userNetworks(),
    hasWayOut: () => networks.leadsOut(),
  });
  const networks: Networks = createNetworks(ctx, { site, netns, wayOut, names, onBridge, bridgeFirst });
  for (const [name, endpoint] of wanted) if (name !== DEFAULT) networks.reserve(name, endpoint);
  const { files } = ownFiles(ctx, record, {
    addresses: [...(onBridge ? expectedAddresses(plan) : []), ...networks.addresses()],
    host: leadsOut ? plan.host : undefined,
    ipv6: false,
    isResolved: true,
  });
  let isUp = false;
  const ready = networks.begin().then(() => {
    isUp = true;
  });
  ready.catch(() => undefined);
  return {
    spec: { netns: netns.lastingPath },
    files,
    made: netns.made,
    ready,
    isUp: () => isUp,
    ports: wayOut.ports,
    settings: () => settingsOf(networks.isOnBridge() ? wayOut : undefined, netns),
    networks: networks.states,
    connect: networks.connect,
    disconnect: networks.disconnect,
    announce: networks.announce,
    withdraw: networks.withdraw,
    drained: async () => void (await Promise.all([drain(netns.sockets), names.settled()])),
    close: () => {
      names.stop();
      wayOut.close();
      networks.close();
    },
  };
}

// The mode's first: its interface is eth0.
function wantedNetworks(record: ContainerRecord): [string, EndpointSettings][] {
  const mode = record.HostConfig.NetworkMode === 'default' ? DEFAULT : record.HostConfig.NetworkMode;
  const all = Object.entries(endpointsOf(record));
  return [...all.filter(([name]) => name === mode), ...all.filter(([name]) => name !== mode)];
}
