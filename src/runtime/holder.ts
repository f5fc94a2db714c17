// The process that keeps the user namespace and, in it, the network namespace that networks are made in: made anew, or, when it was killed
// while containers run, made again inside the namespaces that their supervisors still hold, so that containers of before and after are on
// the same networks. If we die on the way, the new holder is an orphan that sleeps and holds nothing; the next command makes another.
import { mkdirSync, readlinkSync } from 'node:fs';
import { containerIds, isRunning, lastState } from '../storage/container.ts';
import { writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { kill, startTime } from '../sys/process.ts';
import { requireProgram } from '../sys/programs.ts';
import { SIGKILL } from '../sys/signals.ts';
import { SHARED_NETNS_FD } from './network/shared-netns.ts';
import { sweepUplinks } from './network/uplink-sweep.ts';
import { enterArgv, holderPath, type UserNamespace } from './userns.ts';
import { noUserNamespace } from './userns-advice.ts';
import { choosePlans, type Plan } from './userns-plans.ts';

/** Makes a user namespace and its holder. Throws ERR_NO_USER_NAMESPACE with the fix, ERR_NO_PROGRAM. */
export async function makeHolder(ctx: Ctx): Promise<UserNamespace> {
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

/** A new holder in the namespaces of the killed one `last`, if a supervisor in them lives; undefined when none does. */
export async function healHolder(ctx: Ctx, last: UserNamespace): Promise<UserNamespace | undefined> {
  if (last.userns === undefined) return undefined;
  for (const pid of supervisors(ctx)) {
    if (linkOf(pid, 'ns/user') !== last.userns) continue;
    const enter = ['nsenter', `--user=/proc/${pid}/ns/user`, '--preserve-credentials'];
    const shared = `fd/${SHARED_NETNS_FD}`;
    const hasNetns = last.netns !== undefined && linkOf(pid, shared) === last.netns;
    const holder = hasNetns
      ? await spawnHolder(ctx, [...enter, `--net=/proc/${pid}/${shared}`, '--'])
      : await spawnHolder(ctx, [...enter, '--', 'unshare', '--net', '--']);
    if ('refusal' in holder) continue;
    return settle(ctx, holder.child, record(last, holder.child.pid));
  }
  return undefined;
}

/** In place of a living holder that has no network namespace, as those of older builds, one in the same user namespace that has. */
export async function renewHolder(ctx: Ctx, old: UserNamespace): Promise<UserNamespace> {
  const holder = await spawnHolder(ctx, [...enterArgv(old), 'unshare', '--net', '--']);
  if (!('refusal' in holder)) {
    const renewed = settle(ctx, holder.child, record(old, holder.child.pid));
    kill(old.pid, SIGKILL);
    return renewed;
  }
  const netless: UserNamespace = { ...old, isNetless: true };
  writeJsonAtomic(holderPath(ctx), netless, { durable: false });
  return netless;
}

// As the host's pids; those that are dead, or were never written, lead to no namespace.
function supervisors(ctx: Ctx): number[] {
  return containerIds(ctx)
    .filter((id) => isRunning(ctx, id))
    .flatMap((id) => lastState(ctx, id)?.SupervisorPid || []);
}

async function tryPlan(
  ctx: Ctx,
  plan: Plan,
  { problems, lacks }: { problems: string[]; lacks: string | undefined },
): Promise<UserNamespace | string> {
  // Where no network namespace can be made, containers without networks can still run.
  let holder = await spawnHolder(ctx, ['unshare', '--user', '--net', '--']);
  if ('refusal' in holder) holder = await spawnHolder(ctx, ['unshare', '--user', '--']);
  if ('refusal' in holder) throw noUserNamespace(holder.refusal);
  const { child } = holder;
  const problem = plan.apply(child.pid, plan);
  if (problem !== undefined) {
    child.kill('SIGKILL');
    return problem;
  }
  const refusal = mountRefusal(child.pid);
  if (refusal !== undefined) {
    child.kill('SIGKILL');
    throw noUserNamespace(`it was made, but gives no right to mount: ${refusal}`);
  }
  const { step, uidMap, gidMap } = plan;
  const reason = step === 'single' && problems.length > 0 ? `${plan.reason}: ${problems.join('; ')}` : plan.reason;
  const namespace = settle(ctx, child, record({ step, reason, uidMap, gidMap, ...(lacks === undefined ? {} : { lacks }) }, child.pid));
  if (step === 'single' && problems.length > 0) ctx.warn(`Containers have one user id, yours: ${problems.join('; ')}`);
  return namespace;
}

type Map = Pick<UserNamespace, 'step' | 'reason' | 'uidMap' | 'gidMap' | 'lacks'>;

function record({ step, reason, uidMap, gidMap, lacks }: Map, pid: number): UserNamespace {
  const netns = linkOf(pid, 'ns/net');
  const isOwn = netns !== '' && netns !== readlinkSync('/proc/self/ns/net');
  return {
    ...{ step, reason, uidMap, gidMap, ...(lacks === undefined ? {} : { lacks }) },
    ...{ pid, started: startTime(pid) ?? '', userns: linkOf(pid, 'ns/user') },
    ...(isOwn ? { netns } : { isNetless: true }),
  };
}

/** From now on it is the holder. What was kept for the network namespaces of others, that are no more, goes. */
function settle(ctx: Ctx, child: Bun.Subprocess, holder: UserNamespace): UserNamespace {
  writeJsonAtomic(holderPath(ctx), holder, { durable: false });
  child.unref();
  sweepUplinks(ctx, holder.netns);
  return holder;
}

function linkOf(pid: number, file: string): string {
  try {
    return readlinkSync(`/proc/${pid}/${file}`);
  } catch {
    return '';
  }
}

// AppArmor's way on Ubuntu 24.04: the namespace is there and worth nothing.
function mountRefusal(pid: number): string | undefined {
  const done = Bun.spawnSync([...enterArgv({ pid }), 'unshare', '--mount', 'true'], { stdio: ['ignore', 'ignore', 'pipe'] });
  return done.exitCode === 0 ? undefined : done.stderr.toString().trim();
}

type Spawned = { child: Bun.Subprocess<'ignore', 'pipe', 'pipe'> } | { refusal: string };

async function spawnHolder(ctx: Ctx, within: string[]): Promise<Spawned> {
  // The echo says that the namespaces are there; then sh becomes the sleeper.
  const script = 'echo made; exec sleep 2147483647 >/dev/null 2>&1';
  const child = Bun.spawn([...within, 'sh', '-c', script], {
    stdio: ['ignore', 'pipe', 'pipe'],
    cwd: '/',
    detached: true,
    env: { PATH: ctx.env.PATH ?? '/usr/sbin:/usr/bin:/sbin:/bin' },
  });
  const reader = child.stdout.getReader();
  const { done } = await reader.read();
  if (done) return { refusal: (await new Response(child.stderr).text()).trim() };
  await reader.cancel();
  return { child };
}
