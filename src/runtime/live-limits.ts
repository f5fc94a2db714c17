// The limits of a running container, in its cgroup's own files (cgroup v2): what the runtime made of the configuration at the start, `update`
// changes here. Numbers are converted as the runtime does. Every file has a value, the kernel's own where there is no limit, so that the
// difference of two configurations is what has to be written.
import { existsSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import type { HostConfig } from '../storage/records.ts';
import { messageOf } from '../sys/errors.ts';
import type { CgroupPlace } from './cgroup.ts';
import { cgroup2Mount, controllersOf } from './cgroup-tree.ts';
import { CPU_PERIOD, OPTIONAL_FILES, resources } from './spec/resources.ts';

/** The cgroup of a running container as it is found. `path` as in its state. */
export function placeOf(path: string): CgroupPlace {
  const root = cgroup2Mount();
  if (!root || path === '') return { step: 'disabled', reason: 'the container has no cgroup of its own', controllers: [], files: [] };
  const folder = join(root, path);
  const controllers = controllersOf(folder);
  const files = OPTIONAL_FILES.filter((file) => existsSync(join(folder, file)));
  const scope = dirname(path);
  if (basename(scope).endsWith('.scope')) return { step: 'systemd', reason: 'a transient scope', path, controllers, files };
  const base = dirname(scope);
  return { step: 'cgroupfs', reason: `writable cgroup "${base}"`, path, controllers, files, base };
}

/** Writes what differs. Throws what the kernel says, and then the files are as they were. */
export function changeLimits(place: CgroupPlace, { before, after }: { before: HostConfig; after: HostConfig }): void {
  const root = cgroup2Mount();
  if (!root || place.path === undefined) return;
  const folder = join(root, place.path);
  const old = new Map(limitFiles(before, place));
  const changed = limitFiles(after, place).filter(([file, text]) => old.get(file) !== text);
  const written: string[] = [];
  try {
    for (const [file, text] of changed) {
      writeFileSync(join(folder, file), text);
      written.push(file);
    }
  } catch (error) {
    for (const file of written) writeFileSync(join(folder, file), old.get(file) ?? '');
    throw new Error(
      `failed to write to ${basename(error instanceof Error && 'path' in error ? String(error.path) : '')}: ${messageOf(error)}`,
      { cause: error },
    );
  }
}

/** Each file of the cgroup that a limit stands in, with its text. */
export function limitFiles(
  config: HostConfig,
  { controllers, files }: Pick<CgroupPlace, 'controllers' | 'files'>,
): [file: string, text: string][] {
  const { memory = {}, cpu = {}, pids, blockIO = {} } = resources(config, { controllers, files, device: () => undefined });
  const all: [string, string, string][] = [
    ['memory', 'memory.max', amount(memory.limit)],
    ['memory', 'memory.low', String(memory.reservation ?? 0)],
    ['cpu', 'cpu.max', `${amount(cpu.quota)} ${cpu.period ?? CPU_PERIOD}`],
    ['cpu', 'cpu.weight', String(cpu.shares ? weightOfShares(cpu.shares) : DEFAULT_WEIGHT)],
    ['cpuset', 'cpuset.cpus', cpu.cpus ?? '\n'],
    ['cpuset', 'cpuset.mems', cpu.mems ?? '\n'],
    ['pids', 'pids.max', amount(pids?.limit)],
  ];
  const swap = memory.swap === undefined || memory.swap < 0 ? 'max' : String(memory.swap - (memory.limit ?? 0));
  if (files.includes('memory.swap.max')) all.push(['memory', 'memory.swap.max', swap]);
  if (files.includes('io.bfq.weight')) all.push(['io', 'io.bfq.weight', String(blockIO.weight ?? DEFAULT_WEIGHT)]);
  else if (files.includes('io.weight'))
    all.push(['io', 'io.weight', String(blockIO.weight ? weightOfBlkio(blockIO.weight) : DEFAULT_WEIGHT)]);
  return all.filter(([controller]) => controllers.includes(controller)).map(([, file, text]) => [file, text]);
}

/** Of cpu.weight, io.weight and io.bfq.weight (cgroup v2, "Weights"). */
const DEFAULT_WEIGHT = 100;

const amount = (limit: number | undefined): string => (limit === undefined || limit < 0 ? 'max' : String(limit));

/** 2…262144 to 1…10000. */
const weightOfShares = (shares: number): number => 1 + Math.floor(((shares - 2) * 9999) / 262_142);

/** 10…1000 to 1…10000. */
const weightOfBlkio = (weight: number): number => 1 + Math.floor(((weight - 10) * 9999) / 990);
