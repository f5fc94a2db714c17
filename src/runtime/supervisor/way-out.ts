// A container's own way out of its network namespace, and of its published ports in: a pasta. It may be opened and closed while the container runs,
// as networks that lead out come and go. What the host's network is like, and which ports are meant, is settled before anything is made.
import type { ContainerRecord, PortBinding } from '../../storage/records.ts';
import type { Cidr } from '../../sys/cidr.ts';
import type { Ctx } from '../../sys/context.ts';
import { type HostNetwork, hostNetwork, SUBNET6 } from '../network/host.ts';
import type { Netns } from '../network/netns.ts';
import { type PastaHandle, startPasta } from '../network/pasta.ts';
import { assertPortsFree } from '../network/port-check.ts';
import { publishingContainer } from '../network/port-owner.ts';
import { fallbackNotes, type PortSpec, publishedPorts, resolveBindings } from '../network/ports.ts';

export interface WayOutPlan {
  host: HostNetwork;
  ports: PortSpec[];
  /** IPv6 is wanted; it is given where the host has it. */
  ipv6: boolean;
  /** The interface's hardware address, where one was asked for on the default network. */
  mac?: string | undefined;
}

export interface WayOutSite {
  netns: Netns;
  /** The host's first name server answers at the plan's `host.subnet.forward`. */
  forwardsDns: boolean;
  onSpawn: (pid: number) => void;
  /** Pasta has died and runs again. */
  onRestart: () => void;
}

export interface WayOut {
  plan: WayOutPlan;
  /** Resolves when addresses and ports are up under this name of an interface. Throws what `startPasta` does. */
  open(interfaceName: string): Promise<void>;
  close(): void;
  /** What it is by now; undefined while it is closed. */
  started(): PastaHandle | undefined;
  /** As bound. */
  ports(): Record<string, PortBinding[]>;
}

export interface WayOutWish {
  /** Subnets that its own must not overlap. */
  avoid?: readonly Cidr[];
  ipv6?: boolean;
  /** False: none is to be yet. */
  isOpen?: boolean;
  /** Where ports are published that name no address. */
  hostIp?: string | undefined;
}

/** What the container's way out is to be. Throws ERR_PORT_… (125) for a port that cannot be published. */
export function planWayOut(
  ctx: Ctx,
  record: ContainerRecord,
  { avoid = [], ipv6 = false, isOpen = true, hostIp }: WayOutWish = {},
): WayOutPlan {
  const { HostConfig, Config } = record;
  const host = hostNetwork({ avoid });
  const ports = resolveBindings({
    portBindings: HostConfig.PortBindings,
    publishAll: HostConfig.PublishAllPorts,
    exposed: Config.ExposedPorts ?? {},
    fallback: record.Extras?.PublishFallback ?? false,
    hostIp,
  });
  if (isOpen) assertPortsFree(ports, { endpoint: record.Name, containerAt: (spec) => publishingContainer(ctx, spec) });
  return { host, ports, ipv6: ipv6 || wantsIpv6(ctx, host, ports), mac: record.Endpoints?.bridge?.MacAddress };
}

/** The addresses that it will have, unless pasta can do less. */
export const expectedAddresses = ({ host, ipv6 }: WayOutPlan): string[] =>
  ipv6 && host.ipv6Interface ? [host.subnet.address, SUBNET6.address] : [host.subnet.address];

/** Closed at first. */
export function createWayOut(ctx: Ctx, record: ContainerRecord, { plan, site }: { plan: WayOutPlan; site: WayOutSite }): WayOut {
  let pasta: PastaHandle | undefined;
  let closed: Promise<void> | undefined;
  // What was chosen once stays, however often it is opened.
  let { ports } = plan;
  const { netns, forwardsDns, onSpawn, onRestart } = site;
  return {
    plan,
    open: async (interfaceName) => {
      await closed;
      const options = { netns, ...plan, ports, forwardsDns, env: ctx.env, endpoint: record.Name, interfaceName, onSpawn, onRestart };
      pasta = await startPasta(options);
      for (const line of fallbackNotes(pasta.ports)) ctx.warn(line);
      ports = pasta.ports.map(({ chosenFrom: _, ...settled }) => settled);
    },
    close: () => {
      closed = pasta?.stop();
      pasta = undefined;
    },
    started: () => pasta,
    ports: () => publishedPorts(pasta?.ports ?? [], { ipv6: pasta?.ipv6 !== undefined }),
  };
}

// Docker's default network has no IPv6, and a pasta that speaks it takes 10 MB more: it is there where clients may come by it (published
// ports), where nothing else leads out, and where SKIFF_IPV6=1 asks for it.
function wantsIpv6(ctx: Ctx, host: HostNetwork, ports: readonly unknown[]): boolean {
  return ports.length > 0 || host.hostAddress === undefined || ctx.env.SKIFF_IPV6 === '1';
}
