// A container that serves names itself binds port 53 on all its addresses, and 127.0.0.11 is one of them. For such a one the resolver listens on
// another port, and the kernel leads there what is for 127.0.0.11:53: what Docker does for every container, at 20 ms each.
import type { ContainerRecord } from '../../../storage/records.ts';
import { hasNft, type NftSite, nft } from '../egress/nft.ts';
import { RESOLVER_ADDRESS } from './conf.ts';
import { DNS_PORT, type Resolver, type ResolverOptions, startResolver } from './start.ts';

/** The resolver on port 53, or aside from it where the container exposes or publishes that port and nft is there. Throws ERR_RESOLVER (125). */
export async function startAside(record: ContainerRecord, site: NftSite, options: ResolverOptions): Promise<Resolver> {
  if (!servesNames(record) || !hasNft(site.env)) return startResolver(options);
  const resolver = await startResolver({ ...options, port: 0 });
  try {
    await nft(redirection(resolver.port), site);
    return resolver;
  } catch {
    // A kernel without NAT: the container's own server may have to do without this address.
    resolver.stop();
    return startResolver(options);
  }
}

function servesNames({ Config, HostConfig }: Pick<ContainerRecord, 'Config' | 'HostConfig'>): boolean {
  return [...Object.keys(Config.ExposedPorts ?? {}), ...Object.keys(HostConfig.PortBindings)].some((port) =>
    port.startsWith(`${DNS_PORT}/`),
  );
}

const redirection = (port: number): string => `table ip skiff_resolver {
chain output {
type nat hook output priority -100; policy accept;
ip daddr ${RESOLVER_ADDRESS} meta l4proto { tcp, udp } th dport ${DNS_PORT} dnat to ${RESOLVER_ADDRESS}:${port}
}
}
`;
