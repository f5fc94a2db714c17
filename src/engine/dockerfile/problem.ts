// What is wrong with a Dockerfile, told in one way: the sentence, then the place and the lines around it. Whoever reads words or flags
// throws a DockerfileProblem and knows nothing of files; `located` gives it its place. TRAP: a problem that nobody located still is an
// EngineError, but one that does not say where.
import { EngineError } from '../../sys/errors.ts';
import { suggest } from '../suggest.ts';
import type { Place, Span } from './ast.ts';

/** Something malformed, in a text whose place the thrower does not know. */
export class DockerfileProblem extends EngineError {
  /** Where in the text that was read, counted from 0. */
  readonly at: number | undefined;

  constructor(message: string, options: { at?: number | undefined; hint?: string } = {}) {
    super('ERR_DOCKERFILE', message, options.hint === undefined ? {} : { hint: options.hint });
    this.at = options.at;
  }
}

/** A Dockerfile, as far as messages need it. */
export interface Source {
  name: string;
  lines: readonly string[];
}

export interface ProblemOptions {
  /** Lines that belong to it; the place's own line where it is not given. */
  span?: Span | undefined;
  hint?: string | undefined;
  /** The text itself cannot be read, rather than carried out. */
  isSyntax?: boolean | undefined;
}

/** The error for `message` at `place` of a Dockerfile, code ERR_DOCKERFILE: its hint is place and excerpt, and what to do. */
export function dockerfileError(source: Source, place: Place, options: ProblemOptions & { message: string }): EngineError {
  const { message, hint, isSyntax = false, span = { start: place, end: place } } = options;
  const said = printable(isSyntax ? `dockerfile parse error on line ${place.line}: ${message}` : message);
  const notes = [excerpt(source, place, span), ...(hint === undefined ? [] : [hint])];
  return new EngineError('ERR_DOCKERFILE', said, { hint: notes.join('\n') });
}

/** Runs `work`; a DockerfileProblem in it becomes an error at the span's start. */
export function located<T>(source: Source, span: Span, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof DockerfileProblem)) throw error;
    throw dockerfileError(source, span.start, { message: error.message, hint: error.hint, span });
  }
}

/** ` (did you mean FROM?)`, or nothing. Compares without case, answers as the candidate is written. */
export function didYouMean(word: string, candidates: readonly string[]): string {
  const nearest = suggest(
    word.toLowerCase(),
    candidates.map((candidate) => candidate.toLowerCase()),
  );
  const written = candidates.find((candidate) => candidate.toLowerCase() === nearest);
  return written === undefined || written === word ? '' : ` (did you mean ${written}?)`;
}

const RULE = '--------------------';
const AROUND = 2;
const AROUND_PLACE = 6;

/** Name and place, and the lines around, those of `span` marked. */
export function excerpt({ name, lines }: Source, place: Place, span: Span): string {
  // Of a long one (a heredoc), what is near the place.
  const first = Math.max(1, span.start.line - AROUND, place.line - AROUND_PLACE - AROUND);
  const last = Math.min(lines.length, span.end.line + AROUND, place.line + AROUND_PLACE + AROUND);
  const shown: string[] = [];
  for (let line = first; line <= last; line++) {
    const isMarked = line >= span.start.line && line <= span.end.line;
    shown.push(`${String(line).padStart(4)} | ${isMarked ? '>>>' : '   '} ${printable(lines[line - 1] ?? '')}`.trimEnd());
  }
  return [`${name}:${place.line}:${place.column}`, ...(shown.length > 0 ? [RULE, ...shown, RULE] : [])].join('\n');
}

const LONGEST_LINE = 300;

// A file of somebody else's must not steer the terminal, nor fill it.
function printable(line: string): string {
  const shown = line.length > LONGEST_LINE ? `${line.slice(0, LONGEST_LINE)}…` : line;
  return [...shown].filter((char) => char === '\t' || (char >= ' ' && char !== '\x7f')).join('');
}
