// Where a container's processes live. Ladder: `own` - the supervisor is PID 1 of a pid namespace of its own, and the kernel kills
// everything with it; `shared` - none, because no /proc of its own could be mounted: so it is inside most containers, whose /proc is
// masked, and a container without a true /proc is of no use. Then the supervisor is a subreaper and a guard stands by it.
import { join } from 'node:path';
import { readJson, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { ensureUserNamespace, enterArgv, type UserNamespace } from './userns.ts';

export type PidNamespaceStep = 'own' | 'shared';

export interface PidNamespaceChoice {
  step: PidNamespaceStep;
  /** One clause for `info`. */
  reason: string;
}

const STEPS: readonly PidNamespaceStep[] = ['own', 'shared'];

/** The step for a container that starts in `namespace`; SKIFF_PIDNS_STEP forces one. Probed once per boot. Throws ERR_PIDNS_STEP. */
export function choosePidNamespace(ctx: Ctx, namespace: UserNamespace): PidNamespaceChoice {
  const forced = ctx.env.SKIFF_PIDNS_STEP;
  if (forced) {
    const step = STEPS.find((known) => known === forced);
    if (step) return { step, reason: 'asked for' };
    throw new EngineError('ERR_PIDNS_STEP', `Unknown pid namespace step "${forced}" in SKIFF_PIDNS_STEP`, {
      hint: `Use one of: ${STEPS.join(', ')}`,
      exitCode: 125,
    });
  }
  const cache = join(ctx.paths.run, 'pidns.json');
  const cached = readJson(cache) as (PidNamespaceChoice & { holder?: string }) | undefined;
  if (cached && cached.holder === namespace.started && STEPS.includes(cached.step)) return cached;
  const choice = probe(namespace);
  writeJsonAtomic(cache, { ...choice, holder: namespace.started }, { durable: false });
  if (choice.step === 'shared') ctx.warn(`Containers see the processes of this sandbox, and it theirs: ${choice.reason}`);
  return choice;
}

/**
 * The argv prefix of a process that is to have mounts of its own, and to be PID 1 of a pid namespace where there can be one: when it dies,
 * however it dies, the kernel kills all that it started.
 */
export function ownNamespacesArgv(namespace: UserNamespace, step: PidNamespaceStep): string[] {
  const pids = step === 'own' ? ['--pid', '--fork', '--kill-child=SIGKILL'] : [];
  return [...enterArgv(namespace), 'unshare', '--mount', '--propagation', 'slave', ...pids, '--'];
}

/** What `info` shows. */
export async function describePidNamespace(ctx: Ctx): Promise<PidNamespaceChoice> {
  return choosePidNamespace(ctx, await ensureUserNamespace(ctx));
}

function probe(namespace: UserNamespace): PidNamespaceChoice {
  const argv = [...enterArgv(namespace), 'unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'true'];
  const done = Bun.spawnSync(argv, { cwd: '/', stdio: ['ignore', 'ignore', 'pipe'] });
  if (done.exitCode === 0) return { step: 'own', reason: 'a pid namespace with a /proc of its own' };
  const said = done.stderr.toString().trim().split('\n')[0];
  return { step: 'shared', reason: `no /proc can be mounted here, as in containers that mask theirs (${said})` };
}
