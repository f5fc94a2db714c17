// The exec form: a JSON array of strings. What is no JSON array at all is the shell's; an array of other things is a mistake.
import { DockerfileProblem } from './problem.ts';

/** The words; undefined where `text` is not in the JSON form. Throws a DockerfileProblem for arrays that hold more than strings. */
export function jsonWords(text: string): string[] | undefined {
  if (!text.trimStart().startsWith('[')) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  if (value.every((word) => typeof word === 'string')) return value;
  throw new DockerfileProblem('when using JSON array syntax, arrays must be comprised of strings only');
}
