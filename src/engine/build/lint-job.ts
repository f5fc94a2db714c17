// The lint rules over the Dockerfile of a job, with what this machine knows: the images in its store (no registry is asked), the files that the
// ignore rules leave out, the stages that the target needs.
import { formatPlatform, hostPlatform, normalisePlatform } from '../../oci/platform.ts';
import { readImageConfig } from '../../storage/image.ts';
import type { Platform } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import { EngineError } from '../../sys/errors.ts';
import { findLocalImage } from '../create/image.ts';
import type { Dockerfile, LintNote, Stage } from '../dockerfile/ast.ts';
import { ignoreMatcher } from './context/patterns.ts';
import type { BaseConfig } from './lint/stages.ts';
import { lintDockerfile } from './lint.ts';
import type { BuildJob, ContextSource } from './model.ts';
import { platformArgs } from './platform-args.ts';
import { readSources, type StageGraph, type StageNode } from './stage-graph.ts';

export interface LintedJob {
  notes: LintNote[];
  /** All base images were there to be looked at. */
  isSure: boolean;
}

/** `graph` is undefined where every stage counts (a check without a target). Throws ERR_DOCKERFILE. */
export function lintJob(ctx: Ctx, job: BuildJob, file: Dockerfile, graph?: StageGraph | undefined): LintedJob {
  const { options } = job;
  const needed = graph === undefined ? undefined : neededStages(graph);
  const target = options.platforms[0] ?? hostPlatform();
  const { buildArgs } = options;
  let isSure = true;
  const notes = lintDockerfile(file, {
    buildArgs,
    platformArgs: platformArgs(target, { build: hostPlatform(), stage: options.target, buildArgs }),
    isNeeded: needed && ((stage) => needed.has(stage)),
    // What stands in for it is not what its name says.
    imageConfig: (reference) => {
      if (Object.hasOwn(job.namedContexts, reference)) return undefined;
      const config = configOf(ctx, reference, options.platforms[0]);
      isSure &&= config !== undefined;
      return config;
    },
    isIgnored: ignoredBy(job.context),
  });
  return { notes, isSure };
}

/** The target, what it is built on, and what these read. */
export function neededStages(graph: StageGraph): Set<Stage> {
  const needed = new Set<Stage>();
  const add = ({ stage, base }: StageNode): void => {
    if (needed.has(stage)) return;
    needed.add(stage);
    if (base.kind === 'stage') add(base.node);
    for (const word of readSources(stage.instructions).flatMap(({ words }) => words)) {
      const source = graph.source(word);
      if (source.kind === 'stage') add(source.node);
    }
  };
  add(graph.target);
  return needed;
}

// As the build will choose it: an image for another platform does where none was asked for.
function configOf(ctx: Ctx, reference: string, asked: Platform | undefined): BaseConfig | undefined {
  try {
    const wanted = formatPlatform(asked ?? hostPlatform());
    const found = findLocalImage(ctx, reference, wanted) ?? (asked ? undefined : findLocalImage(ctx, reference));
    return found && { ...readImageConfig(ctx, found.image.id).config, platform: normalisePlatform(found.image.platform) };
  } catch (error) {
    // A note less; where it matters the build fails by it.
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}

// A folder of which exceptions bring something back is not left out.
function ignoredBy({ ignore }: ContextSource): ((path: string) => boolean) | undefined {
  if (!ignore || ignore.patterns.length === 0) return undefined;
  const matcher = ignoreMatcher(ignore);
  return (path) => {
    const clean = path.replace(/^(?:\.?\/+)+/, '').replace(/\/+(?:\.\/?)?$/, '');
    if (clean === '' || clean === '.' || clean.split('/').includes('..')) return false;
    const decisive = matcher.decisive(clean);
    return decisive !== undefined && !decisive.isException && !matcher.mayTakeBack(clean);
  };
}
