// Whether every container can be read, has its layers and owns its name, and every volume its record. A repair never touches what may
// hold a user's work: a container or volume whose record is lost is reported and left alone.
import { readdirSync, readlinkSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { isLocked } from '../sys/lock.ts';
import { containerIds, isRunning, readContainer, reserveName } from './container.ts';
import { type CheckResult, type Finding, leftover, problem } from './finding.ts';
import { readLayer } from './layer.ts';
import { containerDir, containerLockPath, containerRunDir, locksDir, namesDir, volumesDir } from './layout.ts';
import { getVolume } from './volume.ts';

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

/** Names, sockets and locks whose container is gone. */
export function checkTraces(ctx: Ctx): CheckResult {
  const ids = new Set(containerIds(ctx));
  const names = namesIn(namesDir(ctx)).filter((name) => {
    const id = ownerOf(ctx, name);
    return id === undefined || (!ids.has(id) && !isRunning(ctx, id));
  });
  const running = new Set([...ids].filter((id) => isRunning(ctx, id)).map((id) => containerRunDir(ctx, id)));
  const folder = join(ctx.paths.run, 'c');
  const sockets = namesIn(folder)
    .map((name) => join(folder, name))
    .filter((path) => !running.has(path) && !isBeingMade(ctx, path));
  const locks = namesIn(locksDir(ctx))
    .filter((name) => /^c-[0-9a-f]{64}$/.test(name) && !ids.has(name.slice(2)))
    .map((name) => join(locksDir(ctx), name))
    .filter((path) => !isLocked(path));
  return {
    checked: 0,
    findings: [
      ...names.map((name) => leftover(`name ${name}`, removal(join(namesDir(ctx), name)))),
      ...sockets.map((path) => leftover(`folder ${path}`, removal(path))),
      ...locks.map((path) => leftover(`lock ${path}`, removal(path))),
    ],
  };
}

function checkContainer(ctx: Ctx, id: string): Finding[] {
  const view = readContainer(ctx, id);
  if (!view || !Array.isArray(view.record.Layers)) {
    return [problem(`container ${id.slice(0, 12)}`, `its record cannot be read; its files are in ${containerDir(ctx, id)}`)];
  }
  const { Name, Layers, Config } = view.record;
  const missing = Layers.filter((diffId) => readLayer(ctx, diffId) === undefined).map((diffId) =>
    problem(`container ${Name}`, `its layer ${diffId} is missing: skiff pull ${Config.Image}`),
  );
  const rename = (): string => {
    reserveName(ctx, Name, id);
    return 'reserved again';
  };
  return ownerOf(ctx, Name) === id ? missing : [...missing, problem(`container ${Name}`, 'its name is not reserved', rename)];
}

// The folder bears the first digits of an id: one that is being started holds its lock.
function isBeingMade(ctx: Ctx, path: string): boolean {
  const start = path.slice(path.lastIndexOf('/') + 1);
  return namesIn(locksDir(ctx)).some((name) => name.startsWith(`c-${start}`) && isLocked(containerLockPath(ctx, name.slice(2))));
}

function ownerOf(ctx: Ctx, name: string): string | undefined {
  try {
    return readlinkSync(join(namesDir(ctx), name));
  } catch {
    return undefined;
  }
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
