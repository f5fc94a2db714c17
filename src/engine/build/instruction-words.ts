// The words of instructions with the values of variables that hold at that point of a stage.
import { expandHeredoc, expandWord, expandWords, type Variables, type WordOptions } from '../dockerfile/words.ts';

export interface Expand {
  /** One word: quotes gone, variables replaced. Throws a DockerfileProblem. */
  (word: string): string;
  /** What a variable brought may be several words. */
  words(word: string): string[];
  /** The text of a heredoc: quotes are text. */
  heredoc(text: string): string;
}

export function expandWith(variables: Variables, options: Pick<WordOptions, 'escape'>): Expand {
  const expand = (word: string): string => expandWord(word, variables, options);
  return Object.assign(expand, {
    words: (word: string) => expandWords(word, variables, options),
    heredoc: (text: string) => expandHeredoc(text, variables),
  });
}

/** An instruction as progress shows it: in one line, its first word in capitals, the variables that have a value replaced. */
export function shownInstruction(original: string, variables: Variables): string {
  const [first = '', ...rest] = original.split('\n', 1)[0]?.split(' ') ?? [];
  const line = [first.toUpperCase(), ...rest].join(' ');
  return line.replace(/(\\?)\$(?:(\w+)|\{(\w+)\})/g, (whole, escaped: string, bare?: string, braced?: string) => {
    const value = escaped === '' ? variables.get(bare ?? braced ?? '') : undefined;
    return value === undefined ? whole : value;
  });
}
