// `skiff --help` and `skiff TOPIC`, laid out as Docker's, from the manifest: no command is loaded for them.
import { globalFlags } from '../globals.ts';
import { optionLines } from './command.ts';
import { type Row, twoColumns } from './layout.ts';
import { commandsOfTopic, listedCommands, topics } from './manifest.ts';

const COMMON = ['run', 'exec', 'ps', 'build', 'pull', 'push', 'images', 'login', 'logout', 'search', 'version', 'info'];

const TOPIC_DESCRIPTIONS: Record<string, string> = {
  container: 'Manage containers',
  healthcheck: 'Run health checks',
  builder: 'Manage the build cache',
  buildx: 'Build, in the words of buildx',
  image: 'Manage images',
  manifest: 'Manage image manifests and manifest lists',
  network: 'Manage networks',
  secret: 'Manage secrets',
  system: 'Manage skiff',
  volume: 'Manage volumes',
};

export function rootHelp(columns: number): string {
  const single = listedCommands().filter((command) => !command.id.includes(':'));
  const common = COMMON.flatMap((id) => single.filter((command) => command.id === id));
  const others = single.filter((command) => !COMMON.includes(command.id));
  const rowsOf = (list: typeof single) => list.map(({ id, description }) => ({ left: `  ${id}`, right: description }));
  const sections: [string, Row[]][] = [
    ['Common Commands', rowsOf(common)],
    ['Management Commands', topics().map((topic) => ({ left: `  ${topic}`, right: descriptionOf(topic) }))],
    ['Commands', rowsOf(others)],
  ];
  return [
    'Usage:  skiff [OPTIONS] COMMAND\n',
    'A container engine in one file, for people without root\n',
    ...sections.filter(([, rows]) => rows.length > 0).map(([title, rows]) => `${title}:\n${commandLines(rows)}`),
    `Global Options:\n${optionLines(globalFlags, columns)}`,
    "Run 'skiff COMMAND --help' for more information on a command.\n",
  ].join('\n');
}

export function topicHelp(topic: string): string {
  const rows = commandsOfTopic(topic).map(({ name, command }) => ({ left: `  ${name}`, right: command.description }));
  return [
    `Usage:  skiff ${topic} COMMAND\n`,
    `${descriptionOf(topic)}\n`,
    `Commands:\n${commandLines(rows)}`,
    `Run 'skiff ${topic} COMMAND --help' for more information on a command.\n`,
  ].join('\n');
}

function descriptionOf(topic: string): string {
  return TOPIC_DESCRIPTIONS[topic] ?? `Commands of ${topic}`;
}

/** Docker pads command names to eleven and never wraps their descriptions. */
function commandLines(rows: readonly Row[]): string {
  const padded = rows.map(({ left, right }) => ({ left: left.padEnd(12), right }));
  return twoColumns(padded, { columns: Number.POSITIVE_INFINITY, gap: 2 });
}
