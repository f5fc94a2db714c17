// `network connect` and `disconnect`. Of a container that is down they change its record, under its lock, so that nobody starts it with the old one; of
// one that runs its supervisor does the work, and the record follows, under a claim of ours. If we die in between, the container is (or is not) on the
// network until its next start, as its state says, and the same command given again completes it.
import { askSupervisor, SupervisorGone } from '../runtime/control-client.ts';
import { type ContainerView, findContainer, isRunning, readContainer, rewriteRecord } from '../storage/container.ts';
import { endpointsOf } from '../storage/endpoint.ts';
import { containerLockPath, lockPath } from '../storage/layout.ts';
import { requireNetwork } from '../storage/network.ts';
import { listMembers, removeMember, sweepMembers } from '../storage/network-members.ts';
import type { EndpointSettings, NetworkRecord } from '../storage/network-records.ts';
import type { ContainerRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf } from '../sys/errors.ts';
import { tryLock, withLock } from '../sys/lock.ts';
import type { NetworkAttachment } from './create/network-spec.ts';
import { endpointOf } from './create/networks.ts';

/** How long another command may take with the container before we say so. */
const OUTCOME_MS = 60_000;

/** Puts a container on a network. Throws ERR_NO_SUCH_NETWORK, ERR_NO_SUCH_CONTAINER, ERR_CONNECTED, ERR_CANNOT_CONNECT, ERR_ADDRESS_…, ERR_BAD_OPTION. */
export async function connectNetwork(ctx: Ctx, container: string, attachment: NetworkAttachment): Promise<void> {
  const network = requireNetwork(ctx, attachment.target);
  const { record } = findContainer(ctx, container);
  refuseShared(record, network);
  const endpoint = asked(network, { ...attachment, target: network.Name });
  await change(ctx, record.Id, {
    check: (view) => refuseTwice(view, network),
    ask: async ({ state }) => {
      // Left by a connect that was killed before it wrote the record: with what that one asked for.
      if (state.Networks?.[network.Name]) await askSupervisor(ctx, record.Id, { type: 'disconnect', network: network.Name });
      await askSupervisor(ctx, record.Id, { type: 'connect', network: network.Name, endpoint });
    },
    edit: (endpoints) => ({ ...endpoints, [network.Name]: endpoint }),
  });
}

/** Takes a container off a network. `force`: also one whose supervisor does not answer, or that is no more. Throws as `connectNetwork`. */
export async function disconnectNetwork(
  ctx: Ctx,
  wanted: string,
  { container, force }: { container: string; force: boolean },
): Promise<void> {
  const network = requireNetwork(ctx, wanted);
  const view = force ? findOrSweep(ctx, container, network) : findContainer(ctx, container);
  if (!view) return;
  const { record } = view;
  refuseShared(record, network, { leaves: true });
  const leave = async (): Promise<void> => {
    try {
      await askSupervisor(ctx, record.Id, { type: 'disconnect', network: network.Name });
    } catch (error) {
      if (!force || error instanceof SupervisorGone) throw error;
      removeMember(ctx, network, record.Id);
    }
  };
  await change(ctx, record.Id, {
    check: (now) => {
      if (!Object.hasOwn(endpointsOf(now.record), network.Name) && now.state.Networks?.[network.Name] === undefined)
        throw notOn(now.record, network);
    },
    ask: leave,
    edit: (endpoints) => Object.fromEntries(Object.entries(endpoints).filter(([name]) => name !== network.Name)),
  });
}

interface Change {
  /** Looked at again under the lock. Throws what speaks against it. */
  check(view: ContainerView): void;
  /** Has the supervisor of a running container do it. */
  ask(view: ContainerView): Promise<void>;
  edit(endpoints: Record<string, EndpointSettings>): Record<string, EndpointSettings>;
}

async function change(ctx: Ctx, id: string, { check, ask, edit }: Change): Promise<void> {
  const deadline = performance.now() + OUTCOME_MS;
  for (;;) {
    const view = readContainer(ctx, id);
    if (!view) throw gone(id);
    check(view);
    const lock = tryLock(containerLockPath(ctx, id));
    if (lock) {
      try {
        return rewrite(ctx, id, { check, edit });
      } finally {
        lock.release();
      }
    }
    if (await changeLive(ctx, id, { check, ask, edit })) return;
    if (performance.now() > deadline) throw busy(view.record.Name);
    await Bun.sleep(isRunning(ctx, id) ? 20 : 1);
  }
}

/**
 * False: it has ended meanwhile, is being started, or another command is at it: to be looked at anew. That one's claim dies with it, so what is
 * found under ours to be on a network in the state alone was left by the dead.
 */
async function changeLive(ctx: Ctx, id: string, { check, ask, edit }: Change): Promise<boolean> {
  const claim = tryLock(lockPath(ctx, `networks-${id[0]}`));
  if (!claim) return false;
  try {
    const view = readContainer(ctx, id);
    if (!view || !['running', 'paused', 'restarting'].includes(view.state.Status)) return false;
    check(view);
    await ask(view);
    rewrite(ctx, id, { check: () => undefined, edit });
    return true;
  } catch (error) {
    const isGone = error instanceof SupervisorGone || (error instanceof EngineError && error.code === 'ERR_NOT_RUNNING');
    if (!isGone) throw error;
    return false;
  } finally {
    claim.release();
  }
}

// Under the lock of updates and renames, which rewrite the record too.
function rewrite(ctx: Ctx, id: string, { check, edit }: Pick<Change, 'check' | 'edit'>): void {
  withLock(lockPath(ctx, 'rename'), () => {
    const view = readContainer(ctx, id);
    if (!view) throw gone(id);
    check(view);
    try {
      rewriteRecord(ctx, { ...view.record, Endpoints: edit(endpointsOf(view.record)) });
    } catch (error) {
      if (errnoOf(error) === 'ENOENT') throw gone(id);
      throw error;
    }
  });
}

/** The endpoint, with Docker's exit code of this command. */
function asked(network: NetworkRecord, attachment: NetworkAttachment): EndpointSettings {
  try {
    return endpointOf(network, attachment);
  } catch (error) {
    if (!(error instanceof EngineError)) throw error;
    throw new EngineError(error.code, error.message, { ...(error.hint === undefined ? {} : { hint: error.hint }), cause: error });
  }
}

function refuseShared(record: ContainerRecord, network: NetworkRecord, { leaves = false } = {}): void {
  const { NetworkMode } = record.HostConfig;
  const hint = `Make the container anew: skiff run --network ${network.Name} …`;
  if (NetworkMode.startsWith('container:')) {
    throw refuse('container sharing network namespace with another container or host cannot be connected to any other network', hint);
  }
  if (NetworkMode === 'host' || network.Driver === 'host') {
    throw refuse('container cannot be disconnected from host network or connected to host network', hint);
  }
  if (!leaves && (network.Driver === 'null' || Object.hasOwn(endpointsOf(record), 'none'))) {
    throw refuse('container cannot be connected to multiple networks with one of the networks in private (none) mode', hint);
  }
}

function refuseTwice({ record }: ContainerView, { Name }: NetworkRecord): void {
  if (!Object.hasOwn(endpointsOf(record), Name)) return;
  throw new EngineError('ERR_CONNECTED', `endpoint with name ${record.Name} already exists in network ${Name}`, {
    hint: `To change its addresses or aliases: skiff network disconnect ${Name} ${record.Name}`,
  });
}

/** Of a container that is no more what it left on the network is swept. */
function findOrSweep(ctx: Ctx, container: string, network: NetworkRecord): ContainerView | undefined {
  try {
    return findContainer(ctx, container);
  } catch (error) {
    if (!(error instanceof EngineError) || error.code !== 'ERR_NO_SUCH_CONTAINER') throw error;
    const stranger = listMembers(ctx, network.Name).find(({ ContainerName, ContainerId }) =>
      [ContainerName, ContainerId].includes(container),
    );
    if (stranger) removeMember(ctx, network, stranger.ContainerId);
    else if (sweepMembers(ctx, network.Name).length === 0) throw error;
    return undefined;
  }
}

const notOn = ({ Name, Id }: ContainerRecord, network: NetworkRecord): EngineError =>
  new EngineError('ERR_NOT_CONNECTED', `container ${Id} is not connected to network ${network.Name}`, {
    hint: `See where it is: skiff inspect -f '{{json .NetworkSettings.Networks}}' ${Name}`,
  });

const gone = (id: string): EngineError =>
  new EngineError('ERR_NO_SUCH_CONTAINER', `No such container: ${id}`, { hint: 'List what there is: skiff ps -a' });

const busy = (name: string): EngineError =>
  new EngineError(
    'ERR_BUSY',
    `Cannot change the networks of container "${name}": another command has been starting or removing it for a minute`,
  );

const refuse = (message: string, hint: string): EngineError => new EngineError('ERR_CANNOT_CONNECT', message, { hint });
