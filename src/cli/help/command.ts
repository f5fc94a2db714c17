// `skiff COMMAND --help`, laid out as Docker's.
import type { CommandClass } from '../command.ts';
import type { Flag, FlagSet } from '../flag.ts';
import { usageOf } from '../usage.ts';
import { twoColumns } from './layout.ts';

/** The whole help text. `id` is the command's, `name` what was typed (`container ls`). */
export function commandHelp(Class: CommandClass, { id, name, columns }: { id: string; name: string; columns: number }): string {
  const sections = [`Usage:  ${usageOf(Class.usage, id, name)}\n`, `${Class.description}\n`];
  if (Class.aliases.length > 0) {
    const names = [...Class.aliases, id].map((alias) => `skiff ${alias.replaceAll(':', ' ')}`);
    sections.push(`Aliases:\n  ${names.join(', ')}\n`);
  }
  const options = optionLines(Class.flags, columns);
  if (options !== '') sections.push(`Options:\n${options}`);
  if (Class.examples.length > 0) sections.push(`Examples:\n${Class.examples.map((example) => `  ${example}\n`).join('')}`);
  return sections.join('\n');
}

/** The lines of an `Options:` section, sorted by name, hidden ones left out. */
export function optionLines(flags: FlagSet, columns: number): string {
  const rows = Object.entries(flags)
    .filter(([, flag]) => !flag.hidden)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, flag]) => ({
      left: `  ${flag.char ? `-${flag.char}, ` : '    '}--${name}${flag.type === 'option' && flag.helpValue ? ` ${flag.helpValue}` : ''}`,
      right: `${flag.description ?? ''}${defaultOf(flag)}`,
    }));
  return twoColumns(rows, { columns, gap: 3 });
}

function defaultOf(flag: Flag): string {
  const { default: value } = flag;
  if (typeof value === 'string') return value === '' ? '' : ` (default ${JSON.stringify(value)})`;
  return typeof value === 'number' || value === true ? ` (default ${value})` : '';
}
