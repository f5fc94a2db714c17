// Finds the command that the words on the command line name: `ps`, `container ls`, `image inspect`. Ids join words with ':' as oclif's.
import type { CommandClass } from './command.ts';

export interface CommandEntry {
  /** The command's own id, which an alias's entry shares. */
  id: string;
  load: () => Promise<{ default: CommandClass }>;
}
export type CommandTable = Readonly<Record<string, CommandEntry>>;

export type Resolution =
  | { kind: 'command'; entry: CommandEntry /** As typed: `container ls`. */; name: string; rest: string[] }
  | { kind: 'topic'; topic: string; rest: string[] }
  | { kind: 'unknown'; name: string };

const MAX_WORDS = 3;

/** `words` must not be empty and not start with a flag. */
export function resolveCommand(table: CommandTable, words: readonly string[]): Resolution {
  for (let count = Math.min(MAX_WORDS, words.length); count > 0; count--) {
    const named = words.slice(0, count);
    const id = named.join(':');
    if (named.some((word) => word.includes(':')) || !Object.hasOwn(table, id)) continue;
    return { kind: 'command', entry: table[id] as CommandEntry, name: named.join(' '), rest: words.slice(count) };
  }
  const [topic = '', ...rest] = words;
  if (topic.includes(':') || !Object.keys(table).some((id) => id.startsWith(`${topic}:`))) return { kind: 'unknown', name: topic };
  return { kind: 'topic', topic, rest };
}
