// The container's network as its supervisor sees it.
import type { ContainerRecord, ContainerState, PortBinding } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import type { SpecInput } from '../spec/build.ts';

export interface ContainerNetwork {
  /** For the runtime's configuration. */
  spec: SpecInput['network'];
  files: SpecInput['files'];
  ports: Record<string, PortBinding[]>;
  /** Resolves when addresses and ports are up; the container's program must not run before. */
  ready: Promise<void>;
  /** Valid once ready. */
  settings(): ContainerState['Network'];
}

export function openNetwork(_ctx: Ctx, record: ContainerRecord, _scratch: string, _onSpawn: (pid: number) => void): ContainerNetwork {
  return {
    spec: record.HostConfig.NetworkMode === 'host' ? 'host' : {},
    files: {},
    ports: {},
    ready: Promise.resolve(),
    settings: () => ({ IPAddress: '', IPPrefixLen: 0, Gateway: '', MacAddress: '', IPv6Address: '', SandboxKey: '' }),
  };
}
