// Starts a build's worker, `skiff __work build`, as a container's supervisor is started: root of the user's namespace, mounts of its own, PID 1 of a
// pid namespace where there can be one, in a systemd scope where there is a manager for it. So what kills it, or us, kills every RUN and drops every mount.
// It is in a session of its own: Ctrl-C is the front's, which tells it by the end of its standard input.
import { closeSync, openSync } from 'node:fs';
import { scopeArgv } from '../../runtime/cgroup.ts';
import { openSharedNetns } from '../../runtime/network/shared-netns.ts';
import { choosePidNamespace, ownNamespacesArgv } from '../../runtime/pid-namespace.ts';
import { ensureUserNamespace, type UserNamespace } from '../../runtime/userns.ts';
import { childEnv } from '../../sys/child-env.ts';
import type { Ctx } from '../../sys/context.ts';
import { randomHex } from '../../sys/random.ts';
import { selfCommand } from '../../sys/self.ts';
import { createRunningHelp } from '../running-facts.ts';
import { type FollowOptions, followWorker, type Worker } from '../worker-client.ts';
import type { BuildCalls, BuildJob, BuildResult } from './model.ts';

/** The worker's first descriptor for an output: behind the standard ones, an empty place and the shared network namespace. */
export const FIRST_OUTPUT_FD = 5;

/** How long the worker may take to end its steps; every one of them is killed with it. */
const GRACE_MS = 1500;

export interface BuildWorkerOptions extends BuildCalls {
  /** What the worker has open from `FIRST_OUTPUT_FD` on, for outputs. */
  outputs?: readonly number[] | undefined;
}

/** Does the job in a worker. Throws the build's own EngineError, ERR_BAD_OPTION, ERR_INTERRUPTED or ERR_WORKER_DIED. */
export async function runBuildJob(ctx: Ctx, job: BuildJob, options: BuildWorkerOptions): Promise<BuildResult> {
  const { onEvent, signal } = options;
  signal.throwIfAborted();
  const { CgroupParent } = job.options.limits;
  if (CgroupParent) (await import('../../runtime/cgroup-parent.ts')).checkCgroupParent(ctx, CgroupParent);
  const namespace = await ensureUserNamespace(ctx);
  const help = createRunningHelp(ctx, namespace);
  let isScoped = false;
  const follow: FollowOptions = {
    onBuild: onEvent,
    onRunning: help.answer,
    onScoped: () => {
      isScoped = true;
    },
    signal,
    graceMs: GRACE_MS,
  };
  const scope = scopeArgv(ctx, { Id: randomHex(32), HostConfig: job.options.limits });
  const attempt = (prefix: string[]): Promise<BuildResult> =>
    followWorker(ctx, spawnWorker(ctx, { namespace, scope: prefix, outputs: options.outputs ?? [] }), { job, options: follow });
  try {
    if (scope.length === 0) return await attempt([]);
    return await attempt(scope).catch((error: unknown) => {
      if (isScoped || signal.aborted) throw error;
      ctx.warn("The build runs without a scope of systemd's, which systemd-run could not make");
      return attempt([]);
    });
  } finally {
    help.release();
  }
}

function spawnWorker(
  ctx: Ctx,
  { namespace, scope, outputs }: { namespace: UserNamespace; scope: string[]; outputs: readonly number[] },
): Worker {
  const { step } = choosePidNamespace(ctx, namespace);
  const netns = openSharedNetns(namespace);
  const nothing = openSync('/dev/null', 'r');
  try {
    return Bun.spawn([...scope, ...ownNamespacesArgv(namespace, step), ...selfCommand(), '__work', 'build'], {
      stdio: ['pipe', 'pipe', 'pipe', nothing, netns, ...outputs],
      cwd: '/',
      detached: true,
      env: { ...childEnv(ctx.env), SKIFF_ROOT: ctx.paths.data, SKIFF_RUNROOT: ctx.paths.run },
    });
  } finally {
    closeSync(netns);
    closeSync(nothing);
  }
}
