// The user namespace that everything of one user runs in, kept alive by a sleeping process, the holder. Ladder (first that
// works, found once per boot): 1 `subuid` newuidmap with the user's sub-ids; 2 `root` the map is written directly by a root
// with CAP_SETUID; 3 `single` only the caller's own id; 4 `none` - refused, with the fix. Commands enter it by nsenter,
// because setns(CLONE_NEWUSER) needs a single-threaded process and Bun never is one.
import { existsSync, mkdirSync, readFileSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, messageOf } from '../sys/errors.ts';
import { tryLock } from '../sys/lock.ts';
import { startTime } from '../sys/process.ts';
import { type IdMap, subordinateIds, type UserNamespaceStep } from './idmap.ts';
import { noUserNamespace } from './userns-advice.ts';

export interface UserNamespace {
  step: UserNamespaceStep;
  /** Why this step and not an earlier one: one clause for `info`. */
  reason: string;
  /** uid map as [inside, outside, count]. */
  uidMap: IdMap[];
  gidMap: IdMap[];
  /** Host pid of the holder. */
  pid: number;
  /** Start time of the holder: with the pid it names one process for ever. */
  started: string;
}

/** The argv prefix that runs a command as root of the user's namespace, which is made first where there is none. */
export async function userNamespaceArgv(ctx: Ctx): Promise<string[]> {
  return enterArgv(await ensureUserNamespace(ctx));
}

/** The argv prefix that enters `namespace`. */
export function enterArgv(namespace: UserNamespace): string[] {
  return ['nsenter', `--user=/proc/${namespace.pid}/ns/user`, '--preserve-credentials', '--'];
}

/** The user's namespace, made (under a lock of its own) where there is none. Throws ERR_NO_USER_NAMESPACE with the fix. */
export async function ensureUserNamespace(ctx: Ctx): Promise<UserNamespace> {
  for (let waitedMs = 0; ; waitedMs += 5) {
    const found = readHolder(ctx);
    if (found) return found;
    // Held while the holder is being made: its claim, which dies with us.
    const claim = tryLock(join(ctx.paths.run, 'holder.lock'));
    if (claim) {
      try {
        return readHolder(ctx) ?? (await makeHolder(ctx));
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

async function makeHolder(ctx: Ctx): Promise<UserNamespace> {
  mkdirSync(ctx.paths.run, { recursive: true, mode: 0o700 });
  const process_ = await spawnHolder(ctx);
  try {
    const mapped = mapIds(ctx, process_.pid);
    const namespace: UserNamespace = { ...mapped, pid: process_.pid, started: startTime(process_.pid) ?? '' };
    // If we die before this line the holder is an orphan that sleeps and holds nothing; the next command makes another.
    writeJsonAtomic(holderPath(ctx), namespace, { durable: false });
    process_.unref();
    return namespace;
  } catch (error) {
    process_.kill('SIGKILL');
    throw error;
  }
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

type Mapping = Pick<UserNamespace, 'step' | 'reason' | 'uidMap' | 'gidMap'>;

function mapIds(ctx: Ctx, pid: number): Mapping {
  const uid = process.geteuid?.() ?? 0;
  const gid = process.getegid?.() ?? 0;
  const forced = ctx.env.SKIFF_USERNS_STEP;
  let reason = '';
  if (!forced || forced === 'subuid') {
    const ids = subordinateIds(uid);
    if ('problem' in ids) reason = ids.problem;
    else {
      const uidMap: IdMap[] = [[0, uid, 1], ...ids.uids];
      const gidMap: IdMap[] = [[0, gid, 1], ...ids.gids];
      const problem = runMapTool('newuidmap', pid, uidMap) ?? runMapTool('newgidmap', pid, gidMap);
      if (!problem) return { step: 'subuid', reason: `${ids.count} subordinate ids and newuidmap`, uidMap, gidMap };
      reason = problem;
    }
  }
  if (uid === 0 && (!forced || forced === 'root')) {
    const identity = ownRanges('uid_map');
    const groups = ownRanges('gid_map');
    if (identity.length > 0 && writeMap(pid, 'uid_map', identity) && writeMap(pid, 'gid_map', groups)) {
      return { step: 'root', reason: `root with CAP_SETUID (${reason || 'asked for'})`, uidMap: identity, gidMap: groups };
    }
    reason = reason ? `${reason}; root here has no CAP_SETUID` : 'root here has no CAP_SETUID';
  }
  const uidMap: IdMap[] = [[0, uid, 1]];
  const gidMap: IdMap[] = [[0, gid, 1]];
  try {
    writeFileSync(`/proc/${pid}/setgroups`, 'deny');
  } catch {
    // Already denied by an outer namespace.
  }
  if (writeMap(pid, 'uid_map', uidMap) && writeMap(pid, 'gid_map', gidMap)) {
    return { step: 'single', reason: `only your own id is mapped: ${reason || 'asked for'}`, uidMap, gidMap };
  }
  throw noUserNamespace(`cannot write the id map of a new user namespace (${reason})`);
}

function runMapTool(tool: string, pid: number, map: IdMap[]): string | undefined {
  try {
    const done = Bun.spawnSync([tool, String(pid), ...map.flat().map(String)], { stdio: ['ignore', 'ignore', 'pipe'] });
    return done.exitCode === 0 ? undefined : `${tool} failed: ${done.stderr.toString().trim()}`;
  } catch {
    return `${tool} is not installed (apt-get install uidmap)`;
  }
}

function writeMap(pid: number, file: 'uid_map' | 'gid_map', map: IdMap[]): boolean {
  try {
    writeFileSync(`/proc/${pid}/${file}`, map.map((range) => range.join(' ')).join('\n'));
    return true;
  } catch {
    return false;
  }
}

// Every id this namespace has, mapped to itself.
function ownRanges(file: 'uid_map' | 'gid_map'): IdMap[] {
  return readFileSync(`/proc/self/${file}`, 'utf8')
    .trim()
    .split('\n')
    .map((line) => line.trim().split(/\s+/).map(Number))
    .map(([inside = 0, , count = 0]): IdMap => [inside, inside, count]);
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

/** Whether this process already is inside a user namespace other than the initial one. */
export function inNestedUserNamespace(): boolean {
  return existsSync('/proc/self/ns/user') && readlinkSync('/proc/self/ns/user') !== 'user:[4026531837]';
}
