// What the workers of the storm do, one command line at a time, and which failures are no failure: those that another worker or the killer
// may have caused, known by Docker's words for them. Everything else that goes wrong is a defect.
import { join } from 'node:path';
import type { Random } from './random.ts';

export interface Scene {
  random: Random;
  image: string;
  /** A folder of the storm's own. */
  files: string;
  /** Names of containers, those that do not exist now among them. */
  names: readonly string[];
}

export interface Action {
  verb: string;
  args: string[];
  /** Failures of this verb alone that are expected. */
  allowed?: readonly RegExp[];
  /** The exit code is the container's program's. */
  passesCode?: boolean;
}

type Maker = (scene: Scene) => Action;

/** Images that are made of containers, and remade. */
export const COMMITTED: readonly string[] = ['storm/one:latest', 'storm/two:latest'];

/** Ends at SIGTERM, prints now and then, has a child, and is ended by SIGKILL alone one time in four. */
const PROGRAM = (trap: string): string => `trap ${trap} TERM; echo ready; i=0; while :; do sleep 0.3; i=$((i+1)); echo line $i; done`;

export const KILLED_AT_START: readonly RegExp[] = [
  /The container's supervisor died while it started it/,
  /The container was stopped while it started/,
  /The runtime could not run the container: it ended with code 137/,
  /The runtime could not run the container: .*(Broken pipe|Software caused connection abort|read from the init process)/,
  /The runtime ended well without having started the container/,
  /Cannot set up the container network: pasta/,
  /Its root file system went away: fuse-overlayfs has died/,
  /Transport endpoint is not connected/,
];

/** Its container went away meanwhile, or what serves its files. */
const CANNOT_COPY: readonly RegExp[] = [
  /the file system behind it is gone/,
  /was removed while its files were copied/,
  /The worker ended before its work was done \(signal SIGKILL\)/,
];

const name = ({ random, names }: Scene): string => random.pick(names);

function creation(scene: Scene): string[] {
  const { random, image } = scene;
  const flags = ['--name', name(scene)];
  if (random.chance(0.6)) flags.push('--network', 'none');
  if (random.chance(0.3)) flags.push('--restart', random.pick(['always', 'unless-stopped', 'on-failure:3']));
  else if (random.chance(0.2)) flags.push('--rm');
  if (random.chance(0.2)) flags.push('-v', '/data');
  if (random.chance(0.2)) flags.push('--init');
  if (random.chance(0.1)) flags.push('--health-cmd', 'true', '--health-interval', '1s');
  if (random.chance(0.1)) flags.push('-p', '127.0.0.1::80');
  return [...flags, image, 'sh', '-c', PROGRAM(random.chance(0.25) ? "''" : 'exit')];
}

/** With fuse-overlayfs, whose death takes the container's files, one time in five. */
const driver = ({ random }: Scene): string[] => (random.chance(0.2) ? ['--storage-driver', 'fuse-overlayfs'] : []);

const MAKERS: Record<string, { weight: number; make: Maker }> = {
  create: { weight: 6, make: (scene) => ({ verb: 'create', args: [...driver(scene), 'create', ...creation(scene)] }) },
  run: {
    weight: 16,
    make: (scene) => ({ verb: 'run', args: [...driver(scene), 'run', '-d', ...creation(scene)], allowed: KILLED_AT_START }),
  },
  start: { weight: 12, make: (scene) => ({ verb: 'start', args: ['start', name(scene)], allowed: KILLED_AT_START }) },
  exec: {
    weight: 10,
    make: (scene) => ({
      verb: 'exec',
      args: ['exec', name(scene), 'sh', '-c', scene.random.pick(['true', 'echo hi', 'sleep 0.2; echo later', 'exit 3'])],
      passesCode: true,
      // Its fuse-overlayfs was killed a moment ago; it ended between the look at it and the runtime's joining it.
      allowed: [
        /Transport endpoint is not connected/,
        /^(fail startup|nsenter: cannot open|error opening file|error loading config|write to sync socket)/m,
      ],
    }),
  },
  kill: { weight: 3, make: (scene) => ({ verb: 'kill', args: ['kill', name(scene)] }) },
  signal: {
    weight: 2,
    make: (scene) => ({ verb: 'kill', args: ['kill', '-s', scene.random.pick(['TERM', 'USR1', 'HUP', '15']), name(scene)] }),
  },
  stop: { weight: 4, make: (scene) => ({ verb: 'stop', args: ['stop', '-t', scene.random.pick(['0', '1']), name(scene)] }) },
  restart: { weight: 5, make: (scene) => ({ verb: 'restart', args: ['restart', '-t', '0', name(scene)], allowed: KILLED_AT_START }) },
  pause: { weight: 4, make: (scene) => ({ verb: 'pause', args: ['pause', name(scene)] }) },
  unpause: { weight: 5, make: (scene) => ({ verb: 'unpause', args: ['unpause', name(scene)] }) },
  rename: { weight: 3, make: (scene) => ({ verb: 'rename', args: ['rename', name(scene), name(scene)] }) },
  rm: { weight: 2, make: (scene) => ({ verb: 'rm', args: ['rm', '-v', name(scene)] }) },
  'rm -f': { weight: 3, make: (scene) => ({ verb: 'rm', args: ['rm', '-f', '-v', name(scene)] }) },
  logs: { weight: 4, make: (scene) => ({ verb: 'logs', args: ['logs', '--tail', '3', name(scene)] }) },
  inspect: { weight: 4, make: (scene) => ({ verb: 'inspect', args: ['inspect', name(scene)] }) },
  port: { weight: 1, make: (scene) => ({ verb: 'port', args: ['port', name(scene)] }) },
  update: {
    weight: 2,
    make: (scene) => ({ verb: 'update', args: ['update', '--restart', scene.random.pick(['no', 'always']), name(scene)] }),
  },
  stats: { weight: 1, make: () => ({ verb: 'stats', args: ['stats', '--no-stream'] }) },
  diff: { weight: 2, make: (scene) => ({ verb: 'diff', args: ['diff', name(scene)] }) },
  'cp in': { weight: 3, make: (scene) => ({ verb: 'cp', args: ['cp', '/etc/hostname', `${name(scene)}:/tmp/in`], allowed: CANNOT_COPY }) },
  'cp out': {
    weight: 3,
    make: (scene) => ({
      verb: 'cp',
      args: ['cp', `${name(scene)}:/bin`, join(scene.files, `out-${scene.random.below(4)}`)],
      allowed: CANNOT_COPY,
    }),
  },
  commit: {
    weight: 3,
    make: (scene) => ({ verb: 'commit', args: ['commit', name(scene), scene.random.pick(COMMITTED)] }),
  },
  export: {
    weight: 1,
    make: (scene) => ({ verb: 'export', args: ['export', '-o', join(scene.files, `export-${scene.random.below(4)}.tar`), name(scene)] }),
  },
};

const WHEEL = Object.values(MAKERS).flatMap(({ weight, make }) => Array.from({ length: weight }, () => make));

export const nextAction = (scene: Scene): Action => scene.random.pick(WHEEL)(scene);

/** What another worker's doings make of any command, in Docker's words. */
const ALLOWED = [
  /No such container: /,
  /No such object: /,
  /Conflict\. The container name ".*" is already in use/,
  /Renaming a container with the same name as its current name/,
  /[Cc]ontainer \S+ is not running/,
  /[Cc]ontainer \S+ is not paused/,
  /[Cc]ontainer \S+ is already paused/,
  /[Cc]ontainer \S+ is paused/,
  /[Cc]ontainer \S+ is restarting/,
  /cannot remove container "\/\S+": container is (running|paused|restarting)/,
  /Restart policy cannot be updated because AutoRemove is enabled/,
  /cannot start a paused container/,
  /removal of container \S+ is already in progress/,
  /marked for removal/,
];

/** Nothing may ever say so, whatever the exit code. */
const FORBIDDEN = [/internal error/i, /ERR_INTERNAL/, /^\s+at .*:\d+:\d+/m, /\bundefined\b/, /\[object /, /SIGSEGV|panic/];

/** Why the outcome is a defect; undefined when it is none. */
export function defectOf(action: Action, { code, stderr }: { code: number; stderr: string }): string | undefined {
  const forbidden = FORBIDDEN.find((pattern) => pattern.test(stderr));
  if (forbidden) return `says ${forbidden}`;
  if (code === 0) return undefined;
  if ([...ALLOWED, ...(action.allowed ?? [])].some((pattern) => pattern.test(stderr))) return undefined;
  if (action.passesCode && stderr.trim() === '') return undefined;
  return `ended with ${code}`;
}
