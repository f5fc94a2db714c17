// The manifest as help and completion read it: what is known of every command without loading one.
import manifest from '../../../.oclif.manifest.json';

export interface ManifestFlag {
  name: string;
  char?: string;
  type: string;
  hidden?: boolean;
  description?: string;
}
export interface ManifestCommand {
  id: string;
  aliases: string[];
  description: string;
  usage: string;
  hidden: boolean;
  flags: Record<string, ManifestFlag>;
}

/** Every command that is not hidden, by id. */
export function listedCommands(): ManifestCommand[] {
  const all: Record<string, ManifestCommand> = manifest.commands;
  return Object.values(all)
    .filter((command) => !command.hidden)
    .sort((a, b) => (a.id < b.id ? -1 : 1));
}

export interface TopicCommand {
  name: string;
  command: ManifestCommand;
}

/** The commands under `topic` (`container`), each once, under the first of its names there. */
export function commandsOfTopic(topic: string): TopicCommand[] {
  const found: TopicCommand[] = [];
  for (const command of listedCommands()) {
    const id = [command.id, ...command.aliases].find((name) => name.startsWith(`${topic}:`));
    if (id !== undefined) found.push({ name: id.slice(topic.length + 1).replaceAll(':', ' '), command });
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The first words of all names of more than one word, sorted. */
export function topics(): string[] {
  const found = new Set<string>();
  for (const { id, aliases } of listedCommands()) {
    for (const name of [id, ...aliases]) {
      const colon = name.indexOf(':');
      if (colon !== -1) found.add(name.slice(0, colon));
    }
  }
  return [...found].sort();
}
