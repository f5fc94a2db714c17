// What a command that starts a container does about the shared uplink: nothing but a few system calls where it is there. It is kept from ending
// until the container's supervisor is a user of it, too.
import { closeSync, utimesSync } from 'node:fs';
import { endpointsOf } from '../../storage/endpoint.ts';
import type { ContainerRecord, HostConfig } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { isLocked } from '../../sys/lock.ts';
import type { UserNamespace } from '../userns.ts';
import { openUsers, readUplink, uplinkPlaces } from './uplink-record.ts';

const NOTHING = (): void => undefined;

/** What of a container's record tells whether it uses the uplink. */
export type UplinkUser = Pick<ContainerRecord, 'Endpoints'> & {
  HostConfig: Pick<HostConfig, 'NetworkMode' | 'PublishAllPorts' | 'PortBindings'>;
};

/** To be called before the supervisor is started; the returned function once it runs. Throws ERR_NETWORK_STEP (125). */
export async function holdUplink(ctx: Ctx, record: UplinkUser, namespace: UserNamespace): Promise<() => void> {
  const { netns } = namespace;
  if (netns === undefined || !isOnDefaultAlone(record)) return NOTHING;
  const places = uplinkPlaces(ctx, netns);
  const users = openUsers(places);
  const now = new Date();
  utimesSync(places.users, now, now);
  const known = readUplink(places);
  const isThere = known?.step === 'uplink' && known.isReady && known.data === ctx.paths.data && isLocked(places.lock);
  if (!isThere || ctx.env.SKIFF_NETWORK_STEP) {
    const { ensureUplink } = await import('./uplink.ts');
    await ensureUplink(ctx, { namespace, places, bridgeOnly: publishes(record) }).catch((error: unknown) => {
      closeSync(users);
      throw error;
    });
  }
  return () => closeSync(users);
}

const isOnDefaultAlone = (record: UplinkUser): boolean => Object.keys(endpointsOf(record)).join() === 'bridge';

/** Whether the container has a way out of its own for its ports. */
export const publishes = ({ HostConfig }: UplinkUser): boolean =>
  HostConfig.PublishAllPorts || Object.keys(HostConfig.PortBindings).length > 0;
