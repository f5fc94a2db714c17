// One instruction from its joined line: name, flags, arguments, as the rules of its kind have it. Problems are thrown with their offset
// in the line; who knows the file places them.
import type { Instruction } from './ast.ts';
import { readCommand, readRun } from './command-instructions.ts';
import { readCopy } from './copy-instruction.ts';
import { parseHealthcheck } from './healthcheck.ts';
import { cutLine, type InstructionLine, noFlags } from './instruction-line.ts';
import { jsonWords } from './json-form.ts';
import { readArg, readPairs } from './pairs-instructions.ts';
import { DockerfileProblem, didYouMean } from './problem.ts';

const READERS: Record<string, (line: InstructionLine) => Instruction> = {
  ADD: readCopy,
  ARG: readArg,
  CMD: readCommand,
  COPY: readCopy,
  ENTRYPOINT: readCommand,
  ENV: readPairs,
  EXPOSE: readWords,
  HEALTHCHECK: readHealthcheck,
  LABEL: readPairs,
  MAINTAINER: readWord,
  ONBUILD: readOnbuild,
  RUN: readRun,
  SHELL: readShell,
  STOPSIGNAL: readWord,
  USER: readWord,
  VOLUME: readWords,
  WORKDIR: readWord,
};

const INSTRUCTION_NAMES: readonly string[] = [...Object.keys(READERS), 'FROM'];

/** Throws a DockerfileProblem. FROM is not read here. */
export function readInstruction(line: InstructionLine): Instruction {
  const reader = Object.hasOwn(READERS, line.keyword) ? READERS[line.keyword] : undefined;
  if (reader) return reader(line);
  const [written = ''] = line.text.split(/\s/, 1);
  throw new DockerfileProblem(`unknown instruction: ${written}${didYouMean(written, INSTRUCTION_NAMES)}`, { at: 0 });
}

const atLeastOne = ({ keyword }: InstructionLine): DockerfileProblem => new DockerfileProblem(`${keyword} requires at least one argument`);

// The rest of the line is one argument, blanks in it too.
function readWord(line: InstructionLine): Instruction {
  noFlags(line);
  if (line.rest === '') throw new DockerfileProblem(`${line.keyword} requires exactly one argument`);
  const kind = line.keyword.toLowerCase() as 'user' | 'workdir' | 'stopsignal' | 'maintainer';
  return { ...line.common, kind, word: line.rest };
}

function readWords(line: InstructionLine): Instruction {
  noFlags(line);
  const isVolume = line.keyword === 'VOLUME';
  const words = (isVolume ? jsonWords(line.rest) : undefined) ?? line.rest.split(/\s+/).filter(Boolean);
  if (words.length === 0) throw atLeastOne(line);
  if (words.some((word) => word.trim() === '')) throw new DockerfileProblem('VOLUME specified can not be an empty string');
  return { ...line.common, kind: isVolume ? 'volume' : 'expose', words: words.map((word) => word.trim()) };
}

function readShell(line: InstructionLine): Instruction {
  noFlags(line);
  const words = jsonWords(line.rest);
  if (line.rest === '' || words?.length === 0) throw atLeastOne(line);
  if (!words) {
    throw new DockerfileProblem('SHELL requires the arguments to be in JSON form', {
      at: line.restAt,
      hint: `Write: SHELL ${JSON.stringify(line.rest.split(/\s+/))}`,
    });
  }
  return { ...line.common, kind: 'shell', words };
}

function readHealthcheck(line: InstructionLine): Instruction {
  const [name = ''] = /^\S+\s*/.exec(line.text) ?? [];
  const text = line.text.slice(name.length).trimEnd();
  shifted(name.length, () => parseHealthcheck(text));
  return { ...line.common, kind: 'healthcheck', text };
}

function readOnbuild(line: InstructionLine): Instruction {
  noFlags(line);
  if (line.rest === '') throw atLeastOne(line);
  const inner = cutLine(line.rest);
  if (inner.keyword === 'ONBUILD') throw new DockerfileProblem("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed", { at: line.restAt });
  if (inner.keyword === 'FROM' || inner.keyword === 'MAINTAINER') {
    throw new DockerfileProblem(`${inner.keyword} isn't allowed as an ONBUILD trigger`, { at: line.restAt });
  }
  // What could never be carried out is refused here, not when an image is built on this one.
  shifted(line.restAt, () => readInstruction({ ...line, ...inner }));
  const bodies = line.heredocs.map((one) => `\n${one.text}${one.name}`);
  return { ...line.common, kind: 'onbuild', trigger: line.rest + bodies.join('') };
}

/** Problems of a part of the line, with their offset in all of it. */
function shifted(offset: number, work: () => unknown): void {
  try {
    work();
  } catch (error) {
    if (!(error instanceof DockerfileProblem)) throw error;
    const at = error.at === undefined ? undefined : offset + error.at;
    throw new DockerfileProblem(error.message, { at, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}
