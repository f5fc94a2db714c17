// Completion for fish: one `complete` line for each word that may come next.
import { type CompletedCommand, type CompletionModel, LISTINGS } from './model.ts';

export function fishCompletion(model: CompletionModel): string {
  const topicNames = model.topics.map(({ name }) => name);
  return [
    '# fish completion for skiff; load it with: skiff completion fish | source',
    'function __skiff_command',
    '  set -l command',
    '  for word in (commandline -opc)[2..]',
    "    string match -q -- '-*' $word; and continue",
    '    set -a command $word',
    `    contains -- "$command" ${topicNames.map(quote).join(' ')}; or break`,
    '  end',
    '  echo "$command"',
    'end',
    'function __skiff_is',
    '  contains -- (__skiff_command) $argv',
    'end',
    ...model.commands.flatMap((command) => linesOf(command, topicNames)),
    ...model.topics.map(({ name }) => line([''], `-f -a ${quote(name)}`, `Commands of ${name}`)),
    '',
  ].join('\n');
}

function linesOf({ names, description, flags, takes }: CompletedCommand, topicNames: string[]): string[] {
  const own = names.map((name) => {
    const space = name.lastIndexOf(' ');
    const parent = space === -1 ? '' : name.slice(0, space);
    return parent === '' || topicNames.includes(parent) ? line([parent], `-f -a ${quote(name.slice(space + 1))}`, description) : '';
  });
  const options = flags.map(({ long, char, description: text }) =>
    line(names, `-l ${quote(long.slice(2))}${char ? ` -s ${quote(char)}` : ''}`, text.split('\n', 1)[0] ?? ''),
  );
  const listing = takes === undefined ? [] : [line(names, `-f -a ${quote(`(${LISTINGS[takes]})`)}`, takes)];
  return [...own.filter((text) => text !== ''), ...options, ...listing];
}

function line(commands: string[], what: string, description: string): string {
  const condition = `__skiff_is ${commands.map((name) => `"${name}"`).join(' ')}`;
  return `complete -c skiff -n ${quote(condition)} ${what} -d ${quote(description)}`;
}

/** A fish word in single quotes. */
function quote(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
