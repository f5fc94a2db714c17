// How an identity is compared: whole, never by a part of it. A pattern that were only searched for would let in
// `https://evil.example/?https://github.com/team`.

export interface Matcher {
  /** As it was given, for messages. */
  text: string;
  pattern: RegExp;
}

/** Matches `value` alone. */
export function exactly(value: string): Matcher {
  return { text: value, pattern: new RegExp(`^${RegExp.escape(value)}$`, 'u') };
}

/** Matches what `source` describes from its beginning to its end. Throws SyntaxError. */
export function wholePattern(source: string): Matcher {
  // Compiled by itself first: "a)(b" would be sound only within our brackets.
  new RegExp(source, 'u');
  return { text: source, pattern: new RegExp(`^(?:${source})$`, 'u') };
}
