// A Dockerfile's text into stages and instructions. What is malformed is thrown as ERR_DOCKERFILE with its place.
import type { ArgInstruction, Dockerfile, Heredoc, Instruction, Stage } from './ast.ts';
import { readDirectives } from './directives.ts';
import { readFlags } from './flags.ts';
import { chomped } from './heredoc.ts';
import { readInstruction } from './instruction.ts';
import { announcedHeredocs, cutLine, type InstructionLine } from './instruction-line.ts';
import { createLineReader, type LineReader, type LogicalLine, spanOf } from './logical-lines.ts';
import { describedIn } from './pairs-instructions.ts';
import { DockerfileProblem, dockerfileError } from './problem.ts';

/** `name`: as messages show the file. Throws ERR_DOCKERFILE. */
export function parseDockerfile(text: string, name: string): Dockerfile {
  const file = emptyFile(text, name);
  for (const line of readLines(file, text)) {
    if (line.keyword === 'FROM') {
      file.stages.push(placed(file, line, () => readFrom(line, file.stages.length)));
      continue;
    }
    const instruction = placed(file, line, () => readInstruction(line));
    const stage = file.stages.at(-1);
    if (stage) stage.instructions.push(instruction);
    else if (instruction.kind === 'arg') file.globalArgs.push(instruction as ArgInstruction);
    else throw noStage(file, instruction);
  }
  if (file.stages.length > 0) return file;
  const isBlank = file.globalArgs.length === 0;
  throw dockerfileError(
    file,
    { line: Math.max(1, file.lines.length), column: 1 },
    {
      message: isBlank ? 'file with no instructions' : 'dockerfile contains no stages to build',
      hint: 'A Dockerfile begins with FROM, such as: FROM scratch',
    },
  );
}

/** One instruction of an image's OnBuild. `name`: as messages show where it comes from. Throws ERR_DOCKERFILE. */
export function parseTrigger(text: string, name: string): Instruction {
  const file = emptyFile(text, name);
  const [line, more] = [...readLines(file, text)];
  const start = { line: 1, column: 1 };
  if (!line || more) throw dockerfileError(file, start, { message: 'onbuild trigger should be a single expression' });
  return placed(file, line, () => {
    if (['FROM', 'MAINTAINER', 'ONBUILD'].includes(line.keyword)) {
      throw new DockerfileProblem(`${line.keyword} isn't allowed as an ONBUILD trigger`);
    }
    return readInstruction(line);
  });
}

/** Instructions without a file, of `--change`; `accept` may throw for a kind. Throws DockerfileProblems without places. */
export function* parseInstructions(text: string, accept: (keyword: string, written: string) => void): Generator<Instruction> {
  const reader = createLineReader(...linesOf(text), '\\');
  for (let logical = reader.next(); logical; logical = reader.next()) {
    const cut = cutLine(logical.text);
    accept(cut.keyword, logical.text.split(/\s/, 1)[0] ?? '');
    const common = { span: spanOf(logical, [], logical.last), original: logical.text.trimEnd(), comments: logical.comments };
    const heredocs = announcedHeredocs(cut, logical.text).map((word) => readHeredoc(reader, word));
    yield readInstruction({ ...cut, escape: '\\', heredocs, common });
  }
}

interface PlacedLine extends InstructionLine {
  logical: LogicalLine;
}

// Lines, and their ends.
function linesOf(text: string): [lines: string[], ends: string[]] {
  const lines = text.replace(/^\uFEFF/, '').split(/\r?\n/);
  // What follows the last line end is no line.
  if (lines.at(-1) === '') lines.pop();
  return [lines, text.match(/\r?\n/g) ?? []];
}

function emptyFile(text: string, name: string): Dockerfile {
  const [lines] = linesOf(text);
  return { name, lines, directives: { escape: '\\' }, globalArgs: [], stages: [], emptyContinuations: [] };
}

function* readLines(file: Dockerfile, text: string): Generator<PlacedLine> {
  let directiveLine = 1;
  try {
    file.directives = readDirectives(file.lines, (line) => {
      directiveLine = line;
    });
  } catch (error) {
    if (!(error instanceof DockerfileProblem)) throw error;
    throw dockerfileError(file, { line: directiveLine, column: 1 }, { message: error.message, hint: error.hint, isSyntax: true });
  }
  const reader = createLineReader(...linesOf(text), file.directives.escape);
  for (let logical = reader.next(); logical; logical = reader.next()) {
    const cut = cutLine(logical.text);
    const common = { span: spanOf(logical, file.lines, logical.last), original: logical.text.trimEnd(), comments: logical.comments };
    if (logical.hasEmptyContinuation) file.emptyContinuations.push(common.span);
    const line: PlacedLine = { ...cut, escape: file.directives.escape, heredocs: [], common, logical };
    for (const word of placed(file, line, () => announcedHeredocs(cut, logical.text))) {
      line.heredocs.push(placed(file, line, () => readHeredoc(reader, word)));
      common.span.end = { line: reader.line(), column: [...(file.lines[reader.line() - 1] ?? '')].length + 1 };
    }
    yield line;
  }
}

function readHeredoc(reader: LineReader, word: Omit<Heredoc, 'text'>): Heredoc {
  let text = '';
  for (let line = reader.nextRaw(); line; line = reader.nextRaw()) {
    if ((word.isChomped ? line.text.replace(/^\t+/, '') : line.text) === word.name)
      return { ...word, text: word.isChomped ? chomped(text) : text };
    text += line.text + line.end;
  }
  throw new DockerfileProblem('unterminated heredoc', { hint: `A line that is "${word.name}" alone has to end it` });
}

function placed<T>(file: Dockerfile, { logical, common }: PlacedLine, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DockerfileProblem)) throw error;
    const { message, hint, at } = error;
    throw dockerfileError(file, logical.placeOf(at ?? 0), { message, hint, span: common.span, isSyntax: true });
  }
}

function readFrom(line: InstructionLine, index: number): Stage {
  const words = line.rest.split(/\s+/).filter(Boolean);
  const [base = '', as, alias] = words;
  const hasName = words.length === 3 && as?.toLowerCase() === 'as';
  if (words.length !== 1 && !hasName) throw new DockerfileProblem('FROM requires either one or three arguments', { at: line.restAt });
  const name = hasName ? alias?.toLowerCase() : undefined;
  if (name !== undefined && !/^[a-z][a-z0-9-_.]*$/.test(name)) {
    const said = `invalid name for build stage: ${JSON.stringify(alias)}, name can't start with a number or contain symbols`;
    throw new DockerfileProblem(said, { at: line.restAt + line.rest.lastIndexOf(alias ?? '') });
  }
  const platform = readFlags(line.rawFlags, { platform: 'text' }).text('platform');
  const { span, original, comments } = line.common;
  const comment = name === undefined ? undefined : describedIn(comments, name);
  return { index, original, name, base, platform, instructions: [], span, comments, comment };
}

function noStage(file: Dockerfile, { span, original }: Instruction): Error {
  const [word = ''] = original.split(/\s/, 1);
  return dockerfileError(file, span.start, {
    message: 'no build stage in current context',
    hint: `Before the first FROM only ARG may stand, not ${word}`,
    span,
    isSyntax: true,
  });
}
