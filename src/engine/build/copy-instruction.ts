// COPY and ADD: from words and flags to a step, its key and its line of history. Of a stage or an image the step is known by where they stand
// before any file is read; of a folder only by its contents.
import { posix } from 'node:path';
import type { CopyInstruction } from '../dockerfile/ast.ts';
import { DockerfileProblem } from '../dockerfile/problem.ts';
import { noteStep } from './history.ts';
import { expandWith, shownInstruction } from './instruction-words.ts';
import type { CopyPlan, CopyStep } from './model.ts';
import { stopForShell } from './shell-at.ts';
import { filesOf, type SourceFiles } from './sources.ts';
import type { BuildSpot } from './spot.ts';
import { diffIdsOf, platformOf, type StageState, workdirOf } from './stage-state.ts';
import { identityOf, inputsOf, stepOf } from './step-inputs.ts';
import { chainKey, keyOf } from './step-key.ts';
import { doStep } from './steps.ts';

export async function doCopy(spot: BuildSpot, state: StageState, instruction: CopyInstruction): Promise<void> {
  const { solving, names, isTrigger } = spot;
  const { site } = solving;
  const files = await filesOf(solving, sourceOf(spot, instruction));
  const name = names.next(shownInstruction(instruction.original, state.env), state, isTrigger);
  const step = copyStep(spot, state, { instruction, files });
  await stopForShell(spot, state, { name });
  const parent = chainKey(diffIdsOf(state));
  // What is linked is made without looking at what lies below it, but for the names of owners.
  const below = step.link && !/[a-z]/i.test(step.chown ?? '') ? '' : parent;
  const counts = { ...resultParts(step), below };
  const early = keyOf('copy', { ...counts, ...sourceParts(step), source: files.key ?? files.name });
  let plan: Promise<CopyPlan> | undefined;
  const planned = (id: string): Promise<CopyPlan> => {
    plan ??= import('./copy-step.ts').then(({ planCopy }) => planCopy(site, { ...step, id }));
    return plan;
  };
  const identity = identityOf(spot, `${platformOf(state)} ${early}`);
  const result = await doStep(solving, {
    identity,
    name,
    ...stepOf(spot, state),
    key: files.key === undefined ? undefined : early,
    inputs: inputsOf(spot, { parent, instruction: instruction.original }),
    plan: async (id) => {
      const found = await planned(id);
      return {
        key: keyOf('copied', { ...counts, contentKey: found.contentKey }),
        get files() {
          return found.files;
        },
      };
    },
    work: async (id) => (await planned(id)).make(diffIdsOf(state)),
  });
  if (result.layer) {
    state.layers.push(result.layer);
    state.keys.push(result.key);
  }
  noteStep(state, copyText(step), { createdAt: solving.epoch ?? result.createdAt, hasLayer: result.layer !== undefined });
}

function sourceOf({ solving }: BuildSpot, { from }: CopyInstruction) {
  if (from === undefined) return undefined;
  if (/\$./.test(from)) {
    throw new DockerfileProblem(
      'variable expansion is not supported for --from, define a new stage with FROM using ARG from global scope as a workaround',
    );
  }
  return solving.graph.source(from);
}

function copyStep(
  { solving }: BuildSpot,
  state: StageState,
  { instruction, files }: { instruction: CopyInstruction; files: SourceFiles },
): CopyStep {
  const expand = expandWith(state.env, solving.graph.dockerfile.directives);
  const optional = (word: string | undefined): string | undefined => (word === undefined ? undefined : expand(word) || undefined);
  return {
    id: '',
    isAdd: instruction.kind === 'add',
    from: files.from,
    fromName: files.name,
    sources: instruction.sources.map((word) => expand(word)),
    inline: instruction.heredocs.map(({ name, text, isExpanded }) => ({ name, text: isExpanded ? expand.heredoc(text) : text })),
    dest: expand(instruction.dest),
    workdir: workdirOf(state),
    chown: optional(instruction.chown),
    chmod: optional(instruction.chmod),
    link: instruction.link,
    parents: instruction.parents,
    exclude: instruction.exclude.map((word) => expand(word)),
    checksum: optional(instruction.checksum),
    keepGitDir: instruction.keepGitDir,
    unpack: instruction.unpack,
  };
}

/** Which files of the source. */
const sourceParts = ({ sources, exclude, inline, checksum }: CopyStep) => ({
  sources,
  exclude,
  checksum,
  inline: inline.map(({ name, text }) => [name, text]),
});

/** What decides, beside the files, what comes of it. */
function resultParts({ isAdd, dest, workdir, chown, chmod, link, parents, keepGitDir, unpack }: CopyStep) {
  const path = posix.resolve('/', workdir, dest) + (/(?:^|\/)\.?$/.test(dest) ? '/' : '');
  return { isAdd, path, chown, chmod, link, parents, keepGitDir, unpack };
}

function copyText({ isAdd, parents, chown, chmod, sources, inline, dest }: CopyStep): string {
  return [
    isAdd ? 'ADD' : 'COPY',
    ...(parents ? ['--parents'] : []),
    ...(chown === undefined ? [] : [`--chown=${chown}`]),
    ...(chmod === undefined ? [] : [`--chmod=${chmod}`]),
    ...sources,
    ...inline.map(({ name }) => `<<${name}`),
    dest,
    '# buildkit',
  ].join(' ');
}
