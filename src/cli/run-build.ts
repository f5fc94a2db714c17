// One build that a person watches: progress while it lasts, the end of it shown, Ctrl-C ends it in order; the files that are to tell of its result.
import type { BuildEvent, BuildRequest, BuildResult, KeptShell } from '../engine/build/model.ts';
import { clearResultFiles, type ResultFiles, writeResultFiles } from '../engine/build/result-files.ts';
import { buildImage } from '../engine/build.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { type ProgressMode, showBuild } from './build-progress.ts';
import type { Io } from './command.ts';
import { interruptible } from './interruptible.ts';
import { BrokenPipe } from './io.ts';
import { reportOf } from './report.ts';

export interface RunBuildOptions {
  io: Io;
  mode: ProgressMode;
  files: ResultFiles;
}

/** Throws as `buildImage`, once the progress has been brought to its end. `exitCode`: of a build that a shell was opened for. */
export async function runBuild(
  ctx: Ctx,
  request: BuildRequest,
  { io, mode, files }: RunBuildOptions,
): Promise<{ result: BuildResult; exitCode: 0 } | { exitCode: number; result?: undefined }> {
  clearResultFiles(files);
  let shell: KeptShell | undefined;
  const progress = showBuild(ctx, io, { mode, explain: request.options.explain });
  // What a program reads is no terminal's.
  const stdout = io.stdoutIsTerminal ? undefined : 1;
  const onEvent = (event: BuildEvent): void => {
    if (event.type === 'kept') shell = event.shell;
    progress.onEvent(event);
  };
  let result: BuildResult;
  try {
    result = await interruptible((signal) => buildImage(ctx, request, { onEvent, signal, stdout }));
    progress.finish(false);
  } catch (error) {
    progress.finish(true);
    // Who read the archive on standard output has left.
    if (errnoOf(error) === 'EPIPE') throw new BrokenPipe();
    if (!shell || !request.options.keepFailed) throw error;
    const { text, exitCode } = reportOf(error, { debug: ctx.env.SKIFF_DEBUG !== undefined });
    io.err(text);
    await inShell(ctx, io, shell);
    return { exitCode };
  }
  if (result.shell) {
    await inShell(ctx, io, result.shell);
    return { exitCode: 0 };
  }
  writeResultFiles(result, files);
  return { result, exitCode: 0 };
}

async function inShell(ctx: Ctx, io: Io, shell: KeptShell): Promise<void> {
  const { openBuildShell } = await import('./build-shell.ts');
  await openBuildShell(ctx, io, shell);
}
