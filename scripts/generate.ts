// Writes what a compiled program cannot find out by itself, having no folder to scan: the static table of commands, each a lazy
// import, and oclif's manifest, which oclif's own loader makes from the classes; and docs/compatibility.md. `--check` writes nothing and fails when one is stale.
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Command, Plugin } from '@oclif/core';
import { compatibilityPage } from './compatibility/page.ts';
import { dockerCommandLine } from './compatibility/record-docker.ts';
import { skiffCommands } from './compatibility/skiff.ts';

export const root = join(import.meta.dir, '..');
const TABLE = 'src/cli/commands.generated.ts';
const MANIFEST = '.oclif.manifest.json';
export const PAGE = 'docs/compatibility.md';

if (import.meta.main) {
  const generated = await generate();
  const stale = Object.entries(generated).filter(([path, text]) => readIfThere(path) !== text);
  if (process.argv.includes('--check')) {
    for (const [path] of stale) console.error(`${path} is stale; run: npm run generate`);
    process.exit(stale.length === 0 ? 0 : 1);
  }
  for (const [path, text] of stale) write(path, text);
}

/** The text of these files, by path from the project's root. */
export async function generate(): Promise<Record<string, string>> {
  const plugin = new Plugin({ root, type: 'core', ignoreManifest: true, errorOnManifestCreate: true, respectNoCacheDefault: true });
  await plugin.load();
  const commands = Object.values(plugin.manifest.commands);
  commands.sort((a, b) => (a.id < b.id ? -1 : 1));
  const manifest = { commands: Object.fromEntries(commands.map((command) => [command.id, command])), version: plugin.manifest.version };
  const page = compatibilityPage(await skiffCommands(root, commands), dockerCommandLine());
  return { [TABLE]: tableOf(commands), [MANIFEST]: `${JSON.stringify(manifest, null, 2)}\n`, [PAGE]: page };
}

function tableOf(commands: readonly Command.Cached[]): string {
  const rows = commands.flatMap(({ id, aliases, relativePath }) => {
    const path = `../${relativePath?.slice(1).join('/')}`;
    return [id, ...aliases].map((name) => ({ name, line: `  '${name}': { id: '${id}', load: () => import('${path}') },` }));
  });
  rows.sort((a, b) => (a.name < b.name ? -1 : 1));
  const twice = rows.find(({ name }, at) => rows[at + 1]?.name === name);
  if (twice) throw new Error(`Two commands are called "${twice.name.replaceAll(':', ' ')}"`);
  return [
    '// Made by scripts/generate.ts from src/commands; do not edit.',
    "import type { CommandTable } from './resolve.ts';",
    '',
    'export const commands: CommandTable = {',
    ...rows.map((row) => row.line),
    '};',
    '',
  ].join('\n');
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(join(root, path), 'utf8');
  } catch {
    return undefined;
  }
}

/** Readers (a build beside this one) see the old file or the new one. */
function write(path: string, text: string): void {
  const whole = join(root, path);
  const temporary = `${whole}.${process.pid}`;
  writeFileSync(temporary, text);
  renameSync(temporary, whole);
}
