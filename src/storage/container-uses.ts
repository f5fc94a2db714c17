// What Docker records of the networks and volumes that a container uses: connected and mounted before it starts, disconnected and
// unmounted after it has died.
import type { Ctx } from '../sys/context.ts';
import type { ContainerView } from './container.ts';
import { endpointsOf } from './endpoint.ts';
import { recordEvent } from './events.ts';
import type { ContainerRecord } from './records.ts';

type HasPaths = Pick<Ctx, 'paths'>;

/** Docker's drivers of the networks that are always there; every other network is a bridge. */
const DRIVERS: Readonly<Record<string, string>> = { none: 'null', host: 'host' };

/** The id of something that a container's run brings up: 64 hex digits, others with each start. */
export function runId({ record, state }: ContainerView, what: 'endpoint' | 'sandbox'): string {
  return new Bun.CryptoHasher('sha256').update(`${what} ${record.Id} ${state.StartedAt}`).digest('hex');
}

/** Records that the container's volumes are mounted and its networks are connected. Never throws. */
export function recordUsesBegin(ctx: HasPaths, record: ContainerRecord): void {
  for (const { Name = '', Driver = 'local', Destination, RW, Propagation } of volumesOf(record)) {
    const Attributes = {
      driver: Driver,
      container: record.Id,
      destination: Destination,
      'read/write': String(RW),
      propagation: Propagation,
    };
    recordEvent(ctx, { Type: 'volume', Action: 'mount', Actor: { ID: Name, Attributes } });
  }
  recordNetworks(ctx, record, 'connect');
}

/** Records that the container uses its networks and its volumes no more. Never throws. */
export function recordUsesEnd(ctx: HasPaths, record: ContainerRecord): void {
  recordNetworks(ctx, record, 'disconnect');
  for (const { Name = '', Driver = 'local' } of volumesOf(record)) {
    recordEvent(ctx, { Type: 'volume', Action: 'unmount', Actor: { ID: Name, Attributes: { driver: Driver, container: record.Id } } });
  }
}

const volumesOf = ({ Mounts }: ContainerRecord) => Mounts.filter(({ Type }) => Type === 'volume');

/** Records that a container is on a network, or no more. Never throws. */
export function recordNetworkUse(
  ctx: HasPaths,
  { container, name, id }: { container: string; name: string; id: string },
  Action: 'connect' | 'disconnect',
): void {
  recordEvent(ctx, { Type: 'network', Action, Actor: { ID: id, Attributes: { container, name, type: DRIVERS[name] ?? 'bridge' } } });
}

// Another container's network is connected by that one.
function recordNetworks(ctx: HasPaths, record: ContainerRecord, action: 'connect' | 'disconnect'): void {
  for (const [name, { NetworkID }] of Object.entries(endpointsOf(record))) {
    recordNetworkUse(ctx, { container: record.Id, name, id: NetworkID }, action);
  }
}
