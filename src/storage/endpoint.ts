// A container's endpoints: its places on networks. Records of containers on one of the networks that are always there have none of their own: what
// those say is in `HostConfig.NetworkMode`. Where there are some, they alone count, since `network connect` and `disconnect` leave the mode as it was.
import { networkId } from './network-id.ts';
import type { EndpointSettings } from './network-records.ts';
import type { ContainerRecord } from './records.ts';

type Networked = Pick<ContainerRecord, 'Endpoints'> & { HostConfig: Pick<ContainerRecord['HostConfig'], 'NetworkMode'> };

/** By network name. A container in another container's network has none. */
export function endpointsOf({ Endpoints, HostConfig: { NetworkMode } }: Networked): Record<string, EndpointSettings> {
  if (Endpoints) return Endpoints;
  if (NetworkMode.startsWith('container:')) return {};
  const name = NetworkMode === 'default' ? 'bridge' : NetworkMode;
  return { [name]: { NetworkID: networkId(name), Aliases: [] } };
}

/** The names that a container answers to on a user-defined network: Docker's order, none twice. */
export function dnsNames(
  { Id, Name, Config: { Hostname } }: Pick<ContainerRecord, 'Id' | 'Name' | 'Config'>,
  { Aliases }: Pick<EndpointSettings, 'Aliases'>,
): string[] {
  return [...new Set([Name, ...Aliases, Id.slice(0, 12), ...(Hostname ? [Hostname] : [])])];
}
