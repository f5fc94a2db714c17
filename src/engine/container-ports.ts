// What `port` shows: the published ports of a running container.
import { findContainer } from '../storage/container.ts';
import type { PortBinding } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';

export interface PublishedPort {
  /** `80/tcp`. */
  port: string;
  bindings: PortBinding[];
}

/** All published ports, or those of `wanted` (`80`, `80/udp`). Throws ERR_NO_SUCH_CONTAINER, ERR_PORT in Docker's words. */
export function containerPorts(ctx: Ctx, name: string, wanted?: string): PublishedPort[] {
  const { state } = findContainer(ctx, name);
  const all = Object.entries(state.Ports).map(([port, bindings]) => ({ port, bindings }));
  if (wanted === undefined) return all.filter(({ bindings }) => bindings.length > 0).sort(byPort);
  const [number = '', protocol = 'tcp'] = wanted.split('/');
  if (!/^\d+$/.test(number) || Number(number) > 65_535)
    throw new EngineError('ERR_PORT', `Invalid port (${number}): it must be a number up to 65535`);
  const found = all.find(({ port }) => port === `${number}/${protocol}`);
  if (found && found.bindings.length > 0) return [found];
  throw new EngineError('ERR_PORT', `No public port '${wanted}' published for ${name}`);
}

function byPort(left: PublishedPort, right: PublishedPort): number {
  return Number.parseInt(left.port, 10) - Number.parseInt(right.port, 10) || (left.port < right.port ? -1 : 1);
}
