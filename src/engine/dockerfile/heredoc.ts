// `<<EOF`, `<<-EOF`, `<<"EOF"`, `3<<EOF` among the words of RUN, COPY and ADD, and the texts that follow the instruction, in the
// words' order. A quoted name (any part of it) keeps the text as it is.
import type { Heredoc } from './ast.ts';
import { DockerfileProblem } from './problem.ts';
import { expandWords, splitWords } from './words.ts';

export type HeredocWord = Omit<Heredoc, 'text'>;

/** Undefined for any other word. Throws a DockerfileProblem where quotes in the name do not end. */
export function heredocOf(word: string): HeredocWord | undefined {
  const [, descriptor = '', dash = '', rest = ''] = /^(\d*)<<(-?)([^<]*)$/.exec(word) ?? [];
  if (rest === '') return undefined;
  // `$NAME` in it is no variable.
  const [name, more] = expandWords(rest.replaceAll('$', '\\$'), new Map());
  if (name === undefined || more !== undefined) return undefined;
  return { name, isChomped: dash !== '', isExpanded: name === rest, descriptor: Number(descriptor) };
}

/** Those among an instruction's arguments, in order; `offset`: of `text` in its line. */
export function heredocsOf(text: string, offset = 0): HeredocWord[] {
  if (!text.includes('<<')) return [];
  return splitWords(text).flatMap(({ word, at }) => {
    try {
      return heredocOf(word) ?? [];
    } catch (error) {
      throw error instanceof DockerfileProblem ? new DockerfileProblem(error.message, { at: offset + at }) : error;
    }
  });
}

/** Tabs at the beginnings of lines, gone. */
export const chomped = (text: string): string => text.replace(/^\t+/gm, '');
