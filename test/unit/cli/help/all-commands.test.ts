// Every command's help: it says what the command does, explains each flag, and has examples that work as they are written.
import { join } from 'node:path';
import manifest from '../../../../.oclif.manifest.json';
import type { CommandClass } from '../../../../src/cli/command.ts';
import { commands } from '../../../../src/cli/commands.generated.ts';
import { globalFlags } from '../../../../src/cli/globals.ts';
import { commandHelp } from '../../../../src/cli/help/command.ts';
import { topics } from '../../../../src/cli/help/manifest.ts';
import { topicHelp } from '../../../../src/cli/help/root.ts';
import { argumentCountProblem, parseLine } from '../../../../src/cli/parse.ts';
import { resolveCommand } from '../../../../src/cli/resolve.ts';

const classes = Object.values(manifest.commands)
  .filter(({ hidden }) => !hidden)
  .map(({ id, relativePath }) => ({
    id,
    load: async () => (await import(join(__dirname, '../../../..', ...relativePath))).default as CommandClass,
  }));

/** The words of a command line, as a shell reads the quotes that examples use; what follows a pipe or a redirection is the shell's. */
function wordsOf(line: string): string[] {
  const words = line.match(/(?:'[^']*'|"[^"]*"|[^\s'"])+/g) ?? [];
  const end = words.findIndex((word) => /^[|<>&]/.test(word));
  return words.slice(0, end === -1 ? undefined : end).map((word) => word.replace(/'([^']*)'|"([^"]*)"/g, '$1$2'));
}

describe.each(classes)('$id', ({ id, load }) => {
  test('says what it does in one line', async () => {
    const { description, usage } = await load();
    expect(description).toMatch(/^[A-Z][^\n]*[^.\n]$/);
    expect(usage).toMatch(new RegExp(`^${id.replaceAll(':', ' ')}( |$)`));
  });

  test('explains each flag, and gives no letter twice', async () => {
    const { flags } = await load();
    const shown = Object.entries(flags).filter(([, { hidden }]) => !hidden);
    expect(shown.filter(([, { description }]) => !/^\S[^\n]*[^.\s]$/.test(description ?? '')).map(([name]) => name)).toEqual([]);
    const letters = Object.values(flags).flatMap(({ char }) => char ?? []);
    expect(letters.filter((letter, at) => letters.indexOf(letter) !== at)).toEqual([]);
  });

  test('has examples, each a command line of its own', async () => {
    const { examples } = await load();
    expect(examples.length).toBeGreaterThan(0);
    const shown: string[] = [];
    for (const example of examples) {
      // One may be fed by another program, or stand in a shell's `<(…)`.
      const own = example.split(/ (?:\||&&|;) |[()]/).find((part) => /(^|\s)skiff /.test(part)) ?? '';
      const [, ...words] = wordsOf(own.slice(own.indexOf('skiff ')));
      const found = resolveCommand(commands, parseLine({ flags: globalFlags, stopAtFirstArgument: true }, words).args);
      expect({ example, kind: found.kind }).toEqual({ example, kind: 'command' });
      if (found.kind !== 'command') continue;
      shown.push(found.entry.id);
      const Class = (await found.entry.load()).default;
      const { args } = parseLine(Class, found.rest);
      expect({ example, problem: argumentCountProblem(found.name, args.length, Class) }).toEqual({ example, problem: undefined });
    }
    expect(shown).toContain(id);
  });

  test('reads well on a narrow terminal and on a wide one', async () => {
    const Class = await load();
    for (const columns of [80, 200]) {
      const help = commandHelp(Class, { id, name: id.replaceAll(':', ' '), columns });
      expect(help.startsWith(`Usage:  skiff ${Class.usage}\n\n${Class.description}\n`)).toBe(true);
      const lines = help.split('\n');
      const options = lines.slice(lines.indexOf('Options:') + 1, lines.indexOf('Examples:'));
      expect(options.filter((line) => line.length > Math.max(columns, 80))).toEqual([]);
      expect(lines.filter((line) => line !== line.trimEnd())).toEqual([]);
    }
  });
});

test('every group of commands says what it is about', () => {
  expect(
    topics()
      .map(topicHelp)
      .filter((text) => text.includes('Commands of ')),
  ).toEqual([]);
});
