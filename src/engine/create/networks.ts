// Which networks a container is to be on: what was asked for, looked up in the store, refused in Docker's words before anything is made. Loaded only
// for a container that asks for more than one of the networks that are always there.
import { hostBinding } from '../../runtime/network/host-binding.ts';
import { isPredefined, type NetworkRecord, requireNetwork } from '../../storage/network.ts';
import { checkWanted } from '../../storage/network-addresses.ts';
import { networkId } from '../../storage/network-id.ts';
import type { EndpointSettings } from '../../storage/network-records.ts';
import type { ContainerRecord, HostConfig } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { checkDriverOptions } from '../network-options.ts';
import type { NetworkAttachment } from './network-spec.ts';

export interface ResolvedNetworks extends Pick<HostConfig, 'NetworkMode'>, Pick<ContainerRecord, 'Endpoints'> {
  /** None of them has a way out. */
  isInternal: boolean;
  /** Where ports are published that name no address. */
  hostIp?: string | undefined;
}

/** Throws ERR_BAD_OPTION, ERR_NO_SUCH_NETWORK, ERR_ADDRESS_OUTSIDE, ERR_ADDRESS_IN_USE (125). The first network gives the mode. */
export function resolveNetworks(ctx: Ctx, asked: readonly NetworkAttachment[]): ResolvedNetworks {
  const targets = asked.map((attachment) => ({ ...attachment, target: attachment.target === 'default' ? 'bridge' : attachment.target }));
  const user = targets.filter(({ target }) => isUserDefined(target));
  if (user.length > 0 && user.length < targets.length) {
    throw bad(
      'Conflicting options: cannot attach both user-defined and non-user-defined network-modes',
      'A container on the default network joins others later: skiff network connect NETWORK CONTAINER',
    );
  }
  const [first] = targets;
  if (!first || user.length === 0) return predefinedOnly(targets);
  const records = user.map(({ target }) => requireNetwork(ctx, target, { exitCode: 125 }));
  const Endpoints: Record<string, EndpointSettings> = {};
  for (const [at, attachment] of user.entries()) {
    const record = records[at];
    if (!record) continue;
    if (Object.hasOwn(Endpoints, record.Name)) throw severalTimes(attachment.target);
    Endpoints[record.Name] = endpointOf(record, attachment);
  }
  return {
    NetworkMode: records[0]?.Name ?? first.target,
    Endpoints,
    isInternal: records.every(({ Internal }) => Internal),
    hostIp: hostBinding(records, Endpoints),
  };
}

/** What a container's record says of one network. Throws ERR_ADDRESS_OUTSIDE, ERR_ADDRESS_IN_USE, ERR_BAD_OPTION (125). */
export function endpointOf(network: NetworkRecord, attachment: NetworkAttachment): EndpointSettings {
  const { aliases, ip, ip6, linkLocalIps, mac, driverOpts, gwPriority } = attachment;
  if (isPredefined(network.Name)) refuseOnPredefined(attachment);
  checkWanted(network, { ...(ip ? { IPv4Address: ip } : {}), ...(ip6 ? { IPv6Address: ip6 } : {}) });
  checkDriverOptions(driverOpts);
  const IPAMConfig = {
    ...(ip ? { IPv4Address: ip } : {}),
    ...(ip6 ? { IPv6Address: ip6 } : {}),
    ...(linkLocalIps.length > 0 ? { LinkLocalIPs: linkLocalIps } : {}),
  };
  return {
    NetworkID: network.Id,
    Aliases: [...new Set(aliases)],
    ...(Object.keys(IPAMConfig).length > 0 ? { IPAMConfig } : {}),
    ...(mac ? { MacAddress: mac } : {}),
    ...(Object.keys(driverOpts).length > 0 ? { DriverOpts: driverOpts } : {}),
    ...(gwPriority ? { GwPriority: gwPriority } : {}),
  };
}

function predefinedOnly(targets: readonly NetworkAttachment[]): ResolvedNetworks {
  const [first, second] = targets;
  if (first && second) {
    if (targets.every(({ target }) => target === first.target)) throw severalTimes(first.target);
    throw bad(
      `Conflicting options: a container cannot be on the networks "${first.target}" and "${second.target}"`,
      'host, none and container:NAME stand alone; leave one of the two out',
    );
  }
  if (!first) return { NetworkMode: 'bridge', isInternal: false };
  refuseOnPredefined(first);
  // The only thing that can be chosen on the default network.
  const Endpoints = first.mac ? { [first.target]: { NetworkID: networkId(first.target), Aliases: [], MacAddress: first.mac } } : undefined;
  return { NetworkMode: first.target, isInternal: false, ...(Endpoints ? { Endpoints } : {}) };
}

function refuseOnPredefined({ target, aliases, ip, ip6, linkLocalIps, mac, driverOpts }: NetworkAttachment): void {
  const hint = 'Make a network (skiff network create NAME) and use it: --network NAME';
  if (ip || ip6 || linkLocalIps.length > 0) throw bad('User specified IP address is supported on user defined networks only', hint);
  if (aliases.length > 0) throw bad('Network-scoped alias is supported only for containers in user defined networks', hint);
  if (mac && target !== 'bridge') throw bad(`Conflicting options: mac-address and the network mode "${target}"`, hint);
  const [option] = Object.keys(driverOpts);
  if (option !== undefined) throw bad(`The driver option "${option}" is supported on user defined networks only`, hint);
}

const isUserDefined = (target: string): boolean => !isPredefined(target) && !target.startsWith('container:') && target !== '';

const severalTimes = (target: string): EngineError => bad(`network "${target}" is specified multiple times`, 'Name each network once');

const bad = (message: string, hint: string): EngineError => new EngineError('ERR_BAD_OPTION', message, { hint, exitCode: 125 });
