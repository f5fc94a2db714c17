// Which of the user's own containers publishes a host port, from their recorded states: their pasta hides its descriptors.
import { listContainers } from '../../storage/container.ts';
import type { Ctx } from '../../sys/context.ts';
import type { PortSpec } from './ports.ts';

/** The name of the running container that publishes the host port of `spec`, or undefined. */
export function publishingContainer(ctx: Ctx, { proto, hostPort }: PortSpec): string | undefined {
  const alive = listContainers(ctx).filter(
    ({ state }) => state.Status === 'running' || state.Status === 'paused' || state.Status === 'restarting',
  );
  const found = alive.find(({ state }) =>
    Object.entries(state.Ports).some(
      ([port, bindings]) => port.endsWith(`/${proto}`) && bindings.some(({ HostPort }) => HostPort === String(hostPort)),
    ),
  );
  return found?.record.Name;
}
