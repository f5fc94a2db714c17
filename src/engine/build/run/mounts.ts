// What `RUN --mount` asks for, made in the worker's mount namespace: each kind is a file of its own. What comes of it is mount points for the step's
// container, variables for its program, and what has to be let go of when the step has ended.
import { join } from 'node:path';
import type { StorageDriver } from '../../../runtime/rootfs.ts';
import type { MountPoint, MountRequest } from '../../../storage/records.ts';
import type { BuildSite, RunMount, RunStep } from '../model.ts';

export interface MountSite {
  site: BuildSite;
  step: RunStep;
  driver: StorageDriver;
  /** On a tmpfs, for this step alone. */
  scratch: string;
  /** On the disk, for this step alone; removed with it. */
  folder: string;
}

/** One mount, made. */
export interface MadeMount {
  points?: MountPoint[];
  tmpfs?: MountRequest[];
  /** `NAME=value`, for the program alone. */
  env?: string[];
  release?: () => void;
}

export interface StepMounts {
  points: MountPoint[];
  tmpfs: MountRequest[];
  env: string[];
  release(): void;
}

/** Makes all of them; points come in the order of the step's mounts. Throws ERR_MOUNT_SOURCE, ERR_SECRET, ERR_SSH, and what a signal says; then nothing is kept. */
export async function makeStepMounts(at: MountSite): Promise<StepMounts> {
  const places = new Map<number, MadeMount>();
  const release = (): void => {
    for (const mount of places.values()) mount.release?.();
    places.clear();
  };
  try {
    for (const [index, mount] of lockOrder(at.step.mounts)) {
      const same = mount.type === 'cache' ? sameCache(at.step.mounts, index) : index;
      const known = same < index ? places.get(same)?.points?.[0] : undefined;
      places.set(index, known ? anotherView(at, mount, known) : await make(at, mount, index));
    }
  } catch (error) {
    release();
    throw error;
  }
  const made = at.step.mounts.flatMap((_, index) => places.get(index) ?? []);
  return {
    points: made.flatMap(({ points = [] }) => points),
    tmpfs: made.flatMap(({ tmpfs = [] }) => tmpfs),
    env: made.flatMap(({ env = [] }) => env),
    release,
  };
}

/** Caches by their ids: two steps that wait for the same locked ones never wait for each other. */
function lockOrder(mounts: readonly RunMount[]): [number, RunMount][] {
  const rank = (mount: RunMount): string => (mount.type === 'cache' ? mount.id : '');
  return [...mounts.entries()].sort(([a, one], [b, other]) => (rank(one) === rank(other) ? a - b : rank(one) < rank(other) ? -1 : 1));
}

/** The first of a step's mounts that is the same cache: a step that has it locked would wait for itself. */
function sameCache(mounts: readonly RunMount[], index: number): number {
  const wanted = mounts[index];
  return mounts.findIndex((mount) => mount.type === 'cache' && wanted?.type === 'cache' && mount.id === wanted.id);
}

function anotherView({ step }: MountSite, mount: RunMount, { Source }: MountPoint): MadeMount {
  const { target = '', readonly: isReadOnly } = mount as Extract<RunMount, { type: 'cache' }>;
  return { points: [pointAt(Source, targetOf(step, target), { RW: !isReadOnly })] };
}

async function make(at: MountSite, mount: RunMount, index: number): Promise<MadeMount> {
  switch (mount.type) {
    case 'bind':
      return (await import('./bind-mount.ts')).makeBind(at, mount, index);
    case 'cache':
      return (await import('./cache-mount.ts')).makeCache(at, mount, index);
    case 'secret':
      return (await import('./secret-mount.ts')).makeSecret(at, mount, index);
    case 'ssh':
      return (await import('./ssh-mount.ts')).makeSsh(at, mount, index);
    case 'tmpfs':
      return { tmpfs: [tmpfsRequest(targetOf(at.step, mount.target), mount.sizeBytes)] };
    default:
      return mount satisfies never;
  }
}

/** A target that is not absolute is meant from the working directory. */
export const targetOf = ({ workdir }: Pick<RunStep, 'workdir'>, target: string): string =>
  target.startsWith('/') ? join('/', target) : join('/', workdir, target);

const tmpfsRequest = (Target: string, SizeBytes: number | undefined): MountRequest => ({
  Type: 'tmpfs',
  Source: '',
  Target,
  ReadOnly: false,
  TmpfsOptions: SizeBytes === undefined ? {} : { SizeBytes },
});

/** A mount of a file or folder that was made for it. */
export const pointAt = (Source: string, Destination: string, { RW }: { RW: boolean }): MountPoint => ({
  Type: 'bind',
  Source,
  Destination: Destination.replace(/(.)\/+$/, '$1'),
  Mode: '',
  RW,
  Propagation: 'rprivate',
});
