// One stage: its base, then its instructions in order. It is begun when somebody needs it and built once for each platform; what its
// instructions read of elsewhere is begun with it, so that it is ready when its turn comes.
import { normalisePlatform } from '../../oci/platform.ts';
import { digestOf } from '../../storage/digest.ts';
import type { ImageConfig, Platform } from '../../storage/records.ts';
import type { Instruction } from '../dockerfile/ast.ts';
import { applyConfig } from './config-instructions.ts';
import { doCopy } from './copy-instruction.ts';
import { historyOfBase } from './history.ts';
import { doRun } from './run-instruction.ts';
import { begin, type Solving } from './solving.ts';
import { filesOf, imageOf, prefetch } from './sources.ts';
import { type BuildSpot, locatedAt, locating } from './spot.ts';
import { readSources, type StageNode } from './stage-graph.ts';
import { emptyState, inheritState, openEnvironment, type StageState } from './stage-state.ts';
import { stepNames } from './step-names.ts';
import { triggersOf } from './triggers.ts';
import { doWorkdir } from './workdir-instruction.ts';

/** The stage as it is at its end. */
export function stageOf(solving: Solving, node: StageNode): Promise<StageState> {
  const known = solving.stages.get(node);
  if (known) return known;
  const building = begin(
    solving,
    buildStage(solving, node).catch((error: unknown) => {
      solving.site.stop(error);
      throw error;
    }),
  );
  solving.stages.set(node, building);
  return building;
}

async function buildStage(solving: Solving, node: StageNode): Promise<StageState> {
  const { dockerfile } = solving.graph;
  const names = stepNames(solving, node);
  await beginSources(solving, readSources(node.stage.instructions));
  const spot: BuildSpot = { solving, node, names, position: 0, isTrigger: false, span: node.stage.span };
  const { state, triggers } = await locating(dockerfile, node.stage.span, () => beginStage(spot));
  openEnvironment(state);
  const inherited = triggersOf(triggers, node);
  names.add(inherited);
  await beginSources(solving, readSources(inherited));
  for (const instruction of inherited) await carryOut({ ...spot, position: spot.position++, isTrigger: true }, state, instruction);
  for (const instruction of node.stage.instructions)
    await carryOut({ ...spot, position: spot.position++, span: instruction.span }, state, instruction);
  return state;
}

async function beginSources(solving: Solving, sources: ReturnType<typeof readSources>): Promise<void> {
  const { dockerfile } = solving.graph;
  for (const { span, words } of sources) {
    await locating(dockerfile, span, async () => {
      for (const word of words) prefetch(solving, solving.graph.source(word), (error) => locatedAt(dockerfile, span, error));
    });
  }
}

function carryOut(spot: BuildSpot, state: StageState, instruction: Instruction): Promise<void> {
  const { solving, span } = spot;
  const { graph, job, epoch, site } = solving;
  return locating(graph.dockerfile, span, async () => {
    site.signal.throwIfAborted();
    switch (instruction.kind) {
      case 'run':
        return doRun(spot, state, instruction);
      case 'copy':
      case 'add':
        return doCopy(spot, state, instruction);
      case 'workdir':
        return doWorkdir(spot, state, instruction);
      default:
        applyConfig(state, instruction, {
          rules: graph.dockerfile.directives,
          buildArgs: job.options.buildArgs,
          globals: graph.globals,
          epoch,
        });
    }
  });
}

interface Beginning {
  state: StageState;
  /** ONBUILD of the base, as written. */
  triggers: string[];
}

async function beginStage({ solving, node, names }: BuildSpot): Promise<Beginning> {
  const { base } = node;
  const platform = node.platform ?? solving.target;
  switch (base.kind) {
    case 'scratch':
      return { state: emptyState(platform), triggers: [] };
    case 'stage': {
      const before = await stageOf(solving, base.node);
      return { state: inheritState(before), triggers: before.config.OnBuild ?? [] };
    }
    case 'image': {
      const isPlatformGiven = node.platform !== undefined || solving.isPlatformGiven;
      const nameStep = (name: string): string => names.next(`FROM ${name}`, { platform, env: new Map() });
      const image = await imageOf(solving, base.reference, platform, { nameStep, isPlatformGiven });
      if (names.at === 0) names.next('', { platform, env: new Map() });
      const state = stateOfImage(image.config, { platform, isPlatformGiven });
      state.layers = [...image.layers];
      state.keys = image.layers.map(() => undefined);
      return { state, triggers: image.config.config?.OnBuild ?? [] };
    }
    case 'context':
      return { state: await stateOfContext(solving, base, platform), triggers: [] };
    default:
      return base satisfies never;
  }
}

function stateOfImage(config: ImageConfig, { platform, isPlatformGiven }: { platform: Platform; isPlatformGiven: boolean }): StageState {
  const { OnBuild: _, ...runConfig } = config.config ?? {};
  const own = normalisePlatform({ os: config.os, architecture: config.architecture, variant: config.variant });
  return {
    ...emptyState(isPlatformGiven ? { ...own, ...platform } : own),
    config: structuredClone(runConfig),
    author: config.author,
    history: historyOfBase(config),
    baseCreated: config.created,
  };
}

/** A folder in place of a base image: its files are the root. */
async function stateOfContext(
  solving: Solving,
  source: Extract<StageNode['base'], { kind: 'context' }>,
  platform: Platform,
): Promise<StageState> {
  const state = emptyState(platform);
  const files = await filesOf(solving, source);
  if (files.from.kind === 'layers') return state;
  const { planCopy } = await import('./copy-step.ts');
  const plan = await planCopy(solving.site, {
    id: digestOf(`context ${source.name}`),
    isAdd: false,
    from: files.from,
    fromName: files.name,
    sources: ['.'],
    inline: [],
    dest: '/',
    workdir: '/',
    link: false,
    parents: false,
    exclude: [],
    keepGitDir: false,
  });
  const layer = await plan.make([]);
  if (layer) {
    state.layers.push(layer);
    state.keys.push(undefined);
  }
  return state;
}
