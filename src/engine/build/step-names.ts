// How progress names the steps of a stage: `[linux/arm64 builder 2/5] RUN make`. Counted are FROM of an image and what may make a layer.
import { formatPlatform } from '../../oci/platform.ts';
import type { Instruction } from '../dockerfile/ast.ts';
import type { Solving } from './solving.ts';
import type { StageNode } from './stage-graph.ts';
import type { StageState } from './stage-state.ts';

export interface StepNames {
  /** The name of the next step. */
  next(text: string, state: Pick<StageState, 'platform' | 'env'>, isTrigger?: boolean): string;
  /** ONBUILD brought more instructions. */
  add(instructions: readonly Instruction[]): void;
  /** The number of the step that `next` named last. */
  readonly at: number;
}

export function stepNames({ isMulti }: Pick<Solving, 'isMulti'>, node: StageNode): StepNames {
  let total = (node.base.kind === 'image' ? 1 : 0) + countOf(node.stage.instructions);
  let at = 0;
  return {
    next(text, { platform, env }, isTrigger = false) {
      at++;
      const words = [
        ...(isMulti ? [formatPlatform(platform) + crossing(platform.architecture, env)] : []),
        ...(node.label === '' ? [] : [node.label]),
        `${String(at).padStart(String(total).length)}/${total}`,
      ];
      return `[${words.join(' ')}] ${isTrigger ? 'ONBUILD ' : ''}${text}`;
    },
    add(instructions) {
      total += countOf(instructions);
    },
    get at() {
      return at;
    },
  };
}

const countOf = (instructions: readonly Instruction[]): number =>
  instructions.filter(({ kind }) => kind === 'run' || kind === 'copy' || kind === 'add' || kind === 'workdir').length;

/** `->arm64` where a stage of one architecture builds for another. */
function crossing(architecture: string, env: ReadonlyMap<string, string>): string {
  const target = env.get('TARGETPLATFORM')?.split('/')[1] ?? env.get('TARGETARCH');
  return target === undefined || target === '' || target === architecture ? '' : `->${target}`;
}
