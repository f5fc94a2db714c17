// An instruction's joined line, cut up: name, flags, what follows; and the heredocs that it announces, whose texts are in the next lines.
import type { Heredoc, Span } from './ast.ts';
import { type Flags, type RawFlag, readFlags, takeFlags } from './flags.ts';
import { type HeredocWord, heredocsOf } from './heredoc.ts';
import { jsonWords } from './json-form.ts';

/** An instruction's line, cut up. */
export interface InstructionLine {
  /** Upper case. */
  keyword: string;
  text: string;
  rawFlags: RawFlag[];
  /** What follows the flags, without blanks around it. */
  rest: string;
  restAt: number;
  escape: '\\' | '`';
  /** Whole once the lines that follow have been read. */
  heredocs: Heredoc[];
  common: { span: Span; original: string; comments: string[] };
}

/** Name, flags and what follows them. */
export function cutLine(text: string, from = 0): Pick<InstructionLine, 'keyword' | 'text' | 'rawFlags' | 'rest' | 'restAt'> {
  const [whole = '', blanks = '', name = ''] = /^(\s*)(\S+)/.exec(text.slice(from)) ?? [];
  const { flags, restAt } = takeFlags(text, from + whole.length);
  return {
    keyword: name.toUpperCase(),
    text: text.slice(from + blanks.length),
    rawFlags: flags,
    rest: text.slice(restAt).trimEnd(),
    restAt,
  };
}

/** Heredocs that the line announces; what they hold follows it. */
export function announcedHeredocs(line: Pick<InstructionLine, 'keyword' | 'rest' | 'restAt' | 'text'>, whole: string): HeredocWord[] {
  if (line.keyword === 'ONBUILD') return announcedHeredocs(cutLine(whole, line.restAt), whole);
  const isTaking = line.keyword === 'RUN' || line.keyword === 'COPY' || line.keyword === 'ADD';
  return isTaking && jsonWords(line.rest) === undefined ? heredocsOf(line.rest, line.restAt) : [];
}

/** For those that have none: throws a DockerfileProblem where there is one. */
export const noFlags = (line: InstructionLine): Flags => readFlags(line.rawFlags, {});
