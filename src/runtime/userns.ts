// The user namespace that everything of one user runs in, kept alive by a sleeping process, the holder. Ladder (first that
// works, found once per boot): 1 `subuid` newuidmap with the user's sub-ids; 2 `root` the map is written directly by a root
// with CAP_SETUID; 3 `single` only the caller's own id; 4 `none` - refused, with the fix. Commands enter it by nsenter,
// because setns(CLONE_NEWUSER) needs a single-threaded process and Bun never is one. The holder also keeps the network namespace that
// networks are made in (network/shared-netns.ts).
import { join } from 'node:path';
import { readJson } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, messageOf } from '../sys/errors.ts';
import { tryLock } from '../sys/lock.ts';
import { isInUserNamespaceOf, kill, startTime } from '../sys/process.ts';
import { requireProgram } from '../sys/programs.ts';
import { SIGKILL } from '../sys/signals.ts';
import type { IdMap, UserNamespaceStep } from './idmap.ts';
import { isMended } from './userns-plans.ts';

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
  /** Its user namespace and its network namespace as links of /proc name them; absent where it is in the host's network. */
  userns?: string;
  netns?: string;
  /** No network namespace could be made. Holders of older builds have neither this nor that. */
  isNetless?: true;
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
    if (found && isGood(ctx, found)) return found;
    // Held while the holder is being made: its claim, which dies with us.
    const claim = tryLock(join(ctx.paths.run, 'holder.lock'));
    if (claim) {
      try {
        const old = readHolder(ctx);
        if (old && isGood(ctx, old)) return old;
        const { healHolder, makeHolder, renewHolder } = await import('./holder.ts');
        if (old && !canDoBetter(ctx, old)) return await renewHolder(ctx, old);
        const last = lastHolder(ctx);
        const healed = last && !old && !canDoBetter(ctx, last) ? await healHolder(ctx, last) : undefined;
        const made = healed ?? (await makeHolder(ctx));
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
  const last = lastHolder(ctx);
  return last && startTime(last.pid) === last.started ? last : undefined;
}

function lastHolder(ctx: Pick<Ctx, 'paths'>): UserNamespace | undefined {
  const value = readJson(holderPath(ctx)) as Partial<UserNamespace> | undefined;
  return value && typeof value.pid === 'number' && typeof value.started === 'string' ? (value as UserNamespace) : undefined;
}

/** Where the holder's record lies. */
export const holderPath = (ctx: Pick<Ctx, 'paths'>): string => join(ctx.paths.run, 'holder.json');

const isGood = (ctx: Ctx, holder: UserNamespace): boolean =>
  !canDoBetter(ctx, holder) && (holder.netns !== undefined || holder.isNetless === true);

// The user followed our advice: they should not have to wait for a reboot. Containers that run keep the namespace they have.
function canDoBetter(ctx: Ctx, { lacks }: UserNamespace): boolean {
  return lacks !== undefined && isMended(ctx);
}

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
