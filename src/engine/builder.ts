// The one builder there is, as `builder ls` and `buildx inspect` tell of it: no daemon, no container, nothing that runs between builds.
import { formatPlatform, hostPlatform } from '../oci/platform.ts';
import { runnableArchitectures } from '../runtime/spec/runnable-platforms.ts';

export interface BuilderInfo {
  name: string;
  driver: string;
  endpoint: string;
  status: string;
  /** Those whose programs this machine runs, its own first. */
  platforms: string[];
}

export function builderInfo(): BuilderInfo {
  const host = hostPlatform();
  const platforms = runnableArchitectures(host.architecture).map((architecture) =>
    formatPlatform(architecture === host.architecture ? host : { os: host.os, architecture }),
  );
  // No word of buildx's says that it need not run.
  return { name: 'default', driver: 'skiff', endpoint: 'local', status: 'ready', platforms };
}
