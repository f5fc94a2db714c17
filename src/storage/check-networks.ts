// Whether every network's record can be read, and what killed supervisors and commands left beside the records. Of a record that cannot be read
// nothing can be had: its repair takes it away, so that the name is free again.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { type CheckResult, type Finding, leftover, problem } from './finding.ts';
import { networksDir } from './layout.ts';
import { fileNames, listNetworks, recordPath, withNetworksLock } from './network.ts';
import { deadMembers, sweepMembers } from './network-members.ts';
import { orphanFiles, removeOrphans } from './network-orphans.ts';

export function checkNetworks(ctx: Ctx): CheckResult {
  const files = fileNames(ctx).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  const known = new Set(listNetworks(ctx).map(({ Name }) => recordPath(ctx, Name)));
  const lost = files.map((name) => join(networksDir(ctx), name)).filter((path) => !known.has(path));
  return { checked: files.length, findings: lost.map((path) => lostRecord(ctx, path)) };
}

/** Addresses and members of containers that do not run, and what belongs to no network. */
export function findNetworkTraces(ctx: Ctx): Finding[] {
  const dead = [...deadMembers(ctx)].map((id) =>
    leftover(`network addresses of container ${id.slice(0, 12)}`, () => {
      sweepMembers(ctx);
      return 'freed';
    }),
  );
  const orphans = orphanFiles(ctx).map((name) =>
    leftover(`file ${join(networksDir(ctx), name)}`, () => {
      withNetworksLock(ctx, () => removeOrphans(ctx));
      return 'removed';
    }),
  );
  return [...dead, ...orphans];
}

function lostRecord(ctx: Ctx, path: string): Finding {
  const name = decoded(path.slice(path.lastIndexOf('/') + 1, -'.json'.length));
  return problem(`network ${name}`, `its record cannot be read; make it again: skiff network create ${name}`, () => {
    withNetworksLock(ctx, () => {
      rmSync(path, { force: true });
      removeOrphans(ctx);
    });
    return 'removed';
  });
}

function decoded(stem: string): string {
  try {
    return decodeURIComponent(stem);
  } catch {
    return stem;
  }
}
