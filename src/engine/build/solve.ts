// From a Dockerfile to images: the stages that are needed, side by side, once for each platform. The first step that fails ends the others; whatever
// was begun has ended when this returns or throws.
import { hostPlatform } from '../../oci/platform.ts';
import type { Platform } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import type { Dockerfile } from '../dockerfile/ast.ts';
import { parseDockerfile } from '../dockerfile/parse.ts';
import { rfc3339 } from './export/finish.ts';
import { builtImage } from './image-config.ts';
import { lintFailure } from './lint.ts';
import { lintJob } from './lint-job.ts';
import type { BuildJob, BuildSite, BuiltImage } from './model.ts';
import { platformArgs } from './platform-args.ts';
import { removeScratch } from './scratch-folder.ts';
import { noSuchStep } from './shell-at.ts';
import type { SharedWork, Solving } from './solving.ts';
import { stageOf } from './stage.ts';
import { type StageGraph, stageGraph } from './stage-graph.ts';

/** The result for each platform, in the order they were asked for. Throws ERR_DOCKERFILE and what steps throw, in BuildKit's words. */
export async function solve(site: BuildSite, job: BuildJob): Promise<BuiltImage[]> {
  const shared: SharedWork = { bases: new Map(), steps: new Map(), begun: [] };
  try {
    const dockerfile = parse(site, job);
    const { platforms } = job.options;
    const wanted = platforms.length > 0 ? platforms : [hostPlatform()];
    const solvings = wanted.map((target) => solvingFor(site, { job, dockerfile, target, shared }));
    const noted = new Set<string>();
    const isLinted = lint(site, { job, dockerfile, graph: solvings[0]?.graph, noted });
    const images = await Promise.all(solvings.map(imageFor));
    // Images that were not here before are now, with the variables that they set.
    if (!isLinted) lint(site, { job, dockerfile, graph: solvings[0]?.graph, noted });
    if (job.options.shellAt !== undefined) throw noSuchStep(job.options.shellAt);
    return images;
  } catch (error) {
    site.stop(error);
    throw explained(site, error);
  } finally {
    // While one is waited for, it may begin another.
    for (let count = -1; count < shared.begun.length; ) {
      count = shared.begun.length;
      await Promise.allSettled(shared.begun);
    }
    removeScratch(site);
  }
}

function parse(site: BuildSite, { dockerfile: { name, text } }: BuildJob): Dockerfile {
  const id = 'load build definition';
  site.tell({ type: 'step', id, name: `[internal] load build definition from ${name}`, inputs: [], isInternal: true });
  site.tell({ type: 'started', id, at: Date.now() });
  const dockerfile = parseDockerfile(text, name);
  site.tell({ type: 'ended', id, at: Date.now(), result: 'done' });
  return dockerfile;
}

/** Tells of notes that are not among `noted`; answers whether nothing more can be found later. Throws ERR_DOCKERFILE where the file asks for that. */
function lint(site: BuildSite, { job, dockerfile, graph, noted }: Linted): boolean {
  const { notes, isSure } = lintJob(site.ctx, job, dockerfile, graph);
  const failure = lintFailure(dockerfile, notes, job.options.buildArgs);
  if (failure) throw failure;
  for (const { rule, message, url, span } of notes) {
    const key = JSON.stringify([rule, message, span.start.line]);
    if (noted.has(key)) continue;
    noted.add(key);
    site.tell({ type: 'warning', rule, message, url, line: span.start.line });
  }
  return isSure;
}

interface Linted {
  job: BuildJob;
  dockerfile: Dockerfile;
  graph: StageGraph | undefined;
  noted: Set<string>;
}

interface Wanted {
  job: BuildJob;
  dockerfile: Dockerfile;
  target: Platform;
  shared: SharedWork;
}

function solvingFor(site: BuildSite, { job, dockerfile, target, shared }: Wanted): Solving {
  const { options, namedContexts } = job;
  const { buildArgs } = options;
  const graph = stageGraph(dockerfile, {
    platformArgs: platformArgs(target, { build: hostPlatform(), stage: options.target, buildArgs }),
    buildArgs,
    namedContexts,
    target: options.target,
  });
  return {
    site,
    job,
    graph,
    target,
    isPlatformGiven: options.platforms.length > 0,
    isMulti: options.platforms.length > 1,
    epoch: options.sourceDateEpoch === undefined ? undefined : rfc3339(options.sourceDateEpoch),
    stages: new Map(),
    shared,
  };
}

async function imageFor(solving: Solving): Promise<BuiltImage> {
  const state = await stageOf(solving, solving.graph.target);
  return builtImage(state, { labels: solving.job.options.labels, epoch: solving.epoch });
}

/** What others threw because a step failed is not the reason; the first failure is. */
function explained(site: BuildSite, error: unknown): unknown {
  const first: unknown = site.signal.aborted ? site.signal.reason : error;
  if (!(first instanceof EngineError) || first.exitCode === 130) return first;
  const { code, message, hint, exitCode } = first;
  return new EngineError(code, `failed to solve: ${message}`, { exitCode, cause: first, ...(hint === undefined ? {} : { hint }) });
}
