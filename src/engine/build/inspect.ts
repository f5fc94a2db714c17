// `build --check`, `--call check|outline|targets`: what a build would say of its Dockerfile, without building anything. The context is found
// as for a build; no worker is started and no registry asked.
import { hostPlatform } from '../../oci/platform.ts';
import type { Ctx } from '../../sys/context.ts';
import type { Dockerfile, LintNote } from '../dockerfile/ast.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { excerpt } from '../dockerfile/problem.ts';
import { resolveContext } from './context.ts';
import { ruleDescription } from './lint/rules.ts';
import { lintJob, neededStages } from './lint-job.ts';
import type { BuildCalls, BuildJob, BuildRequest } from './model.ts';
import { listTargets, type Outline, outlineOf, type Target } from './outline.ts';
import { platformArgs } from './platform-args.ts';
import { type StageGraph, stageGraph } from './stage-graph.ts';

/** A lint note as it is shown. */
export interface CheckedNote extends LintNote {
  /** What its rule is about. */
  description: string;
  /** Its place and the lines around it. */
  excerpt: string;
}

export type Inspection =
  | { method: 'check'; file: Dockerfile; notes: CheckedNote[] }
  | { method: 'outline'; file: Dockerfile; outline: Outline }
  | { method: 'targets'; file: Dockerfile; targets: Target[] };

export interface InspectOptions extends BuildCalls {
  method: Inspection['method'];
}

/** Throws as a build would: ERR_BUILD_CONTEXT, ERR_DOCKERFILE, ERR_NO_SUCH_STAGE. */
export async function inspectBuild(ctx: Ctx, request: BuildRequest, options: InspectOptions): Promise<Inspection> {
  const { job, release } = await resolveContext(ctx, request, options);
  try {
    const file = parseDockerfile(job.dockerfile.text, job.dockerfile.name);
    return inspectFile(ctx, job, { file, method: options.method });
  } finally {
    await release();
  }
}

function inspectFile(ctx: Ctx, job: BuildJob, { file, method }: { file: Dockerfile; method: Inspection['method'] }): Inspection {
  if (method === 'targets') return { method, file, targets: listTargets(file) };
  const graph = graphOf(job, file);
  if (method === 'outline') {
    const { target } = graph;
    const { buildArgs } = job.options;
    const outline = outlineOf(file, { target: target.stage, needed: neededStages(graph), buildArgs, platformArgs: argsOf(job) });
    return { method, file, outline };
  }
  // Without a target all of the file is looked at.
  const { notes } = lintJob(ctx, job, file, job.options.target ? graph : undefined);
  return { method, file, notes: notes.map((note) => shown(file, note)) };
}

function graphOf(job: BuildJob, file: Dockerfile): StageGraph {
  const { namedContexts, options } = job;
  return stageGraph(file, { platformArgs: argsOf(job), buildArgs: options.buildArgs, namedContexts, target: options.target });
}

const argsOf = ({ options }: BuildJob): Map<string, string> =>
  platformArgs(options.platforms[0] ?? hostPlatform(), { build: hostPlatform(), stage: options.target, buildArgs: options.buildArgs });

const shown = (file: Dockerfile, note: LintNote): CheckedNote => ({
  ...note,
  description: ruleDescription(note.rule),
  excerpt: excerpt(file, note.span.start, note.span),
});
