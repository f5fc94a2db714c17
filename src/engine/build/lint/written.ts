// Rules of how a Dockerfile is written, which no value of a variable changes. They hold for every stage, also for those that nobody needs.
import type { ArgInstruction, Dockerfile, Instruction, Span, Stage } from '../../dockerfile/ast.ts';
import type { Report } from './rules.ts';

const RESERVED = ['context', 'scratch'];

export function lintWriting(file: Dockerfile, report: Report): void {
  for (const span of file.emptyContinuations) report('NoEmptyContinuation', span, 'Empty continuation line');
  for (const arg of file.globalArgs) lintComments(arg, report);
  for (const stage of file.stages) lintFromLine(stage, report);
  lintStageNames(file.stages, report);
  lintCasing(file.stages, report);
  for (const instruction of file.stages.flatMap((stage) => stage.instructions)) {
    if (instruction.kind === 'arg') lintComments(instruction, report);
    if (instruction.kind === 'maintainer') {
      report('MaintainerDeprecated', instruction.span, 'Maintainer instruction is deprecated in favor of using label');
    }
  }
}

function lintFromLine(stage: Stage, report: Report): void {
  const { from, as, alias } = fromWords(stage);
  if (alias === undefined || as === undefined) return;
  if (alias !== alias.toLowerCase()) report('StageNameCasing', stage.span, `Stage name '${alias}' should be lowercase`);
  // A FROM of mixed case is another rule's.
  const wanted = isLower(from) ? as.toLowerCase() : isUpper(from) ? as.toUpperCase() : as;
  if (as !== wanted) report('FromAsCasing', stage.span, `'${as}' and '${from}' keywords' casing do not match`);
  lintDescription({ what: 'FROM', names: [alias.toLowerCase()], span: stage.span }, stage.comments, report);
}

/** The words of a FROM line as written. */
export function fromWords({ original }: Stage): { from: string; as?: string | undefined; alias?: string | undefined } {
  const [from = '', ...rest] = original.split(/\s+/);
  const [, as, alias] = rest.filter((word) => !word.startsWith('--'));
  return { from, as, alias };
}

function lintStageNames(stages: readonly Stage[], report: Report): void {
  const seen = new Set<string>();
  for (const { name, span } of stages) {
    if (name === undefined) continue;
    if (RESERVED.includes(name)) report('ReservedStageName', span, `'${name}' is reserved and should not be used as a stage name`);
    if (seen.has(name)) report('DuplicateStageName', span, `Duplicate stage name ${JSON.stringify(name)}, stage names should be unique`);
    seen.add(name);
  }
}

function lintCasing(stages: readonly Stage[], report: Report): void {
  const words = stages
    .flatMap((stage) => [stage, ...stage.instructions])
    .map(({ original, span }) => ({ word: firstWord(original), span }));
  const lower = words.filter(({ word }) => isLower(word)).length;
  const isMostlyLower = lower > words.filter(({ word }) => isUpper(word)).length;
  for (const { word, span } of words) {
    if (isMostlyLower ? isLower(word) : isUpper(word)) continue;
    const wanted = isMostlyLower ? 'lowercase' : 'uppercase';
    report('ConsistentInstructionCasing', span, `Command '${word}' should match the case of the command majority (${wanted})`);
  }
}

const lintComments = ({ args, comments, span }: ArgInstruction, report: Report): void =>
  lintDescription({ what: 'ARG', names: args.map(({ name }) => name), span }, comments, report);

// Only the comment's last line is right above.
function lintDescription(at: { what: string; names: string[]; span: Span }, comments: readonly string[], report: Report): void {
  const [described] = comments.at(-1)?.split(' ') ?? [];
  const [name = ''] = at.names;
  if (described === undefined || at.names.includes(described)) return;
  const example = at.names.length > 1 ? '<arg_key>' : name;
  report('InvalidDefinitionDescription', at.span, `Comment for ${at.what} should follow the format: \`# ${example} <description>\``);
}

export const firstWord = (original: Instruction['original']): string => original.split(/\s/, 1)[0] ?? '';
const isLower = (word: string): boolean => word === word.toLowerCase();
const isUpper = (word: string): boolean => word === word.toUpperCase();
