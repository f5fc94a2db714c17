// What a step is compared by with the last time: for --explain; and which of its stage's steps use the cache.
import { digestOf } from '../../storage/digest.ts';
import type { StepInputs } from './model.ts';
import { type BuildSpot, locatedAt } from './spot.ts';
import { platformOf, type StageState } from './stage-state.ts';
import type { LayerStep } from './steps.ts';

export interface InputParts {
  parent: string;
  instruction: string;
  state?: StageState;
  mounts?: readonly string[];
}

export function inputsOf(spot: BuildSpot, { parent, instruction, state, mounts }: InputParts): StepInputs {
  return {
    slot: slotOf(spot),
    parent,
    instruction: instruction.split('\n', 1)[0] ?? '',
    ...(state ? { args: Object.fromEntries(state.env) } : {}),
    ...(mounts?.length ? { mounts } : {}),
  };
}

/** One of a kind for each step of a build; two platforms that do the very same share it. */
export const identityOf = ({ node, position }: BuildSpot, key: string): string => `${node.index} ${position} ${key}`;

/** Neither --no-cache nor --no-cache-filter says otherwise. */
function useCacheOf({ solving, node }: BuildSpot): boolean {
  const { noCache, noCacheFilter } = solving.job.options;
  const names = [node.stage.name, String(node.index)];
  return !noCache && !noCacheFilter.some((name) => names.includes(name.toLowerCase()));
}

/** What most steps tell of themselves alike. */
export function stepOf(spot: BuildSpot, state: StageState): Pick<LayerStep, 'platform' | 'useCache' | 'locate'> {
  const { solving, span } = spot;
  return { platform: platformOf(state), useCache: useCacheOf(spot), locate: (error) => locatedAt(solving.graph.dockerfile, span, error) };
}

function slotOf({ solving, node, position }: BuildSpot): string {
  const { context, dockerfile } = solving.job;
  return digestOf(JSON.stringify([context.folder, dockerfile.name, node.stage.name ?? node.index, position]));
}
