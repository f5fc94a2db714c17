// The user namespace that everything of one user runs in, kept alive by a sleeping process, the holder. Ladder (first that
// works, found once per boot): 1 `subuid` newuidmap with the user's sub-ids; 2 `root` the map is written directly by a root
// with CAP_SETUID; 3 `single` only the caller's own id; 4 `none` - refused, with the fix. Commands enter it by nsenter,
// because setns(CLONE_NEWUSER) needs a single-threaded process and Bun never is one.
// Trap: an id map can be written once, so each step is tried on a namespace of its own.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, messageOf } from '../sys/errors.ts';
import { tryLock } from '../sys/lock.ts';
import { isInUserNamespaceOf, kill, startTime } from '../sys/process.ts';
import { findProgram, installCommand, requireProgram } from '../sys/programs.ts';
import { SIGKILL } from '../sys/signals.ts';
import { type IdMap, identityMap, subordinateIds, type UserNamespaceStep } from './idmap.ts';
import { noUserNamespace } from './userns-advice.ts';

export interface UserNamespace {
  step: UserNamespaceStep;
  /** Why this step and not an earlier one: one clause for `info`. */
  reason: string;
  /** uid map as [inside, outside, count]. */
  uidMap: IdMap[];
  gidMap: IdMap[];
  /** What kept it from step `subuid` as far as the machine's files tell: once that is mended, a better namespace is made. */
  lacks?: string;
  /** Host pid of the holder. */
  pid: number;
  /** Start time of the holder: with the pid it names one process for ever. */
  started: string;
}

/** The argv prefix that runs a command as root of the user's namespace, which is made first where there is none. */
export async function userNamespaceArgv(ctx: Ctx): Promise<string[]> {
  return enterArgv(await ensureUserNamespace(ctx));
}

/** The argv prefix that enters the namespace of process `pid`: none where we are in it, as inside `skiff unshare`. */
export function enterArgv({ pid }: Pick<UserNamespace, 'pid'>): string[] {
  if (isInUserNamespaceOf(pid)) return [];
  return ['nsenter', `--user=/proc/${pid}/ns/user`, '--preserve-credentials', '--'];
}

/**
 * The user's namespace, made (under a lock of its own) where there is none. Throws ERR_NO_USER_NAMESPACE with the fix, and
 * ERR_NO_PROGRAM; both 125.
 */
export async function ensureUserNamespace(ctx: Ctx): Promise<UserNamespace> {
  requireProgram(ctx.env, 'nsenter', 'which enters the user namespace that containers run in');
  for (let waitedMs = 0; ; waitedMs += 5) {
    const found = readHolder(ctx);
    if (found && !canDoBetter(ctx, found)) return found;
    // Held while the holder is being made: its claim, which dies with us.
    const claim = tryLock(join(ctx.paths.run, 'holder.lock'));
    if (claim) {
      try {
        const old = readHolder(ctx);
        if (old && !canDoBetter(ctx, old)) return old;
        const made = await makeHolder(ctx);
        if (old) kill(old.pid, SIGKILL);
        return made;
      } finally {
        claim.release();
      }
    }
    if (waitedMs > 10_000) {
      throw new EngineError('ERR_HOLDER_TIMEOUT', 'Cannot make the user namespace: another skiff has been making it for too long', {
        exitCode: 125,
      });
    }
    await Bun.sleep(5);
  }
}

/** The running holder's record, or undefined. Takes no lock, makes nothing. */
export function readHolder(ctx: Pick<Ctx, 'paths'>): UserNamespace | undefined {
  const value = readJson(holderPath(ctx)) as Partial<UserNamespace> | undefined;
  if (!value || typeof value.pid !== 'number' || typeof value.started !== 'string') return undefined;
  return startTime(value.pid) === value.started ? (value as UserNamespace) : undefined;
}

const holderPath = (ctx: Pick<Ctx, 'paths'>): string => join(ctx.paths.run, 'holder.json');

// The user followed our advice: they should not have to wait for a reboot. Containers that run keep the namespace they have.
function canDoBetter(ctx: Ctx, { lacks }: UserNamespace): boolean {
  return lacks !== undefined && subuidPlan(ctx, ownIds()).lacks === undefined;
}

interface Plan {
  step: UserNamespaceStep;
  reason: string;
  uidMap: IdMap[];
  gidMap: IdMap[];
  /** Why it cannot be tried. */
  lacks?: string;
  /** Writes the maps of process `pid`'s namespace; returns what went wrong. */
  apply: (pid: number, plan: Plan) => string | undefined;
}

async function makeHolder(ctx: Ctx): Promise<UserNamespace> {
  requireProgram(ctx.env, 'unshare', 'which makes the user namespace that containers run in');
  requireProgram(ctx.env, 'sh', 'which keeps the user namespace that containers run in');
  mkdirSync(ctx.paths.run, { recursive: true, mode: 0o700 });
  const { plans, lacks } = choosePlans(ctx);
  const problems: string[] = [];
  for (const plan of plans) {
    const problem = plan.lacks ?? (await tryPlan(ctx, plan, { problems, lacks }));
    if (typeof problem !== 'string') return problem;
    problems.push(problem);
  }
  throw noUserNamespace(`cannot write the id map of a new user namespace: ${problems.join('; ')}`);
}

function choosePlans(ctx: Ctx): { plans: Plan[]; lacks: string | undefined } {
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

async function tryPlan(
  ctx: Ctx,
  plan: Plan,
  { problems, lacks }: { problems: string[]; lacks: string | undefined },
): Promise<UserNamespace | string> {
  const holder = await spawnHolder(ctx);
  const problem = plan.apply(holder.pid, plan);
  if (problem !== undefined) {
    holder.kill('SIGKILL');
    return problem;
  }
  const refusal = mountRefusal(holder.pid);
  if (refusal !== undefined) {
    holder.kill('SIGKILL');
    throw noUserNamespace(`it was made, but gives no right to mount: ${refusal}`);
  }
  const { step, uidMap, gidMap } = plan;
  const reason = step === 'single' && problems.length > 0 ? `${plan.reason}: ${problems.join('; ')}` : plan.reason;
  const namespace: UserNamespace = {
    ...{ step, reason, uidMap, gidMap },
    ...(lacks === undefined ? {} : { lacks }),
    ...{ pid: holder.pid, started: startTime(holder.pid) ?? '' },
  };
  // If we die before this line the holder is an orphan that sleeps and holds nothing; the next command makes another.
  writeJsonAtomic(holderPath(ctx), namespace, { durable: false });
  holder.unref();
  if (step === 'single' && problems.length > 0) ctx.warn(`Containers have one user id, yours: ${problems.join('; ')}`);
  return namespace;
}

// AppArmor's way on Ubuntu 24.04: the namespace is there and worth nothing.
function mountRefusal(pid: number): string | undefined {
  const done = Bun.spawnSync([...enterArgv({ pid }), 'unshare', '--mount', 'true'], { stdio: ['ignore', 'ignore', 'pipe'] });
  return done.exitCode === 0 ? undefined : done.stderr.toString().trim();
}

async function spawnHolder(ctx: Ctx): Promise<Bun.Subprocess<'ignore', 'pipe', 'pipe'>> {
  // The echo says that unshare is done; then sh becomes the sleeper.
  const script = 'echo made; exec sleep 2147483647 >/dev/null 2>&1';
  const holder = Bun.spawn(['unshare', '--user', 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    detached: true,
    env: { PATH: ctx.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  const reader = holder.stdout.getReader();
  const { done } = await reader.read();
  if (done) throw noUserNamespace((await new Response(holder.stderr).text()).trim());
  await reader.cancel();
  return holder;
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

export interface UserNamespaceReport {
  step: UserNamespaceStep;
  reason: string;
  ids: number;
}

/** What `info` shows; finds the step by making the holder where there is none. */
export async function describeUserNamespace(ctx: Ctx): Promise<UserNamespaceReport> {
  try {
    const namespace = await ensureUserNamespace(ctx);
    return { step: namespace.step, reason: namespace.reason, ids: namespace.uidMap.reduce((sum, [, , count]) => sum + count, 0) };
  } catch (error) {
    return { step: 'none', reason: messageOf(error), ids: 0 };
  }
}
