// Where ports of a container go that are published on no address of their own: what its networks' `host_binding_ipv4` says. As with the gateway in
// Docker the network of the highest priority counts, of several the first by name; `internal` ones publish nothing.
import type { EndpointSettings, NetworkRecord } from '../../storage/network-records.ts';

/** An IPv4 address; undefined is all addresses of the host. */
export function hostBinding(
  networks: readonly Pick<NetworkRecord, 'Name' | 'Internal' | 'Options'>[],
  endpoints: Readonly<Record<string, Pick<EndpointSettings, 'GwPriority'>>>,
): string | undefined {
  const priority = (name: string): number => endpoints[name]?.GwPriority ?? 0;
  const [first] = networks
    .filter(({ Internal }) => !Internal)
    .toSorted((a, b) => priority(b.Name) - priority(a.Name) || (a.Name < b.Name ? -1 : 1));
  return first?.Options['com.docker.network.bridge.host_binding_ipv4'];
}
