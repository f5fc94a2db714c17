// `build` for the front: what was asked becomes a job (context and Dockerfile found and read), one worker does it, and its events are handed on.

import type { Ctx } from '../sys/context.ts';
import { checkAttest } from './build/attest-check.ts';
import { resolveContext } from './build/context.ts';
import type { BuildCalls, BuildRequest, BuildResult } from './build/model.ts';
import { checkOutputs, placeOf } from './build/output-spec.ts';
import { FIRST_OUTPUT_FD, runBuildJob } from './build/worker.ts';

export interface BuildImageOptions extends BuildCalls {
  /** An open file for what an output with `dest=-` writes; undefined where that is a terminal. */
  stdout?: number | undefined;
}

/** Builds what is asked for. Throws ERR_OUTPUT, ERR_BAD_OUTPUT, ERR_DOCKERFILE and whatever else keeps it from its end (exit code 1), ERR_INTERRUPTED. */
export async function buildImage(ctx: Ctx, request: BuildRequest, options: BuildImageOptions): Promise<BuildResult> {
  checkOutputs(request.options);
  checkAttest(request.options.attest);
  const { job, release } = await resolveContext(ctx, request, options);
  try {
    const { outputs } = job.options;
    if (!outputs.some((output) => placeOf(output) !== undefined)) return await runBuildJob(ctx, job, options);
    const { withOutputs } = await import('./build/outputs.ts');
    const { stdout, signal } = options;
    return await withOutputs(outputs, { stdout, firstDescriptor: FIRST_OUTPUT_FD, warn: ctx.warn, signal }, (opened) =>
      runBuildJob(ctx, { ...job, options: { ...job.options, outputs: opened.outputs } }, { ...options, outputs: opened.descriptors }),
    );
  } finally {
    await release();
  }
}
