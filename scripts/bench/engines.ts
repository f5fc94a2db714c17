// The two engines under measurement: how each is called, where it keeps its things, and where their command lines differ.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';

export interface Engine {
  name: 'skiff' | 'podman';
  /** In the environment of whatever it starts. */
  mark: string;
  /** Where everything of it lies. */
  storage: string;
  env: Record<string, string>;
  command: (...args: string[]) => string[];
  /** Removes a container at once, as Docker's `rm -f` does; podman's would first wait ten seconds for a shell that ignores SIGTERM. */
  remove: (...names: string[]) => string[];
  pull: (image: string) => string[];
  push: (image: string) => string[];
}

export interface Places {
  /** Storage, on the file system under measurement. */
  folder: string;
  /** `/run/user/UID`-like, on a tmpfs. */
  runFolder: string;
  home: string;
  user: string;
  binary: string;
}

export function makeEngines(places: Places): [Engine, Engine] {
  return [makeEngine('skiff', places), makeEngine('podman', places)];
}

function makeEngine(name: Engine['name'], places: Places): Engine {
  const storage = join(places.folder, name);
  const mark = `SKIFF_BENCH=${name}-${process.pid}`;
  mkdirSync(storage, { recursive: true });
  const env = {
    PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
    HOME: places.home,
    USER: places.user,
    XDG_DATA_HOME: join(storage, 'data'),
    XDG_CONFIG_HOME: join(storage, 'config'),
    XDG_CACHE_HOME: join(storage, 'cache'),
    XDG_RUNTIME_DIR: join(places.runFolder, name),
    TMPDIR: join(storage, 'tmp'),
    SKIFF_BENCH: mark.slice('SKIFF_BENCH='.length),
  };
  const isPodman = name === 'podman';
  const program = isPodman ? ['podman', '--cgroup-manager=cgroupfs', '--events-backend=file'] : [places.binary];
  const command = (...args: string[]) => [...program, ...args];
  return {
    name,
    mark,
    storage,
    env,
    command,
    remove: (...names) => command('rm', '-f', ...(isPodman ? ['-t', '0'] : []), ...names),
    pull: (image) => command('pull', '--quiet', ...(isPodman ? ['--tls-verify=false'] : []), image),
    push: (image) => command('push', '--quiet', ...(isPodman ? ['--tls-verify=false'] : []), image),
  };
}
