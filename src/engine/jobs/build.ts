// A whole build in its worker: what every step is given, then the solver, then the exporters. What it makes and uses is protected by one claim
// until records reach it. Told to give up, it has a moment to end its steps in order; then the worker goes, and the kernel ends what is left.
import { SHARED_NETNS_FD } from '../../runtime/network/shared-netns.ts';
import { type Claim, claim } from '../../storage/claim.ts';
import type { Ctx } from '../../sys/context.ts';
import { messageOf } from '../../sys/errors.ts';
import { closeOnExec } from '../../sys/fd.ts';
import { randomHex } from '../../sys/random.ts';
import { withBuildkitArgs } from '../build/buildkit-args.ts';
import type { BuildJob, BuildResult, BuildSite } from '../build/model.ts';
import { endRunning, provideRunning } from '../build/running.ts';
import { createSlots } from '../build/slots.ts';
import { openCache } from '../build/step-cache.ts';
import { StoppedForShell } from '../build/stopped.ts';
import type { BuildTools, JobTools } from './tools.ts';

const GRACE_MS = 1000;

/** Throws what keeps the build from its end; what the cache has of it by then stays there. */
export async function build(ctx: Ctx, asked: BuildJob, tools: JobTools & BuildTools): Promise<BuildResult> {
  const job: BuildJob = { ...asked, options: withBuildkitArgs(asked.options) };
  closeOnExec(SHARED_NETNS_FD);
  for (const { descriptor } of job.options.outputs) if (descriptor !== undefined) closeOnExec(descriptor);
  // The user's own is for files that the user makes.
  process.umask(0o022);
  const hold = claimBuild(ctx);
  const failing = new AbortController();
  const signal = AbortSignal.any([tools.signal, failing.signal]);
  const site: BuildSite = {
    ctx,
    hold,
    signal,
    stop: (reason) => failing.abort(reason),
    cache: await openCache({ ctx, hold, signal, options: job.options }),
    tell: tools.tellBuild,
    slots: createSlots(job.options.jobs),
    context: job.context,
    namedContexts: job.namedContexts,
    options: job.options,
  };
  provideRunning(site, tools.askRunning);
  const aborted = Promise.withResolvers<never>();
  tools.signal.addEventListener('abort', () => aborted.reject(tools.signal.reason), { once: true });
  aborted.promise.catch(() => undefined);
  const work = solveAndExport(site, job);
  work.catch(() => undefined);
  try {
    return await Promise.race([work, aborted.promise]);
  } catch (error) {
    if (error instanceof StoppedForShell) return { images: [], metadata: {}, shell: error.shell };
    throw error;
  } finally {
    // A build that failed keeps what it had done.
    if (!tools.signal.aborted) await Promise.race([site.cache.settled(), aborted.promise]).catch((error) => ctx.warn(messageOf(error)));
    if (tools.signal.aborted) await Promise.race([work.catch(() => undefined), Bun.sleep(GRACE_MS)]);
    await endRunning(site);
    hold.release();
    if (!tools.signal.aborted) site.cache.trim();
  }
}

async function solveAndExport(site: BuildSite, job: BuildJob): Promise<BuildResult> {
  const { solve } = await import('../build/solve.ts');
  const images = await site.cache.inlined(await solve(site, job));
  const { outputs } = job.options;
  const isKept = outputs.length === 0 || outputs.some(({ type }) => type !== 'cacheonly');
  if (isKept) await site.cache.need(images.flatMap(({ layers }) => layers.map(({ diffId }) => diffId)));
  const { exportBuild } = await import('../build/export.ts');
  const result = await exportBuild(site, images, job.dockerfile);
  await site.cache.export(site, images);
  return result;
}

function claimBuild(ctx: Ctx): Claim {
  for (;;) {
    const hold = claim(ctx, `build-${randomHex(8)}`);
    if (hold) return hold;
  }
}
