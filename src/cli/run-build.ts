// One build that a person watches: progress while it lasts, the end of it shown, Ctrl-C ends it in order.
import type { BuildRequest, BuildResult } from '../engine/build/model.ts';
import { buildImage } from '../engine/build.ts';
import type { Ctx } from '../sys/context.ts';
import { type ProgressMode, showBuild } from './build-progress.ts';
import type { Io } from './command.ts';
import { interruptible } from './interruptible.ts';

const STDOUT = 1;

/** Throws as `buildImage`, once the progress has been brought to its end. */
export async function runBuild(ctx: Ctx, request: BuildRequest, { io, mode }: { io: Io; mode: ProgressMode }): Promise<BuildResult> {
  const stdout = io.stdoutIsTerminal ? undefined : STDOUT;
  const progress = showBuild(ctx, io, mode);
  let isFailed = true;
  try {
    const result = await interruptible((signal) => buildImage(ctx, request, { onEvent: progress.onEvent, stdout, signal }));
    isFailed = false;
    return result;
  } finally {
    progress.finish(isFailed);
  }
}
