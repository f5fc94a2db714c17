// Names and the outbound policy of a container with a network of its own: the rules first, then the resolver that fills them, both before
// the container's program runs. A chunk of its own: a container on the default network without a policy needs neither.
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { startAside } from './resolver/aside.ts';

export interface NamesSite {
  /** A file of the container's network namespace, which is there by now. */
  netns: string;
  /** Joined user networks, by name. */
  networks: readonly string[];
  /** Whether anybody outside may be asked; `internal` networks alone lead nowhere. Default: always. */
  hasWayOut?: () => boolean;
  /** The text of the container's /etc/hosts. */
  hosts: string;
  onSpawn?: (pid: number) => void;
}

export interface Names {
  /** After a connect or a disconnect. */
  setNetworks(networks: readonly string[]): void;
  /** Resolves when all that was denied is recorded. */
  settled(): Promise<void>;
  stop(): void;
}

/** Resolves when names are answered and the policy holds. Throws ERR_RESOLVER, ERR_NO_NFT, ERR_EGRESS_RULES (125). */
export async function serveNames(ctx: Ctx, record: ContainerRecord, site: NamesSite): Promise<Names> {
  const { Egress, Dns } = record.HostConfig;
  const { netns, networks, hasWayOut = () => true, hosts, onSpawn } = site;
  const nftSite = { netns, env: ctx.env, onSpawn };
  const enforced = Egress && (await (await import('./egress/enforce.ts')).enforceEgress(ctx, record, { ...nftSite, texts: Egress, hosts }));
  const options = { ctx, containerId: record.Id, netns, networks, dns: Dns, hasWayOut };
  const { setNetworks, stop, thread } = await startAside(record, nftSite, enforced ? { ...options, policy: enforced.policy } : options);
  if (!enforced) return { setNetworks, stop, settled: () => Promise.resolve() };
  const denials = enforced.watch(thread);
  return {
    setNetworks,
    settled: denials.settled,
    stop() {
      denials.stop();
      stop();
    },
  };
}
