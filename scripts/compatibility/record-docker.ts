// Records Docker's command line as data: `bun scripts/compatibility/record-docker.ts` asks the docker client of this machine (no daemon is
// needed) for the help of every command and keeps names, letters and types of the flags in docker.json, so that the rest runs without it.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

export interface DockerFlag {
  char?: string;
  /** As the help names it (`list`, `bytes` …); none for a switch. */
  type?: string;
}

export interface DockerCommand {
  /** Without `docker`: `container run`. */
  name: string;
  /** Other names of the same command: `run`. */
  aliases: string[];
  flags: Record<string, DockerFlag>;
}

export interface DockerCommandLine {
  version: string;
  globals: Record<string, DockerFlag>;
  commands: DockerCommand[];
}

const DATA = join(import.meta.dirname, 'docker.json');

if (import.meta.main) writeFileSync(DATA, `${JSON.stringify(record(), null, 1)}\n`);

/** What was recorded. */
export function dockerCommandLine(): DockerCommandLine {
  return JSON.parse(readFileSync(DATA, 'utf8')) as DockerCommandLine;
}

function record(): DockerCommandLine {
  const root = help([]);
  const commands = new Map<string, DockerCommand>();
  for (const name of commandNames(root).flatMap(namesUnder)) {
    const text = help(name.split(' '));
    const names = aliasesIn(text);
    const command = { name: names[0] ?? name, aliases: names.slice(1), flags: flagsIn(text) };
    commands.set(command.name, command);
  }
  const version = docker(['--version']).replace(/^.*version ([^,]+),.*$/s, '$1');
  return { version, globals: flagsIn(root), commands: [...commands.values()].sort((a, b) => (a.name < b.name ? -1 : 1)) };
}

/** A command's own name, or those of the commands below a topic. */
function namesUnder(name: string): string[] {
  const below = commandNames(help(name.split(' ')));
  return below.length === 0 ? [name] : below.flatMap((verb) => namesUnder(`${name} ${verb}`));
}

function docker(words: string[]): string {
  return Bun.spawnSync(['docker', ...words], { env: { ...process.env, COLUMNS: '200' } }).stdout.toString();
}

function help(words: string[]): string {
  return docker([...words, '--help']);
}

/** The names in every section of commands. A star marks what a plugin adds. */
function commandNames(text: string): string[] {
  const sections = text.matchAll(/^(?:[A-Z][a-z]+ )?Commands:\n((?: {2}.*\n)+)/gm);
  return [...sections].flatMap(([, lines = '']) => [...lines.matchAll(/^ {2}([a-z][\w-]*)\*? /gm)].map(([, name = '']) => name));
}

function aliasesIn(text: string): string[] {
  const [, line = ''] = /^Aliases:\n {2}(.*)$/m.exec(text) ?? [];
  return line.split(', ').flatMap((name) => (name.startsWith('docker ') ? [name.slice('docker '.length)] : []));
}

function flagsIn(text: string): Record<string, DockerFlag> {
  const flags: Record<string, DockerFlag> = {};
  for (const [, char, name = '', type] of text.matchAll(/^ {2}(?:-(\w), | {4})--([\w-]+)(?: (\S+))?(?: {2,}.*)?$/gm)) {
    flags[name] = { ...(char ? { char } : {}), ...(type ? { type } : {}) };
  }
  return flags;
}
