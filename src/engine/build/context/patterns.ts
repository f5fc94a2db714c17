// Patterns of .dockerignore, of COPY --exclude and of COPY --parents, by the rules of Docker's matcher: `*` and `?` within a name, `**` across
// names, `!` takes back what lines before it took, the last line that matches decides, and what a pattern says of a folder it says of all
// that is below it. Our own: of npm's packages `ignore` knows git's rules, which are others (a pattern without a slash matches at every
// depth there), and `@balena/dockerignore` starts from the root for every path, tells no line, and knows neither folders to go into for
// the sake of an exception nor names that are no UTF-8.

import { shown } from '../../../storage/layer-path.ts';
import { EngineError } from '../../../sys/errors.ts';
import { isGoodPattern } from '../copy/go-match.ts';
import { cleanPath } from './clean-path.ts';

export interface Pattern {
  /** Cleaned, without the `!`. */
  text: string;
  isException: boolean;
  /** Number of its line, from 1. */
  line: number;
  matches: (path: string) => boolean;
}

/** What the patterns say of one path; given back for what is below it. */
export interface Verdict {
  isMatched: boolean;
  /** By pattern, whether it matched the path or a folder above it. */
  hits: readonly boolean[];
}

export interface Matcher {
  patterns: readonly Pattern[];
  /** Of `path` (a byte string without a slash at its beginning or end), the last name of which is below the folder that `parent` is about. */
  look(path: string, parent: Verdict | undefined): Verdict;
  /** Whether something below the folder `path`, which is matched itself, may be taken back by an exception. */
  mayTakeBack(path: string): boolean;
  /** Whether something below the folder `path`, which is not matched itself, may be: false only where that is sure. */
  mayHold(path: string): boolean;
  /** The pattern that decides over `path`, looked at with everything above it. */
  decisive(path: string): Pattern | undefined;
}

/** The matcher of an ignore file's lines, comments and empty ones among them. Throws ERR_BAD_PATTERN, naming `file` and line. */
export function ignoreMatcher({ file, patterns }: { file: string; patterns: readonly string[] }): Matcher {
  const read = patterns.flatMap((raw, index) => {
    const text = index === 0 ? raw.replace(/^\ufeff/, '') : raw;
    if (text.startsWith('#')) return [];
    const { body, isException } = splitException(text.trim());
    if (body === '' && !isException) return [];
    const cleaned = body === '' ? '' : cleanPath(body);
    const relative = cleaned.length > 1 && cleaned.startsWith('/') ? cleaned.slice(1) : cleaned;
    return [compile({ text: relative, isException, line: index + 1, place: `${file}:${index + 1}` })];
  });
  return createMatcher(read);
}

/** The matcher of patterns that a flag gave. Throws ERR_BAD_PATTERN, naming `flag`. */
export function flagMatcher(flag: string, patterns: readonly string[]): Matcher {
  const read = patterns.flatMap((raw, index) => {
    const trimmed = raw.trim();
    if (trimmed === '') return [];
    const { body, isException } = splitException(cleanPath(trimmed));
    return [compile({ text: body, isException, line: index + 1, place: flag })];
  });
  return createMatcher(read);
}

function splitException(text: string): { body: string; isException: boolean } {
  return text.startsWith('!') ? { body: text.slice(1).trim(), isException: true } : { body: text, isException: false };
}

function createMatcher(patterns: readonly Pattern[]): Matcher {
  const exceptions = patterns.filter((pattern) => pattern.isException);
  const starts = exceptions.map((pattern) => literalStart(pattern.text));
  const wanted = patterns.filter((pattern) => !pattern.isException).map((pattern) => bytesOf(firstNames(pattern.text)));
  return { patterns, look, mayTakeBack, mayHold, decisive };

  function look(path: string, parent: Verdict | undefined): Verdict {
    const hits: boolean[] = [];
    let isMatched = false;
    for (const [index, pattern] of patterns.entries()) {
      let isHit = parent?.hits[index] ?? false;
      // One that would change nothing need not be asked.
      if (!isHit && pattern.isException === isMatched) isHit = pattern.matches(path);
      hits.push(isHit);
      if (isHit) isMatched = !pattern.isException;
    }
    return { isMatched, hits };
  }

  function mayTakeBack(path: string): boolean {
    return starts.some((start) => start === undefined || `${start}/`.startsWith(`${path}/`));
  }

  function mayHold(path: string): boolean {
    return wanted.some((start) => start === '' || start === path || start.startsWith(`${path}/`) || path.startsWith(`${start}/`));
  }

  function decisive(path: string): Pattern | undefined {
    const names = path.split('/');
    const all = names.map((_, index) => names.slice(0, index + 1).join('/'));
    let found: Pattern | undefined;
    for (const pattern of patterns) {
      if (pattern.isException === (found !== undefined && !found.isException) && all.some((part) => pattern.matches(part))) found = pattern;
    }
    return found;
  }
}

/** The pattern without a `*` or `**` at its end; undefined when there are wildcards before: then every folder may hold what it means. */
function literalStart(text: string): string | undefined {
  const start = text.replace(/\/\*\*?$/, '');
  return /[*?[\\]/.test(start) ? undefined : bytesOf(start);
}

/** The names that a path must begin with to match: those before the first with a wildcard. */
function firstNames(text: string): string {
  const names = text.split('/');
  const first = names.findIndex((name) => /[*?[\\]/.test(name));
  return (first < 0 ? names : names.slice(0, first)).join('/');
}

function compile({ text, isException, line, place }: { text: string; isException: boolean; line: number; place: string }): Pattern {
  if (text === '') throw new EngineError('ERR_BAD_PATTERN', `${place}: illegal exclusion pattern: "!"`);
  if (!isGoodPattern(text)) throw syntaxError(text, place);
  return { text, isException, line, matches: matcherOf(text, place) };
}

const syntaxError = (text: string, place: string): EngineError =>
  new EngineError('ERR_BAD_PATTERN', `${place}: syntax error in pattern: "${text}"`, {
    hint: 'A "[" opens a set such as [a-z]; write \\[ for the character itself',
  });

const bytesOf = (text: string): string => Buffer.from(text).toString('latin1');

/** Most patterns are a plain name, or one after `**`: then no regular expression is run. */
function matcherOf(text: string, place: string): (path: string) => boolean {
  const plain = bytesOf(text);
  if (!/[*?[\]\\]/.test(text)) return (path) => path === plain;
  const tail = /^\*\*\/?([^*?[\]\\]*)$/.exec(text)?.[1];
  if (tail !== undefined) {
    const suffix = bytesOf(text.slice(2));
    return (path) => path.endsWith(suffix) || (suffix.startsWith('/') && path === suffix.slice(1));
  }
  const expression = expressionOf(text, place);
  // Only names beyond ASCII differ as bytes and as text.
  return (path) => expression.test(/[\x80-\xff]/.test(path) ? shown(path) : path);
}

function expressionOf(text: string, place: string): RegExp {
  const source = `^${sourceOf(text)}$`;
  for (const flags of ['su', 's']) {
    try {
      return new RegExp(source, flags);
    } catch {
      // What is no escape with one flag may be one without.
    }
  }
  throw syntaxError(text, place);
}

function sourceOf(text: string): string {
  const chars = [...text];
  let source = '';
  for (let at = 0; at < chars.length; at++) {
    const char = chars[at] ?? '';
    if (char === '*' && chars[at + 1] === '*') {
      at += chars[at + 2] === '/' ? 2 : 1;
      source += at === chars.length - 1 ? '.*' : '(?:.*/)?';
    } else if (char === '*') source += '[^/]*';
    else if (char === '?') source += '[^/]';
    else if (char === '\\') {
      at++;
      source += escaped(chars[at] ?? '\\');
    } else if (char === '[' || char === ']' || char === '^') source += char;
    else source += escaped(char);
  }
  return source;
}

const escaped = (char: string): string => char.replace(/[$()*+./?[\\\]^{|}]/, '\\$&');
