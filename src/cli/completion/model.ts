// What every shell's completion is written from: the commands of the manifest under all their names.
import { globalFlags } from '../globals.ts';
import { commandsOfTopic, listedCommands, topics } from '../help/manifest.ts';

export interface CompletedCommand {
  /** As typed: `ps`, `container ls`. */
  names: string[];
  description: string;
  flags: { long: string; char: string | undefined; description: string }[];
  /** What its arguments name, read from its usage line. */
  takes: keyof typeof LISTINGS | undefined;
}

export interface CompletionModel {
  commands: CompletedCommand[];
  topics: { name: string; commands: string[] }[];
  globalFlags: string[];
  /** Global flags whose value is the next word. */
  valuedGlobalFlags: string[];
}

export function completionModel(): CompletionModel {
  const global = Object.entries(globalFlags).filter(([, flag]) => !flag.hidden);
  return {
    commands: listedCommands().map(({ id, aliases, description, usage, flags }) => ({
      names: [id, ...aliases].map((name) => name.replaceAll(':', ' ')),
      description,
      flags: Object.values(flags)
        .filter((flag) => !flag.hidden)
        .map((flag) => ({ long: `--${flag.name}`, char: flag.char, description: flag.description ?? '' })),
      takes: NOUNS.find(([pattern]) => pattern.test(usage))?.[1],
    })),
    topics: topics().map((topic) => ({ name: topic, commands: commandsOfTopic(topic).map(({ name }) => name) })),
    globalFlags: global.map(([name]) => `--${name}`),
    valuedGlobalFlags: global.flatMap(([name, { type, char }]) => (type === 'option' ? [`--${name}`, ...(char ? [`-${char}`] : [])] : [])),
  };
}

/** Commands of one word, which the first position offers beside the topics. */
export function firstWords(model: CompletionModel): string[] {
  const single = model.commands.flatMap(({ names }) => names.filter((name) => !name.includes(' ')));
  return [...single, ...model.topics.map(({ name }) => name), 'help'].sort();
}

/** What the words of a usage line mean, tried in this order. */
const NOUNS: readonly [RegExp, keyof typeof LISTINGS][] = [
  [/\bNETWORK CONTAINER\b/, 'endpoint'],
  [/\bCONTAINER\b/, 'container'],
  [/\bIMAGE\b/, 'image'],
  [/\bVOLUME\b/, 'volume'],
  [/\bNETWORK\b/, 'network'],
];

/** The command line that prints the names which a command's arguments may have. */
export const LISTINGS = {
  container: "skiff ps -a --format '{{.Names}}' 2>/dev/null",
  image: "skiff images --format '{{.Repository}}:{{.Tag}}' 2>/dev/null",
  volume: 'skiff volume ls -q 2>/dev/null',
  network: "skiff network ls --format '{{.Name}}' 2>/dev/null",
  endpoint: "skiff network ls --format '{{.Name}}' 2>/dev/null; skiff ps -a --format '{{.Names}}' 2>/dev/null",
} as const;
