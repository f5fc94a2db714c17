// skiff's command line as data: every command by all of its names, with its flags, hidden ones included.
import { join } from 'node:path';
import type { Command } from '@oclif/core';
import type { CommandClass } from '../../src/cli/command.ts';
import type { FlagSet } from '../../src/cli/flag.ts';

export interface SkiffCommand {
  /** Words: `container run`. */
  names: string[];
  flags: FlagSet;
}

/** The commands of oclif's manifest, as their classes in `root` have them. */
export async function skiffCommands(
  root: string,
  manifest: readonly Pick<Command.Cached, 'id' | 'aliases' | 'hidden' | 'relativePath'>[],
): Promise<SkiffCommand[]> {
  return Promise.all(
    manifest
      .filter(({ hidden }) => !hidden)
      .map(async ({ id, aliases, relativePath = [] }) => {
        const { default: Class } = (await import(join(root, ...relativePath))) as { default: CommandClass };
        return { names: [id, ...aliases].map((name) => name.replaceAll(':', ' ')), flags: Class.flags };
      }),
  );
}
