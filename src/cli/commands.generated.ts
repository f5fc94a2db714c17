// Made by scripts/generate.ts from src/commands; do not edit.
import type { CommandTable } from './resolve.ts';

export const commands: CommandTable = {
  'completion': { id: 'completion', load: () => import('../commands/completion.ts') },
  'version': { id: 'version', load: () => import('../commands/version.ts') },
};
