// `# syntax=`, `# escape=`, `# check=` at the very top of a Dockerfile: the first line that is none of them ends them, be it blank.
import type { Dockerfile } from './ast.ts';
import { DockerfileProblem, didYouMean } from './problem.ts';

type Directives = Dockerfile['directives'];

/** Throws a DockerfileProblem; `onLine` hears of each line that is looked at, 1-based. */
export function readDirectives(lines: readonly string[], onLine: (line: number) => void): Directives {
  const found = new Map<string, string>();
  const directives: Directives = { escape: '\\' };
  for (const [index, line] of lines.entries()) {
    const [, name = '', value = ''] = /^#\s*([a-zA-Z][a-zA-Z0-9]*)\s*=\s*(.+?)\s*$/.exec(line.trimStart()) ?? [];
    const key = name.toLowerCase();
    if (key !== 'syntax' && key !== 'escape' && key !== 'check') break;
    onLine(index + 1);
    if (found.has(key)) throw new DockerfileProblem(`only one ${key} parser directive can be used`);
    found.set(key, value);
    if (key === 'syntax') directives.syntax = value;
    else if (key === 'escape') directives.escape = escapeOf(value);
    else directives.check = parseCheck(value);
  }
  return directives;
}

function escapeOf(value: string): '\\' | '`' {
  if (value === '\\' || value === '`') return value;
  throw new DockerfileProblem(`invalid escape token '${value}' does not match \` or \\`);
}

const OPTIONS = ['skip', 'error', 'experimental'];

/** `skip=RULE,RULE;error=true;experimental=RULE`, of `# check=` and of the build argument BUILDKIT_DOCKERFILE_CHECK. */
export function parseCheck(text: string): NonNullable<Directives['check']> {
  const check: NonNullable<Directives['check']> = { skip: [], experimental: [], error: false };
  for (const part of text.split(';').map((one) => one.trim())) {
    if (part === '') continue;
    const equals = part.indexOf('=');
    if (equals < 0)
      throw new DockerfileProblem(`invalid check option ${JSON.stringify(part)}`, { hint: 'Write skip=RULE,… or error=true' });
    const name = part.slice(0, equals).trim();
    const value = part.slice(equals + 1).trim();
    if (name === 'error') check.error = flagOf(part, value);
    else if (name === 'skip' || name === 'experimental') check[name] = value.split(',').map((rule) => rule.trim());
    else throw new DockerfileProblem(`invalid check option ${JSON.stringify(name)}${didYouMean(name, OPTIONS)}`);
  }
  return check;
}

function flagOf(part: string, value: string): boolean {
  if (/^(?:1|t|true)$/i.test(value)) return true;
  if (/^(?:0|f|false)$/i.test(value)) return false;
  throw new DockerfileProblem(`failed to parse check option ${JSON.stringify(part)}: ${JSON.stringify(value)} is neither true nor false`);
}
