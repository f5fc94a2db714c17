// The ladder of the user namespace: which id maps can be tried, best first, and how each is written to a new namespace.
// Trap: an id map can be written once, so each step is tried on a namespace of its own (holder.ts).
import { readFileSync, writeFileSync } from 'node:fs';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { findProgram, installCommand } from '../sys/programs.ts';
import { type IdMap, identityMap, subordinateIds, type UserNamespaceStep } from './idmap.ts';

export interface Plan {
  step: UserNamespaceStep;
  reason: string;
  uidMap: IdMap[];
  gidMap: IdMap[];
  /** Why it cannot be tried. */
  lacks?: string;
  /** Writes the maps of process `pid`'s namespace; returns what went wrong. */
  apply: (pid: number, plan: Plan) => string | undefined;
}

/** What to try here, and what keeps step `subuid` from being tried. Throws ERR_USERNS_STEP for a forced step that there is not. */
export function choosePlans(ctx: Ctx): { plans: Plan[]; lacks: string | undefined } {
  const ids = ownIds();
  const all = [subuidPlan(ctx, ids), ...(ids.uid === 0 ? rootPlans() : []), singlePlan(ids)];
  const forced = ctx.env.SKIFF_USERNS_STEP;
  if (!forced) return { plans: all, lacks: all[0]?.lacks };
  const plans = all.filter(({ step }) => step === forced);
  if (plans.length > 0) return { plans, lacks: undefined };
  throw new EngineError('ERR_USERNS_STEP', `Cannot take the user namespace step "${forced}" that SKIFF_USERNS_STEP asks for`, {
    hint: `Use one of: ${[...new Set(all.map(({ step }) => step))].join(', ')}`,
    exitCode: 125,
  });
}

/** Whether the machine's files now allow the step that the namespace lacked. */
export function isMended(ctx: Pick<Ctx, 'env'>): boolean {
  return subuidPlan(ctx, ownIds()).lacks === undefined;
}

interface OwnIds {
  uid: number;
  gid: number;
}

const ownIds = (): OwnIds => ({ uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 });

function subuidPlan({ env }: Pick<Ctx, 'env'>, { uid, gid }: OwnIds): Plan {
  const apply = (pid: number, { uidMap, gidMap }: Plan): string | undefined =>
    runMapTool(env, 'newuidmap', pid, uidMap) ?? runMapTool(env, 'newgidmap', pid, gidMap);
  const plan = { step: 'subuid' as const, reason: '', uidMap: [], gidMap: [], apply };
  const ids = subordinateIds(uid);
  if ('problem' in ids) return { ...plan, lacks: ids.problem };
  const missing = ['newuidmap', 'newgidmap'].find((tool) => !findProgram(env, tool));
  if (missing) return { ...plan, lacks: `${missing} is not installed (${installCommand(missing)})` };
  const reason = `${ids.count} subordinate ids and newuidmap`;
  return { ...plan, reason, uidMap: [[0, uid, 1], ...ids.uids], gidMap: [[0, gid, 1], ...ids.gids] };
}

/** Nothing to gain where this namespace itself has one id. */
function rootPlans(): Plan[] {
  const uidMap = ownRanges('uid_map');
  const gidMap = ownRanges('gid_map');
  if (uidMap.reduce((sum, [, , count]) => sum + count, 0) < 2) return [];
  const apply = (pid: number): string | undefined =>
    writeMap(pid, 'uid_map', uidMap) && writeMap(pid, 'gid_map', gidMap) ? undefined : 'root here has no CAP_SETUID or CAP_SETGID';
  return [{ step: 'root', reason: 'root with CAP_SETUID maps each of its ids to itself', uidMap, gidMap, apply }];
}

function singlePlan({ uid, gid }: OwnIds): Plan {
  const uidMap: IdMap[] = [[0, uid, 1]];
  const gidMap: IdMap[] = [[0, gid, 1]];
  const apply = (pid: number): string | undefined => {
    try {
      writeFileSync(`/proc/${pid}/setgroups`, 'deny');
    } catch {
      // Already denied by an outer namespace.
    }
    return writeMap(pid, 'uid_map', uidMap) && writeMap(pid, 'gid_map', gidMap) ? undefined : 'not even your own id can be mapped';
  };
  return { step: 'single', reason: 'only your own id is mapped', uidMap, gidMap, apply };
}

function runMapTool(env: Ctx['env'], tool: string, pid: number, map: IdMap[]): string | undefined {
  const done = Bun.spawnSync([findProgram(env, tool) ?? tool, String(pid), ...map.flat().map(String)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  return done.exitCode === 0 ? undefined : `${tool} failed: ${done.stderr.toString().trim()}`;
}

function writeMap(pid: number, file: 'uid_map' | 'gid_map', map: IdMap[]): boolean {
  try {
    writeFileSync(`/proc/${pid}/${file}`, map.map((range) => range.join(' ')).join('\n'));
    return true;
  } catch {
    return false;
  }
}

const ownRanges = (file: 'uid_map' | 'gid_map'): IdMap[] => identityMap(readFileSync(`/proc/self/${file}`, 'utf8'));
