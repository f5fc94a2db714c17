// An outbound policy is out of the container's reach, or it is none: with rights over its own network namespace a program could take the
// rules away, and with raw packets go past them. So such a container has no such rights, and nobody joins its network.
import { parseEgress } from '../../runtime/network/egress/rules.ts';
import { joinedContainer } from '../../runtime/spec/namespaces.ts';
import { readContainer } from '../../storage/container.ts';
import type { HostConfig } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';

const RAW = 'CAP_NET_RAW';
const REACHING: readonly string[] = ['ALL', 'CAP_NET_ADMIN', RAW];

/** Takes over any process in sight: with `--pid` those of other containers and of the engine. */
const TRACING = 'CAP_SYS_PTRACE';

/** `config` with what the policy takes from the container. Throws ERR_EGRESS (125) for rules and combinations that cannot be. */
export function checkEgress(ctx: Ctx, config: HostConfig): HostConfig {
  const { Egress = [], NetworkMode, Privileged, CapAdd, PidMode } = config;
  const owner = joinedContainer(NetworkMode);
  const joined = owner === undefined ? undefined : readContainer(ctx, owner)?.record;
  if (joined?.HostConfig.Egress?.length) {
    throw refuse(`Cannot join the network of container "${joined.Name}": it has an outbound policy (--egress), which is for itself alone`);
  }
  if (Egress.length === 0) return config;
  parseEgress(Egress);
  if (Privileged) throw refuse('Conflicting options: --egress and --privileged: a privileged container could take its policy away');
  const reaching = CapAdd?.find((name) => REACHING.includes(name));
  if (reaching) {
    throw refuse(
      `Conflicting options: --egress and --cap-add ${reaching.replace(/^CAP_/, '')}: with it a container could get past its policy`,
    );
  }
  if (PidMode && CapAdd?.includes(TRACING)) {
    throw refuse(
      'Conflicting options: --egress, --pid and --cap-add SYS_PTRACE: a process that the policy does not hold could be made to do it',
    );
  }
  if (owner !== undefined || NetworkMode === 'host' || NetworkMode === 'none') {
    const mode = owner === undefined ? NetworkMode : 'container';
    throw refuse(`Conflicting options: --egress and the network mode "${mode}": a policy needs a network of the container's own`);
  }
  return { ...config, CapDrop: [...new Set([...(config.CapDrop ?? []), RAW])] };
}

const refuse = (message: string): EngineError => new EngineError('ERR_EGRESS', message, { hint: 'Leave one of them out', exitCode: 125 });
