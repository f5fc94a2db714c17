// What `create` and `run` ask for, in the shape of Docker's create request. What is absent comes from the image or from a default.
import type { ContainerConfig, ContainerExtras, HostConfig } from '../../storage/records.ts';

import type { NetworkAttachment } from './network-spec.ts';

export type CreateConfig = Partial<ContainerConfig> & Pick<ContainerConfig, 'Image'>;

export interface CreateOptions {
  /** Without one a random name is given. */
  name?: string;
  /** `os/arch[/variant]`, only when the user asked for one. */
  platform?: string;
  /** `Entrypoint: ['']` resets the image's; an `Env` entry without `=` removes the image's variable. */
  Config: CreateConfig;
  HostConfig: Partial<HostConfig>;
  /** Absent: the one network that `HostConfig.NetworkMode` names, without more. */
  Networks?: NetworkAttachment[];
  Extras?: ContainerExtras;
  /** Remove the container that has the name (`replaceContainer`). */
  replace?: boolean;
  /** Its name: ports that this container publishes now will be free. */
  inPlaceOf?: string;
  /** The container is started at once, so its published ports must be free now. */
  startsNow?: boolean;
}

export interface CreatedContainer {
  id: string;
  name: string;
  /** One sentence each, for the user. */
  warnings: string[];
}

export type {
  ContainerExtras,
  DeviceRequest,
  Healthcheck,
  HostConfig,
  MountRequest,
  RestartPolicy,
  SecretUse,
} from '../../storage/records.ts';
