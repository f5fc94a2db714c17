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

/** Makes all of them, in order. Throws ERR_MOUNT_SOURCE, ERR_SECRET, ERR_SSH, and what a signal says; then nothing is kept. */
export async function makeStepMounts(at: MountSite): Promise<StepMounts> {
  const made: MadeMount[] = [];
  const release = (): void => {
    for (const mount of made.splice(0).toReversed()) mount.release?.();
  };
  try {
    for (const [index, mount] of at.step.mounts.entries()) made.push(await make(at, mount, index));
  } catch (error) {
    release();
    throw error;
  }
  return {
    points: made.flatMap(({ points = [] }) => points),
    tmpfs: made.flatMap(({ tmpfs = [] }) => tmpfs),
    env: made.flatMap(({ env = [] }) => env),
    release,
  };
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
