// What Docker records of the networks and volumes that a container uses: connected and mounted before it starts, disconnected and
// unmounted after it has died. Networks have ids: those that are always there get theirs from their name.
import type { Ctx } from '../sys/context.ts';
import type { ContainerView } from './container.ts';
import { recordEvent } from './events.ts';
import type { ContainerRecord } from './records.ts';

type HasPaths = Pick<Ctx, 'paths'>;

/** Docker's drivers of the networks that are always there; every other network is a bridge. */
const DRIVERS: Readonly<Record<string, string>> = { none: 'null', host: 'host' };

/** The id of the network called `name`: 64 hex digits. */
export function networkId(name: string): string {
  return new Bun.CryptoHasher('sha256').update(`network ${name}`).digest('hex');
}

/** The id of something that a container's run brings up: 64 hex digits, others with each start. */
export function runId({ record, state }: ContainerView, what: 'endpoint' | 'sandbox'): string {
  return new Bun.CryptoHasher('sha256').update(`${what} ${record.Id} ${state.StartedAt}`).digest('hex');
}

/** Records that the container's volumes are mounted and its network is connected. Never throws. */
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
  recordNetwork(ctx, record, 'connect');
}

/** Records that the container uses its network and its volumes no more. Never throws. */
export function recordUsesEnd(ctx: HasPaths, record: ContainerRecord): void {
  recordNetwork(ctx, record, 'disconnect');
  for (const { Name = '', Driver = 'local' } of volumesOf(record)) {
    recordEvent(ctx, { Type: 'volume', Action: 'unmount', Actor: { ID: Name, Attributes: { driver: Driver, container: record.Id } } });
  }
}

const volumesOf = ({ Mounts }: ContainerRecord) => Mounts.filter(({ Type }) => Type === 'volume');

function recordNetwork(ctx: HasPaths, { Id, HostConfig: { NetworkMode: name } }: ContainerRecord, Action: string): void {
  // Another container's network is connected by that one.
  if (name.startsWith('container:')) return;
  const Attributes = { container: Id, name, type: DRIVERS[name] ?? 'bridge' };
  recordEvent(ctx, { Type: 'network', Action, Actor: { ID: networkId(name), Attributes } });
}
