// Rules of FROM whose words have variables: undeclared ones, defaults that make no image name, platforms that are constant or needless.
import { parsePlatform } from '../../../oci/platform.ts';
import { parseReference } from '../../../oci/reference.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { Dockerfile, Stage } from '../../dockerfile/ast.ts';
import { DockerfileProblem, didYouMean } from '../../dockerfile/problem.ts';
import { expandWord, type Variables } from '../../dockerfile/words.ts';
import type { Report } from './rules.ts';

export interface FromScope {
  /** Platform variables and global ARGs, with the build's arguments. */
  globals: Variables;
  /** The same without the build's arguments. */
  defaults: Variables;
}

export function lintFromLines(file: Dockerfile, { globals, defaults }: FromScope, report: Report): void {
  const declared = [...globals.keys(), ...file.globalArgs.flatMap(({ args }) => args.map(({ name }) => name))];
  for (const stage of file.stages) {
    reportUndeclared(stage, use(stage.base, globals).unset);
    lintDefault(stage);
    if (stage.platform !== undefined) lintPlatform(stage, stage.platform);
  }

  function use(word: string, variables: Variables): { text: string | undefined; set: string[]; unset: string[] } {
    const set = new Set<string>();
    const unset = new Set<string>();
    const onUse = (name: string, isSet: boolean) => (isSet ? set : unset).add(name);
    let text: string | undefined;
    try {
      text = expandWord(word, variables, { escape: file.directives.escape, onUse });
    } catch (error) {
      // It fails as an error, where it is needed.
      if (!(error instanceof DockerfileProblem)) throw error;
    }
    return { text, set: [...set], unset: [...unset] };
  }

  function reportUndeclared({ span }: Stage, names: readonly string[]): void {
    for (const name of names) {
      if (declared.includes(name)) continue;
      report('UndefinedArgInFrom', span, `FROM argument '${name}' is not declared${didYouMean(name, declared)}`);
    }
  }

  function lintDefault({ base, span }: Stage): void {
    if (!base.includes('$')) return;
    const { text } = use(base, defaults);
    if (text !== undefined && !isImageName(text)) {
      report('InvalidDefaultArgInFrom', span, `Default value for ARG ${base} results in empty or invalid base image name`);
    }
  }

  function lintPlatform(stage: Stage, word: string): void {
    const { text, set, unset } = use(word, globals);
    reportUndeclared(stage, unset);
    if (set.length === 1 && unset.length === 0 && set[0] === 'TARGETPLATFORM' && text === globals.get('TARGETPLATFORM')) {
      report(
        'RedundantTargetPlatform',
        stage.span,
        `Setting platform to predefined ${word} in FROM is redundant as this is the default behavior`,
      );
    }
    if (set.length > 0 || unset.length > 0 || text === undefined) return;
    const platform = platformOf(text);
    // A stage that is named for it means it.
    if (!platform || stage.name?.includes(platform.os) || stage.name?.includes(platform.architecture)) return;
    const said = `FROM --platform flag should not use constant value ${JSON.stringify(text)}`;
    report('FromPlatformFlagConstDisallowed', stage.span, said);
  }
}

function isImageName(text: string): boolean {
  try {
    parseReference(text);
    return true;
  } catch (error) {
    if (error instanceof EngineError) return false;
    throw error;
  }
}

/** Undefined for what is none. */
export function platformOf(text: string): ReturnType<typeof parsePlatform> | undefined {
  try {
    return parsePlatform(text);
  } catch (error) {
    if (error instanceof EngineError) return undefined;
    throw error;
  }
}
