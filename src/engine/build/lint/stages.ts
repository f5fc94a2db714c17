// Rules that follow a stage's instructions one after another, with the variables that each of them sees: what stages hand on to those that are
// built on them is kept. A stage whose base image is not known is never said to use undefined variables.
import { formatPlatform } from '../../../oci/platform.ts';
import type { Platform } from '../../../storage/records.ts';
import type { Dockerfile, Instruction, PairsInstruction, Stage } from '../../dockerfile/ast.ts';
import { DockerfileProblem, didYouMean } from '../../dockerfile/problem.ts';
import { expandHeredoc, expandWord } from '../../dockerfile/words.ts';
import { platformOf } from './from-line.ts';
import type { Report } from './rules.ts';
import { lintExpose, lintSecretName } from './values.ts';
import { firstWord } from './written.ts';

/** What the rules need to know of a base image. */
export interface BaseConfig {
  Env?: string[] | undefined;
  Shell?: string[] | null | undefined;
  /** Undefined: any will do. */
  platform?: Platform | undefined;
}

export interface StageScope {
  globals: ReadonlyMap<string, string>;
  buildArgs: Readonly<Record<string, string>>;
  /** Of the image of this name; undefined: it is not known. */
  imageConfig: (reference: string) => BaseConfig | undefined;
  isNeeded: (stage: Stage) => boolean;
  /** Whether the context leaves out this path. */
  isIgnored: (path: string) => boolean;
}

interface State {
  env: Map<string, string>;
  /** ARGs that are declared, with a value or without. */
  args: Set<string>;
  isKnown: boolean;
  hasShell: boolean;
  hasWorkdir: boolean;
}

/** A variable that some builders read from ARGs, without anybody using it. */
const NEVER_USED = ['BUILDKIT_SBOM_SCAN_CONTEXT', 'BUILDKIT_SBOM_SCAN_STAGE'];

export function lintStages(file: Dockerfile, scope: StageScope, report: Report): void {
  const words = { escape: file.directives.escape };
  const states = new Map<string, State>();
  for (const stage of file.stages) {
    const say: Report = scope.isNeeded(stage) ? report : () => {};
    const state = beginning(stage, say);
    follow(stage, state, say);
    if (stage.name !== undefined) states.set(stage.name, state);
  }

  function beginning(stage: Stage, say: Report): State {
    const word = expandQuietly(stage.base);
    const base = states.get(word.toLowerCase());
    if (base) return { ...base, env: new Map(base.env), args: new Set(base.args) };
    const config = word === 'scratch' ? {} : scope.imageConfig(word);
    if (config?.platform) lintPlatform(stage, { name: word, actual: config.platform }, say);
    const env = new Map((config?.Env ?? []).map((entry) => entry.split(/=(.*)/s, 2) as [string, string]));
    return { env, args: new Set(), isKnown: config !== undefined, hasShell: (config?.Shell ?? []).length > 0, hasWorkdir: false };
  }

  function lintPlatform({ platform, span }: Stage, { name, actual }: { name: string; actual: Platform }, say: Report): void {
    // One that is asked for is fetched.
    const wanted = platform === undefined ? platformOf(scope.globals.get('TARGETPLATFORM') ?? '') : undefined;
    if (!wanted || (wanted.os === actual.os && wanted.architecture === actual.architecture)) return;
    const said = `Base image ${name} was pulled with platform "${formatPlatform(actual)}", expected "${formatPlatform(wanted)}" for current build`;
    say('InvalidBaseImagePlatform', span, said);
  }

  function expandQuietly(word: string): string {
    try {
      return expandWord(word, scope.globals, words);
    } catch (error) {
      if (error instanceof DockerfileProblem) return word;
      throw error;
    }
  }

  function follow(stage: Stage, state: State, say: Report): void {
    const last = new Map<string, Instruction>();
    for (const instruction of stage.instructions) {
      const { kind, span } = instruction;
      if (kind === 'cmd' || kind === 'entrypoint' || kind === 'healthcheck') {
        const before = last.get(kind);
        const said = `Multiple ${firstWord(instruction.original)} instructions should not be used in the same stage because only the last one will be used`;
        // What is told of is the one that is lost.
        if (before) say('MultipleInstructionsDisallowed', before.span, said);
        last.set(kind, instruction);
      }
      if ((kind === 'cmd' || kind === 'entrypoint') && instruction.command.form === 'shell' && !state.hasShell) {
        const name = firstWord(instruction.original);
        say('JSONArgsRecommended', span, `JSON arguments recommended for ${name} to prevent unintended behavior related to OS signals`);
      }
      lintOne(instruction, state, say);
    }
  }

  function lintOne(instruction: Instruction, state: State, say: Report): void {
    const unset = new Set<string>();
    const known = [...state.env.keys()];
    const expand = (word: string): string => expanded(word, state, unset);
    switch (instruction.kind) {
      case 'arg':
        for (const { name, value } of instruction.args) {
          lintSecretName({ what: 'ARG', name, span: instruction.span }, say);
          declare(state, name, value, expand);
        }
        break;
      case 'env':
      case 'label':
        setPairs(instruction, state, { say, expand });
        break;
      case 'workdir': {
        const path = expand(instruction.word);
        if (!state.hasWorkdir && !path.startsWith('/')) {
          say(
            'WorkdirRelativePath',
            instruction.span,
            `Relative workdir ${JSON.stringify(path)} can have unexpected results if the base image changes`,
          );
        }
        state.hasWorkdir = true;
        break;
      }
      case 'copy':
      case 'add':
        lintCopy(instruction, { say, expand });
        for (const { text, isExpanded } of instruction.heredocs) if (isExpanded) expandHeredocQuietly(text, state, unset);
        break;
      case 'user':
      case 'stopsignal':
        expand(instruction.word);
        break;
      case 'volume':
        for (const word of instruction.words) expand(word);
        break;
      case 'expose':
        lintExpose(instruction, say);
        break;
      case 'shell':
        state.hasShell = true;
        break;
      case 'run':
        for (const mount of instruction.mounts) expand(mount);
        break;
    }
    if (!state.isKnown) return;
    for (const name of unset) {
      if (state.args.has(name) || NEVER_USED.includes(name)) continue;
      const [, near = ''] = /did you mean (\w+)/.exec(didYouMean(name, known)) ?? [];
      say('UndefinedVar', instruction.span, `Usage of undefined variable '$${name}'${near === '' ? '' : ` (did you mean $${near}?)`}`);
    }
  }

  function declare(state: State, name: string, value: string | undefined, expand: (word: string) => string): void {
    const given = Object.hasOwn(scope.buildArgs, name) ? scope.buildArgs[name] : undefined;
    const known = given ?? (value === undefined ? scope.globals.get(name) : expand(value));
    if (known !== undefined) state.env.set(name, known);
    state.args.add(name);
  }

  // All values see the variables as they were before the instruction.
  function setPairs({ kind, pairs, isOld, span, original }: PairsInstruction, state: State, { say, expand }: Saying): void {
    const name = firstWord(original);
    if (isOld) say('LegacyKeyValueFormat', span, `"${name} key=value" should be used instead of legacy "${name} key value" format`);
    const set = pairs.map((pair) => [expand(pair.name), expand(pair.value)] as const);
    if (kind === 'label') return;
    for (const [key, value] of set) {
      lintSecretName({ what: 'ENV', name: key, span }, say);
      state.env.set(key, value);
    }
  }

  function lintCopy(instruction: Extract<Instruction, { kind: 'copy' | 'add' }>, { say, expand }: Saying): void {
    const { kind, sources, dest, from, span } = instruction;
    for (const word of [...(instruction.chown ? [instruction.chown] : []), ...(instruction.chmod ? [instruction.chmod] : []), dest])
      expand(word);
    for (const source of sources) {
      const path = expand(source);
      if (from !== undefined || /^(?:https?:\/\/|git@|git:\/\/|ssh:\/\/)/.test(path) || !scope.isIgnored(path)) continue;
      const verb = kind === 'add' ? 'Add' : 'Copy';
      say('CopyIgnoredFile', span, `Attempting to ${verb} file ${JSON.stringify(path)} that is excluded by .dockerignore`);
    }
  }

  function expanded(word: string, { env }: State, unset: Set<string>): string {
    try {
      return expandWord(word, env, { ...words, onUse: (name, isSet) => isSet || unset.add(name) });
    } catch (error) {
      // It fails as an error, when it is built.
      if (error instanceof DockerfileProblem) return word;
      throw error;
    }
  }

  function expandHeredocQuietly(text: string, { env }: State, unset: Set<string>): void {
    try {
      expandHeredoc(text, env, { onUse: (name, isSet) => isSet || unset.add(name) });
    } catch (error) {
      if (!(error instanceof DockerfileProblem)) throw error;
    }
  }
}

interface Saying {
  say: Report;
  expand: (word: string) => string;
}
