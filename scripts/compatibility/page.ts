// docs/compatibility.md: every command and flag of Docker's beside skiff's. A flag works, or is refused by the sentence that it prints; one
// that skiff does not know at all is a defect that a test finds: nobody is to meet "unknown flag" for a flag of Docker's.
import { ABSENT } from '../../src/cli/absent.ts';
import type { Flag, FlagSet } from '../../src/cli/flag.ts';
import { globalFlags } from '../../src/cli/globals.ts';
import { NOTES, REFUSED_GLOBALS } from './notes.ts';
import type { DockerCommand, DockerCommandLine, DockerFlag } from './record-docker.ts';
import type { SkiffCommand } from './skiff.ts';

const TOPICS: readonly [topic: string, title: string][] = [
  ['container', 'Containers'],
  ['image', 'Images'],
  ['manifest', 'Manifests'],
  ['volume', 'Volumes'],
  ['network', 'Networks'],
  ['secret', 'Secrets'],
  ['system', 'System'],
  ['', 'Other commands'],
];

interface Pair {
  command: DockerCommand;
  ours: SkiffCommand;
}

/** The page's text. */
export function compatibilityPage(commands: readonly SkiffCommand[], docker: DockerCommandLine): string {
  const { version, globals } = docker;
  const pairs = pairsOf(commands, docker);
  const both = new Map(pairs.map(({ command, ours }) => [command, ours]));
  const known = new Set(both.values());
  const own = commands.filter((command) => !known.has(command)).map(({ names: [name = ''] }) => `* \`skiff ${name}\``);
  return [
    '# Compatibility with Docker\n',
    `Every command and flag of Docker ${version}, and what skiff makes of it. Made by \`npm run compatibility\` from the help of both; do not edit.\n`,
    'A flag that is refused ends the command with exit code 125 before anything is done, and with the sentence',
    '`invalid argument "VALUE" for "--FLAG" flag: ` followed by the words in the table. No flag is accepted and ignored.\n',
    ...TOPICS.flatMap(([topic, title]) =>
      section(
        title,
        pairs.filter(({ command }) => topicOf(command) === topic),
      ),
    ),
    '## Global options\n',
    flagTable(globals, (name) => REFUSED_GLOBALS[name] ?? flagWord('', name, globalFlags)),
    ownFlags(globals, globalFlags),
    '## Commands that only skiff has\n',
    `${own.sort().join('\n')}\n`,
    '## Commands that are not there\n',
    notThere(docker.commands.filter((command) => !both.has(command))),
  ].join('\n');
}

/** A sentence for each flag, of a command that both have, that neither works as Docker's nor is refused. */
export function surprises(commands: readonly SkiffCommand[], docker: DockerCommandLine): string[] {
  return pairsOf(commands, docker).flatMap(({ command, ours }) =>
    Object.entries(command.flags).flatMap(([name, flag]) =>
      surprisesOf(flag, flagNamed(ours.flags, name)).map((what) => `docker ${command.name} --${name}: ${what}`),
    ),
  );
}

function surprisesOf({ char, type }: DockerFlag, ours: Flag | 'help' | undefined): string[] {
  if (ours === undefined) return ['not known'];
  if (ours === 'help' || ours.refused !== undefined) return [];
  const found: string[] = [];
  if (char !== undefined && ours.char !== char) found.push(`its letter is -${char}, not ${ours.char ? `-${ours.char}` : 'any'}`);
  if (type !== undefined && ours.type === 'boolean') found.push('it takes a value');
  if (type === undefined && ours.type === 'option' && (ours.multiple || ours.bareValue === undefined)) found.push('it takes no value');
  return found;
}

function pairsOf(commands: readonly SkiffCommand[], docker: DockerCommandLine): Pair[] {
  return docker.commands.flatMap((command) => {
    const ours = commands.find(({ names }) => [command.name, ...command.aliases].some((name) => names.includes(name)));
    return ours ? [{ command, ours }] : [];
  });
}

/** The parser itself knows --help. */
function flagNamed(flags: FlagSet, name: string): Flag | 'help' | undefined {
  return flags[name] ?? Object.values(flags).find(({ aliases }) => aliases?.includes(name)) ?? (name === 'help' ? 'help' : undefined);
}

function topicOf({ name }: DockerCommand): string {
  const [first = ''] = name.split(' ');
  return name.includes(' ') && TOPICS.some(([topic]) => topic === first) ? first : '';
}

function section(title: string, pairs: readonly Pair[]): string[] {
  return pairs.length === 0 ? [] : [`## ${title}\n`, ...pairs.flatMap(commandPart)];
}

function commandPart({ command, ours }: Pair): string[] {
  const also = command.aliases.map((name) => `\`${name}\``).join(', ');
  const isPlain = Object.keys(command.flags).length === 0;
  return [
    `### ${command.name}\n`,
    ...(also ? [`Also: ${also}\n`] : []),
    isPlain ? 'No flags.\n' : flagTable(command.flags, (name) => flagWord(command.name, name, ours.flags)),
    ownFlags(command.flags, ours.flags),
  ].filter((part) => part !== '');
}

function flagTable(theirs: Record<string, DockerFlag>, word: (name: string) => string): string {
  const rows = Object.entries(theirs).map(
    ([name, { char, type }]) => `| \`${char ? `-${char}, ` : ''}--${name}\` | ${type ?? ''} | ${word(name).replaceAll('|', '\\|')} |`,
  );
  return ['| flag | type | skiff |', '|---|---|---|', ...rows, ''].join('\n');
}

function flagWord(command: string, name: string, ours: FlagSet): string {
  const flag = flagNamed(ours, name);
  if (flag === undefined) return '**not known**';
  if (flag !== 'help' && flag.refused !== undefined) return `refused: ${flag.refused}`;
  const note = NOTES[`${command} --${name}`];
  return note === undefined ? 'works' : `works: ${note}`;
}

function ownFlags(theirs: Record<string, DockerFlag>, ours: FlagSet): string {
  const own = Object.entries(ours)
    .filter(([name, { hidden, aliases = [] }]) => !hidden && ![name, ...aliases].some((any) => Object.hasOwn(theirs, any)))
    .map(([name]) => `\`--${name}\``)
    .sort();
  return own.length > 0 ? `Only skiff's: ${own.join(', ')}\n` : '';
}

function notThere(commands: readonly DockerCommand[]): string {
  // What will never come is said once for all that its first word names.
  const rows = commands.map(({ name }) => {
    const [first = ''] = name.split(' ');
    const topic = ABSENT[name] === undefined ? first : name;
    return ABSENT[topic] === undefined ? `| \`${name}\` | not yet |` : `| \`${topic}\` | ${ABSENT[topic]} |`;
  });
  return ['| command | why |', '|---|---|', ...new Set(rows), ''].join('\n');
}
