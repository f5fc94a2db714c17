// Whether every container can be read, has its layers and owns its name, and every volume and secret its record. A repair never touches what
// may hold a user's work: a container, volume or secret whose record is lost is reported and left alone.
import { existsSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { isLocked } from '../sys/lock.ts';
import { deadBuildContainers, removeDeadBuildContainer } from './build-container.ts';
import { containerIds, isRunning, layersUsed, readContainer } from './container.ts';
import { reserveName } from './container-name.ts';
import { type CheckResult, type Finding, leftover, problem } from './finding.ts';
import { readLayer } from './layer.ts';
import { containerDir, locksDir, namesDir, secretsDir, volumesDir } from './layout.ts';
import { readSecrets, secretIds } from './secret.ts';
import { getVolume } from './volume.ts';

const LOCK_AGE_MS = 60_000;

export function checkContainers(ctx: Ctx): CheckResult {
  const ids = containerIds(ctx);
  return { checked: ids.length, findings: ids.flatMap((id) => checkContainer(ctx, id)) };
}

export function checkVolumes(ctx: Ctx): CheckResult {
  const names = namesIn(volumesDir(ctx));
  const lost = names.filter((name) => getVolume(ctx, name) === undefined);
  const findings = lost.map((name) =>
    problem(`volume ${name}`, `its record cannot be read; its files are in ${join(volumesDir(ctx), name, '_data')}`),
  );
  return { checked: names.length, findings };
}

export function checkSecrets(ctx: Ctx): CheckResult {
  const ids = secretIds(ctx);
  const known = new Set(readSecrets(ctx).map(({ ID }) => ID));
  const lost = ids.filter((id) => !known.has(id) || !existsSync(join(secretsDir(ctx), id, 'data')));
  const findings = lost.map((id) => problem(`secret ${id}`, `it cannot be read; what is left of it is in ${join(secretsDir(ctx), id)}`));
  return { checked: ids.length, findings };
}

/**
 * Names, sockets and locks whose container is gone, and what dead builds left of their steps. Whether its lock is held is asked before whether its folder is there: a
 * container is made under its lock, so one that has neither, in this order, will never be.
 */
export function findTraces(ctx: Ctx): Finding[] {
  const isGone = (id: string): boolean => !isRunning(ctx, id) && !existsSync(containerDir(ctx, id));
  const names = namesIn(namesDir(ctx)).filter((name) => isGone(ownerOf(ctx, name) ?? 'none'));
  const folder = join(ctx.paths.run, 'c');
  const sockets = namesIn(folder).filter((start) => !hasLock(ctx, start));
  const locks = namesIn(locksDir(ctx)).filter(
    (name) => /^c-(?:[0-9a-f]{64}|b-[0-9a-f]{62})$/.test(name) && isGone(name.slice(2)) && isOld(ctx, name),
  );
  const steps = deadBuildContainers(ctx);
  return [
    ...steps.map((id) => leftover(`step of a build ${containerDir(ctx, id)}`, removalOfStep(ctx, id))),
    ...names.map((name) => leftover(`name ${name}`, removal(join(namesDir(ctx), name)))),
    ...sockets.map((start) => leftover(`folder ${join(folder, start)}`, removal(join(folder, start)))),
    ...locks.map((name) => leftover(`lock ${join(locksDir(ctx), name)}`, removal(join(locksDir(ctx), name)))),
  ];
}

function checkContainer(ctx: Ctx, id: string): Finding[] {
  const view = readContainer(ctx, id);
  if (!view || !Array.isArray(view.record.Layers)) {
    return [problem(`container ${id.slice(0, 12)}`, `its record cannot be read; its files are in ${containerDir(ctx, id)}`)];
  }
  const { Name, Config } = view.record;
  const missing = layersUsed(view.record)
    .filter((diffId) => readLayer(ctx, diffId) === undefined)
    .map((diffId) => problem(`container ${Name}`, `its layer ${diffId} is missing: skiff pull ${Config.Image}`));
  const rename = (): string => {
    reserveName(ctx, Name, id);
    return 'reserved again';
  };
  return ownerOf(ctx, Name) === id ? missing : [...missing, problem(`container ${Name}`, 'its name is not reserved', rename)];
}

// A run folder bears the first digits of its container's id.
function hasLock(ctx: Ctx, start: string): boolean {
  return namesIn(locksDir(ctx)).some((name) => name.startsWith(`c-${start}`) && isLocked(join(locksDir(ctx), name)));
}

// Between opening a new lock file and locking it, its maker must not lose it.
function isOld(ctx: Ctx, name: string): boolean {
  const made = statSync(join(locksDir(ctx), name), { throwIfNoEntry: false });
  return made !== undefined && ctx.now().getTime() - made.mtimeMs > LOCK_AGE_MS;
}

function ownerOf(ctx: Ctx, name: string): string | undefined {
  try {
    return readlinkSync(join(namesDir(ctx), name));
  } catch {
    return undefined;
  }
}

function removalOfStep(ctx: Ctx, id: string): () => string {
  return () => (removeDeadBuildContainer(ctx, id) ? 'removed' : 'to be removed when its last processes have ended');
}

function removal(path: string): () => string {
  return () => {
    rmSync(path, { recursive: true, force: true });
    return 'removed';
  };
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
