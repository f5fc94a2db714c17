// `bake --check` and `--call`: what the engine finds in each target's Dockerfile, one after another, each below its name where there are several.
import type { BakePlan } from '../engine/bake/model.ts';
import { type BakeCommon, targetBuild } from '../engine/bake/request.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError, messageOf } from '../sys/errors.ts';
import type { Io } from './command.ts';
import { type Call, callOf } from './flags-build.ts';
import { showInspection } from './inspect-build.ts';

export interface InspectBakeOptions {
  io: Io;
  /** What the command line asks for; a target's own `call` holds where that is a build. */
  call: Call;
  common: BakeCommon;
}

/** Answers the exit code: 1 where a check found something. Throws as `showInspection`. */
export async function inspectBake(ctx: Ctx, plan: BakePlan, { io, call, common }: InspectBakeOptions): Promise<number> {
  const targets = plan.targets.filter(({ isLinked }) => !isLinked);
  let exitCode = 0;
  for (const target of targets) {
    const { method, format } = call.method === 'build' ? ownCall(target.name, target.fields.call) : call;
    if (method === 'build') throw mixed(target.name);
    const { request, agents } = await targetBuild(ctx, target, common);
    try {
      if (targets.length > 1 && format === 'text') io.out(`[${target.name}]\n`);
      exitCode = Math.max(exitCode, await showInspection(ctx, request, { io, call: { method, format } }));
    } finally {
      agents.close();
    }
  }
  return exitCode;
}

function ownCall(target: string, text = 'build'): Call {
  try {
    return callOf(text);
  } catch (error) {
    throw new EngineError('ERR_BAKE_TARGET', `Target "${target}": invalid "call": ${messageOf(error)}`);
  }
}

const mixed = (target: string): EngineError =>
  new EngineError('ERR_BAKE_TARGET', `The target "${target}" is to be built, while others are only to be looked at`, {
    hint: 'Name the targets of one kind, or give --call for all',
  });
