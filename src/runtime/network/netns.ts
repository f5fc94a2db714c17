// The container's network namespace, made before anything uses it, by a short-lived unshare(1): whoever leaves the host's network
// namespace cannot come back, so it must not be us. Its loopback is brought up by pasta. pasta has no right to open /proc/PID/ns/net, so it
// gets a bound file, and where that lies matters: the AppArmor and SELinux profiles of distributions let it read `$XDG_RUNTIME_DIR/netns`
// alone. The mount dies with the supervisor's mount namespace, the empty file would not: so both exist only while pasta starts.
import { mkdirSync, openSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { childEnv } from '../../sys/child-env.ts';
import { EngineError } from '../../sys/errors.ts';
import { moveFd } from '../../sys/fd.ts';
import { detach, MS, mount } from '../../sys/mount.ts';

export interface Netns {
  /** The file for pasta; there between `bind` (or creation) and `unbind`. */
  path: string;
  /** Stands for the namespace, once made, as long as this process lives, for children that may open our descriptors: the OCI runtime. */
  lastingPath: string;
  /** Resolves when the namespace is there, its file bound. Rejects with ERR_NETNS (125). */
  made: Promise<void>;
  bind(): void;
  unbind(): void;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Where the namespace of container `id` should be bound: what distributions' profiles allow, else in `fallbackFolder`. */
export function netnsPath(env: Env, id: string, fallbackFolder: string): string {
  const runtime = env.XDG_RUNTIME_DIR;
  if (runtime && /^\/run\/user\/\d+$/.test(runtime)) {
    const path = join(runtime, 'netns', `skiff-${id.slice(0, 24)}`);
    try {
      placeFile(path);
      return path;
    } catch {
      // Not our folder: the other one does where no profile confines pasta.
    }
  }
  return join(fallbackFolder, 'netns');
}

/** Begins to make a fresh namespace, bound to the file `path` (made if missing). `onSpawn` is told of the child at once. */
export function createNetns(path: string, options: { env: Env; onSpawn?: (pid: number) => void }): Netns {
  placeFile(path);
  // The number is settled now, so that the path can be written down before the namespace is there.
  const fd = openSync('/dev/null', 'r');
  let isBound = true;
  return {
    path,
    lastingPath: `/proc/${process.pid}/fd/${fd}`,
    made: unshareTo(path, options).then(() => moveFd(openSync(path, 'r'), fd)),
    bind: () => {
      if (isBound) return;
      placeFile(path);
      mount(`/proc/self/fd/${fd}`, path, { flags: MS.BIND });
      isBound = true;
    },
    unbind: () => {
      if (!isBound) return;
      isBound = false;
      detach(path);
      rmSync(path, { force: true });
    },
  };
}

async function unshareTo(path: string, { env, onSpawn }: { env: Env; onSpawn?: (pid: number) => void }): Promise<void> {
  const child = Bun.spawn(['unshare', `--net=${path}`, 'true'], { env: childEnv(env), stdin: 'ignore', stdout: 'ignore', stderr: 'pipe' });
  onSpawn?.(child.pid);
  if ((await child.exited) === 0) return;
  rmSync(path, { force: true });
  const said = (await new Response(child.stderr).text()).trim();
  throw new EngineError('ERR_NETNS', `Cannot make a network namespace: ${said || 'unshare failed'}`, {
    hint: 'Use --network host to go without one; sysctl user.max_net_namespaces says how many there may be',
    exitCode: 125,
  });
}

function placeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, '', { mode: 0o600 });
}
