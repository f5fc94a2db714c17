// BuildKit's lint rules over one Dockerfile, as data: for `build --check`, and for the warnings that every build ends with. Nothing is read
// from the disk here: what the rules need to know of images and of the context comes in.
import type { EngineError } from '../../sys/errors.ts';
import type { CheckOptions, Dockerfile, LintNote, Stage } from '../dockerfile/ast.ts';
import { parseCheck } from '../dockerfile/directives.ts';
import { DockerfileProblem, dockerfileError } from '../dockerfile/problem.ts';
import { expandWord, type Variables } from '../dockerfile/words.ts';
import { lintFromLines } from './lint/from-line.ts';
import { noteOf, type Report } from './lint/rules.ts';
import { lintStages, type StageScope } from './lint/stages.ts';
import { lintWriting } from './lint/written.ts';

export interface LintOptions {
  buildArgs: Readonly<Record<string, string>>;
  /** BUILDPLATFORM, TARGETPLATFORM and their kind. */
  platformArgs: Variables;
  /** Rules about what a stage does hold for these alone; all where it is not given. */
  isNeeded?: ((stage: Stage) => boolean) | undefined;
  /** Environment and shell of an image that a stage begins with; undefined: not known. */
  imageConfig?: StageScope['imageConfig'] | undefined;
  /** Whether .dockerignore leaves out this path, or a folder above it. */
  isIgnored?: ((path: string) => boolean) | undefined;
}

/** Argument of a build that stands above `# check=`. */
const CHECK_ARGUMENT = 'BUILDKIT_DOCKERFILE_CHECK';

/** Notes in the order of their lines. Throws ERR_DOCKERFILE where the rules to leave out are malformed. */
export function lintDockerfile(file: Dockerfile, options: LintOptions): LintNote[] {
  const check = checkOptions(file, options.buildArgs);
  const notes: LintNote[] = [];
  const report: Report = (rule, span, message) => {
    const note = noteOf(rule, { span, message, check });
    if (note) notes.push(note);
  };
  const { buildArgs, platformArgs, isNeeded = () => true, imageConfig = () => undefined, isIgnored = () => false } = options;
  const globals = globalValues(file, { platformArgs, buildArgs });
  lintWriting(file, report);
  lintFromLines(file, { globals, defaults: globalValues(file, { platformArgs, buildArgs: {} }) }, report);
  lintStages(file, { globals, buildArgs, isNeeded, imageConfig, isIgnored }, report);
  return notes.sort((one, other) => one.span.start.line - other.span.start.line);
}

/** The error that notes are where the file asks for it (`# check=error=true`). */
export function lintFailure(file: Dockerfile, notes: readonly LintNote[], buildArgs: LintOptions['buildArgs']): EngineError | undefined {
  const [first] = notes;
  if (!first || !checkOptions(file, buildArgs).error) return undefined;
  const rules = [...new Set(notes.map(({ rule }) => rule))].sort();
  return dockerfileError(file, first.span.start, {
    message: `lint violation found for rules: ${rules.join(', ')}`,
    hint: first.message,
    span: first.span,
  });
}

function checkOptions(file: Dockerfile, buildArgs: LintOptions['buildArgs']): CheckOptions {
  const given = buildArgs[CHECK_ARGUMENT];
  if (given === undefined || given === '') return file.directives.check ?? { skip: [], experimental: [], error: false };
  try {
    return parseCheck(given);
  } catch (error) {
    if (!(error instanceof DockerfileProblem)) throw error;
    throw new DockerfileProblem(`--build-arg ${CHECK_ARGUMENT}: ${error.message}`, error.hint === undefined ? {} : { hint: error.hint });
  }
}

function globalValues(file: Dockerfile, { platformArgs, buildArgs }: Pick<LintOptions, 'platformArgs' | 'buildArgs'>): Variables {
  const values = new Map(platformArgs);
  for (const { name, value } of file.globalArgs.flatMap(({ args }) => args)) {
    const given = Object.hasOwn(buildArgs, name) ? buildArgs[name] : undefined;
    const known = given ?? (value === undefined ? undefined : expandDefault(value, values, file));
    if (known !== undefined) values.set(name, known);
  }
  return values;
}

function expandDefault(value: string, values: Variables, { directives }: Dockerfile): string | undefined {
  try {
    return expandWord(value, values, { escape: directives.escape });
  } catch (error) {
    // It fails as an error, when it is built.
    if (error instanceof DockerfileProblem) return undefined;
    throw error;
  }
}
