// One build that a person watches: progress while it lasts, the end of it shown, Ctrl-C ends it in order; the files that are to tell of its result.
import type { BuildRequest, BuildResult } from '../engine/build/model.ts';
import { clearResultFiles, type ResultFiles, writeResultFiles } from '../engine/build/result-files.ts';
import { buildImage } from '../engine/build.ts';
import type { Ctx } from '../sys/context.ts';
import { type ProgressMode, showBuild } from './build-progress.ts';
import type { Io } from './command.ts';
import { interruptible } from './interruptible.ts';

export interface RunBuildOptions {
  io: Io;
  mode: ProgressMode;
  files: ResultFiles;
}

/** Throws as `buildImage`, once the progress has been brought to its end. */
export async function runBuild(ctx: Ctx, request: BuildRequest, { io, mode, files }: RunBuildOptions): Promise<BuildResult> {
  clearResultFiles(files);
  const progress = showBuild(ctx, io, { mode, explain: request.options.explain });
  // What a program reads is no terminal's.
  const stdout = io.stdoutIsTerminal ? undefined : 1;
  let isFailed = true;
  try {
    const result = await interruptible((signal) => buildImage(ctx, request, { onEvent: progress.onEvent, signal, stdout }));
    isFailed = false;
    progress.finish(false);
    writeResultFiles(result, files);
    return result;
  } finally {
    if (isFailed) progress.finish(true);
  }
}
