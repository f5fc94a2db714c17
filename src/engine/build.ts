// `build` for the front: what was asked becomes a job (context and Dockerfile found and read), one worker does it, and its events are handed on.

import type { Ctx } from '../sys/context.ts';
import { resolveContext } from './build/context.ts';
import type { BuildCalls, BuildRequest, BuildResult } from './build/model.ts';
import { runBuildJob } from './build/worker.ts';

export interface BuildImageOptions extends BuildCalls {
  /** An open file for what `--output -` writes. */
  output?: number | undefined;
}

/** Builds what is asked for. Throws ERR_DOCKERFILE and whatever else keeps it from its end (exit code 1), ERR_INTERRUPTED. */
export async function buildImage(ctx: Ctx, request: BuildRequest, options: BuildImageOptions): Promise<BuildResult> {
  const { job, release } = await resolveContext(ctx, request, options);
  try {
    return await runBuildJob(ctx, job, options);
  } finally {
    await release();
  }
}
