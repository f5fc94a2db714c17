// A bake that a person watches: the steps of all its targets as one build's, each named with its target.
import type { BakePlan } from '../engine/bake/model.ts';
import type { BakeCommon } from '../engine/bake/request.ts';
import { bakeTargets } from '../engine/bake/run.ts';
import type { BuildEvent } from '../engine/build/model.ts';
import { writeBakeMetadata } from '../engine/build/result-files.ts';
import type { Ctx } from '../sys/context.ts';
import { errnoOf } from '../sys/errors.ts';
import { type ProgressMode, showBuild } from './build-progress.ts';
import type { Io } from './command.ts';
import { interruptible } from './interruptible.ts';
import { BrokenPipe } from './io.ts';

export interface RunBakeOptions {
  io: Io;
  mode: ProgressMode;
  common: BakeCommon;
  metadataFile: string | undefined;
}

/** Throws as `bakeTargets`, once the progress has been brought to its end. */
export async function runBake(ctx: Ctx, plan: BakePlan, { io, mode, common, metadataFile }: RunBakeOptions): Promise<void> {
  const progress = showBuild(ctx, io, { mode, explain: common.explain });
  const stdout = io.stdoutIsTerminal ? undefined : 1;
  const onEvent = (target: string, event: BuildEvent): void => progress.onEvent(ofTarget(target, event));
  let isFailed = true;
  try {
    const results = await interruptible((signal) => bakeTargets(ctx, plan, { ...common, onEvent, signal, stdout }));
    isFailed = false;
    progress.finish(false);
    if (metadataFile !== undefined) writeBakeMetadata(results, metadataFile);
  } catch (error) {
    // Who read an archive on standard output has left.
    throw errnoOf(error) === 'EPIPE' ? new BrokenPipe() : error;
  } finally {
    if (isFailed) progress.finish(true);
  }
}

/** `[builder 2/4] RUN make` of the target `app` is `[app builder 2/4] RUN make`. */
function ofTarget(target: string, event: BuildEvent): BuildEvent {
  if (event.type === 'kept') return event;
  if (event.type === 'warning') return { ...event, id: event.id === undefined ? undefined : `${target}/${event.id}` };
  const id = `${target}/${event.id}`;
  if (event.type !== 'step') return { ...event, id };
  const name = event.name.startsWith('[') ? `[${target} ${event.name.slice(1)}` : `[${target}] ${event.name}`;
  return { ...event, id, name, inputs: event.inputs.map((input) => `${target}/${input}`) };
}
