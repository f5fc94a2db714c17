// ENV, LABEL and ARG: `name=value …`, for ENV and LABEL also the old `name value with blanks`. Which form it is shows in the first word.
import type { Instruction } from './ast.ts';
import { type InstructionLine, noFlags } from './instruction-line.ts';
import { DockerfileProblem } from './problem.ts';
import { splitWords } from './words.ts';

export function readPairs(line: InstructionLine): Instruction {
  noFlags(line);
  const kind = line.keyword === 'ENV' ? 'env' : 'label';
  const words = splitWords(line.rest, line.escape);
  const [first] = words;
  if (!first) throw new DockerfileProblem(`${line.keyword} requires at least one argument`);
  if (!first.word.includes('=')) {
    const [, name = '', value] = /^(\S+)\s+([\s\S]*)$/.exec(line.rest) ?? [];
    if (value === undefined) throw new DockerfileProblem(`${line.keyword} must have two arguments`, { at: line.restAt });
    return { ...line.common, kind, pairs: [{ name, value }], isOld: true };
  }
  const pairs = words.map(({ word, at }) => {
    const equals = word.indexOf('=');
    if (equals < 0) {
      throw new DockerfileProblem(`Syntax error - can't find = in ${JSON.stringify(word)}. Must be of the form: name=value`, {
        at: line.restAt + at,
      });
    }
    if (equals === 0) throw blankName(line, at);
    return { name: word.slice(0, equals), value: word.slice(equals + 1) };
  });
  return { ...line.common, kind, pairs, isOld: false };
}

export function readArg(line: InstructionLine): Instruction {
  noFlags(line);
  const words = splitWords(line.rest, line.escape);
  if (words.length === 0) throw new DockerfileProblem('ARG requires at least one argument');
  const args = words.map(({ word, at }) => {
    const equals = word.indexOf('=');
    if (equals === 0) throw blankName(line, at);
    const name = equals < 0 ? word : word.slice(0, equals);
    return { name, value: equals < 0 ? undefined : word.slice(equals + 1), comment: describedIn(line.common.comments, name) };
  });
  return { ...line.common, kind: 'arg', args };
}

/** Of the comment that begins with `name`, what follows. */
export function describedIn(comments: readonly string[], name: string): string | undefined {
  return comments
    .find((comment) => comment.startsWith(`${name} `))
    ?.slice(name.length + 1)
    .trim();
}

const blankName = ({ keyword, restAt }: InstructionLine, at: number): DockerfileProblem =>
  new DockerfileProblem(`${keyword} names can not be blank`, { at: restAt + at });
