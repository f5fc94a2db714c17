// `--change` of commit and import: Dockerfile instructions that only touch an image's configuration, applied one after another as a build
// would, variables of earlier ones expanded. Messages have Docker's phrases.
import type { ImageRunConfig } from '../../storage/records.ts';
import { EngineError } from '../../sys/errors.ts';
import { applyInstruction, type ConfigDraft } from './apply.ts';
import type { Instruction } from './ast.ts';
import { parseInstructions } from './parse.ts';
import { DockerfileProblem } from './problem.ts';
import type { Variables } from './words.ts';

const KINDS = 'CMD, ENTRYPOINT, ENV, EXPOSE, HEALTHCHECK, LABEL, ONBUILD, SHELL, STOPSIGNAL, USER, VOLUME, WORKDIR';

/** The configuration with `changes` applied; `config` stays as it is. Throws ERR_CHANGE. */
export function applyChanges(config: ImageRunConfig, changes: readonly string[]): ImageRunConfig {
  const draft: ConfigDraft = { config: structuredClone(config), hasCmd: false };
  try {
    for (const instruction of instructionsOf(changes)) apply(draft, instruction);
  } catch (error) {
    if (!(error instanceof DockerfileProblem)) throw error;
    throw new EngineError('ERR_CHANGE', `Cannot apply the change: ${error.message}`);
  }
  return draft.config;
}

// One change may hold several lines.
function instructionsOf(changes: readonly string[]): Instruction[] {
  const instructions = changes.flatMap((change) => [...parseInstructions(change, refuseOthers)]);
  if (changes.length > 0 && instructions.length === 0) {
    throw new EngineError('ERR_CHANGE', 'file with no instructions: the changes given are empty', {
      hint: 'Give an instruction, such as: --change "CMD sh"',
    });
  }
  return instructions;
}

function refuseOthers(keyword: string, written: string): void {
  if (KINDS.split(', ').includes(keyword)) return;
  throw new EngineError('ERR_CHANGE', `${written} is not a valid change command`, { hint: `Use one of: ${KINDS}` });
}

function apply(draft: ConfigDraft, instruction: Instruction): void {
  // A build takes the words as one name, which nothing could run as.
  if (instruction.kind === 'user' && /\s/.test(instruction.word)) throw new DockerfileProblem('USER requires exactly one argument');
  const command = instruction.kind === 'cmd' || instruction.kind === 'entrypoint' ? instruction.command : undefined;
  const isEmpty = command?.form === 'shell' && command.line === '';
  // An empty one takes away what the image had.
  const applied = isEmpty ? { ...instruction, command: { form: 'exec' as const, words: [] } } : instruction;
  applyInstruction(draft, applied as Instruction, { variables: variablesOf(draft.config) });
}

/** An image's environment by name. */
export function variablesOf({ Env = [] }: ImageRunConfig): Variables {
  return new Map(
    Env.map((entry) => {
      const equals = entry.indexOf('=');
      return equals < 0 ? [entry, ''] : [entry.slice(0, equals), entry.slice(equals + 1)];
    }),
  );
}
