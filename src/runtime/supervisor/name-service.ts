// The resolver (and with it the outbound policy) of one container, started when it is first needed: by --egress, by the first network of the user's.
// From then on the container's resolv.conf names it alone, so it stays until the end.
import { join } from 'node:path';
import { containerDir } from '../../storage/layout.ts';
import type { ContainerRecord } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import type { Names } from '../network/names.ts';
import type { Netns } from '../network/netns.ts';
import { hostFile, placeResolver } from './network-files.ts';

export interface NameServiceSite {
  netns: Netns;
  onSpawn: (pid: number) => void;
  /** The user's networks that the container is on, by name. */
  networks: () => readonly string[];
  hasWayOut: () => boolean;
}

export interface NameService {
  /** Resolves when names are answered, of the networks of this moment. Throws ERR_RESOLVER, ERR_NO_NFT, ERR_EGRESS_RULES (125). */
  start(): Promise<void>;
  /** The networks are others now. */
  changed(): void;
  isOn(): boolean;
  settled(): Promise<void>;
  stop(): void;
}

export function createNameService(ctx: Ctx, record: ContainerRecord, site: NameServiceSite): NameService {
  const { netns, networks, hasWayOut, onSpawn } = site;
  let starting: Promise<void> | undefined;
  let names: Names | undefined;
  let isStopped = false;
  const begin = async (): Promise<void> => {
    const [{ serveNames }] = await Promise.all([import('../network/names.ts'), netns.made]);
    const hosts = hostFile(join(containerDir(ctx, record.Id), 'hosts'));
    names = await serveNames(ctx, record, { netns: netns.lastingPath, networks: networks(), hosts, hasWayOut, onSpawn });
    if (isStopped) names.stop();
    placeResolver(ctx, record);
  };
  return {
    start: () => {
      starting ??= begin().catch((error: unknown) => {
        starting = undefined;
        throw error;
      });
      return starting;
    },
    changed: () => names?.setNetworks(networks()),
    isOn: () => names !== undefined,
    settled: async () => names?.settled(),
    stop: () => {
      isStopped = true;
      names?.stop();
    },
  };
}
