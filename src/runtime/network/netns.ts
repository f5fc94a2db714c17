// The container's network namespace, made before anything uses it, by a short-lived unshare(1): whoever leaves the host's network
// namespace cannot come back, so it must not be us. Its loopback is brought up by pasta. pasta has no right to open /proc/PID/ns/net, so it
// gets a bound file, and where that lies matters: the AppArmor and SELinux profiles of distributions let it read `$XDG_RUNTIME_DIR/netns`
// alone. The mount dies with the supervisor's mount namespace, the empty file would not: so both exist only while pasta starts, and what
// a killed supervisor left is swept by the next start.
import { closeSync, lstatSync, mkdirSync, openSync, readdirSync, readSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { childEnv } from '../../sys/child-env.ts';
import { EngineError } from '../../sys/errors.ts';
import { makePipe, moveFd } from '../../sys/fd.ts';
import { detach, MS, mount } from '../../sys/mount.ts';
import { ipProgram } from './ip-batch.ts';

export interface Netns {
  /** The file for pasta; there between `bind` (or creation) and `unbind`. */
  path: string;
  /** Stands for the namespace, once made, as long as this process lives, for children that may open our descriptors: the OCI runtime. */
  lastingPath: string;
  /** Resolves when the namespace is there, its file bound. Rejects with ERR_NETNS (125). */
  made: Promise<void>;
  /** The TCP sockets in the namespace, as /proc/net/tcp and tcp6 list them; '' before it is made. */
  sockets(): string;
  bind(): void;
  unbind(): void;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Where the namespace of container `id` should be bound: what distributions' profiles allow, else in `fallbackFolder`. */
export function netnsPath(env: Env, id: string, fallbackFolder: string): string {
  const runtime = env.XDG_RUNTIME_DIR;
  if (runtime && /^\/run\/user\/\d+$/.test(runtime)) {
    const folder = join(runtime, 'netns');
    const path = join(folder, `${PREFIX}${id.slice(0, 24)}`);
    try {
      placeFile(path);
      sweep(folder, Date.now());
      return path;
    } catch {
      // Not our folder: the other one does where no profile confines pasta.
    }
  }
  return join(fallbackFolder, 'netns');
}

export interface NetnsOptions {
  env: Env;
  onSpawn?: (pid: number) => void;
  /** File of the user namespace that it is to belong to; default ours. */
  userns?: string;
  /** It will have IPv6 addresses: they are to be good at once. */
  ipv6?: boolean;
  /** What ip is to do in it at once, without a program more; not with `userns`. */
  lines?: readonly string[];
}

/** Begins to make a fresh namespace, bound to the file `path` (made if missing). `onSpawn` is told of the child at once. */
export function createNetns(path: string, options: NetnsOptions): Netns {
  placeFile(path);
  // The number is settled now, so that the path can be written down before the namespace is there.
  const fd = openSync('/dev/null', 'r');
  let isBound = true;
  let listings: number[] = [];
  const unbind = (): void => {
    if (!isBound) return;
    isBound = false;
    try {
      detach(path);
    } catch {
      // Not mounted yet: the file alone is there.
    }
    rmSync(path, { force: true });
  };
  process.once('exit', unbind);
  return {
    path,
    lastingPath: `/proc/${process.pid}/fd/${fd}`,
    made: unshareTo(path, options).then((opened) => {
      listings = opened;
      moveFd(openSync(path, 'r'), fd);
    }),
    sockets: () => listings.map(readFromStart).join(''),
    bind: () => {
      if (isBound) return;
      placeFile(path);
      mount(`/proc/self/fd/${fd}`, path, { flags: MS.BIND });
      isBound = true;
    },
    unbind,
  };
}

const PREFIX = 'skiff-';
const STALE_MS = 60_000;

/** Removes files of supervisors that died while their pasta started. A younger one may be about to be used: removing it would unmount it. */
export function sweep(folder: string, nowMs: number): void {
  for (const name of readdirSync(folder)) {
    const path = join(folder, name);
    try {
      if (name.startsWith(PREFIX) && nowMs - lstatSync(path).mtimeMs > STALE_MS) rmSync(path);
    } catch {
      // Another start was faster.
    }
  }
}

// `cat` gives back the byte it is given once it runs, which is when the namespace is made and bound; until its input ends it stands in the
// namespace, so that the files of /proc about it can be opened through it. `ip` does as well, once it has done what it is told.
//
// Nobody else is on pasta's link, so no address there has to be probed for its like: for the second that this takes, whoever connects to
// a published port would be left without an answer.
const WITHOUT_PROBES = ['sh', '-c', 'echo 0 2>/dev/null >/proc/sys/net/ipv6/conf/default/accept_dad; exec "$@"', 'sh'];
const SIGN = 'link show dev lo';

// One of another user namespace is made by that one's root, who may not mount here: we do.
async function unshareTo(path: string, { env, onSpawn, userns, ipv6 = false, lines }: NetnsOptions): Promise<number[]> {
  const input = makePipe();
  const program = lines ? [ipProgram(env), '-batch', '-'] : ['cat'];
  const unshare = userns ? ['nsenter', `--user=${userns}`, 'unshare', '--net'] : ['unshare', `--net=${path}`];
  const child = Bun.spawn([...unshare, ...(ipv6 ? WITHOUT_PROBES : []), ...program], {
    env: childEnv(env),
    stdin: input.read,
    stdout: 'pipe',
    stderr: 'pipe',
  });
  onSpawn?.(child.pid);
  closeSync(input.read);
  try {
    writeSync(input.write, lines ? [...lines, SIGN, ''].join('\n') : '.');
    const { done } = await child.stdout.getReader().read();
    if (!done && userns) mount(`/proc/${child.pid}/ns/net`, path, { flags: MS.BIND });
    if (!done) return openListings(child.pid);
  } finally {
    closeSync(input.write);
  }
  rmSync(path, { force: true });
  const said = (await new Response(child.stderr).text()).trim();
  throw new EngineError('ERR_NETNS', `Cannot make a network namespace: ${said || 'unshare failed'}`, {
    hint: 'Use --network host to go without one; sysctl user.max_net_namespaces says how many there may be',
    exitCode: 125,
  });
}

// An open file of /proc/PID/net stays with the namespace, whatever becomes of the process. A kernel without IPv6 has one of the two.
function openListings(pid: number): number[] {
  return ['tcp', 'tcp6'].flatMap((name) => {
    try {
      return [openSync(`/proc/${pid}/net/${name}`, 'r')];
    } catch {
      return [];
    }
  });
}

function readFromStart(fd: number): string {
  const chunk = Buffer.alloc(65_536);
  let text = '';
  for (let length = readSync(fd, chunk, 0, chunk.length, 0); length > 0; length = readSync(fd, chunk, 0, chunk.length, text.length)) {
    text += chunk.toString('latin1', 0, length);
  }
  return text;
}

function placeFile(path: string): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  writeFileSync(path, '', { mode: 0o600 });
}
