// COPY and ADD: flags, sources, destination; heredocs among the sources are files whose text is in the Dockerfile.
import type { Heredoc, Instruction } from './ast.ts';
import { type FlagTable, readFlags } from './flags.ts';
import { heredocOf } from './heredoc.ts';
import type { InstructionLine } from './instruction-line.ts';
import { jsonWords } from './json-form.ts';
import { DockerfileProblem } from './problem.ts';

const BOTH: FlagTable = { chown: 'text', chmod: 'text', link: 'switch', exclude: 'texts' };
const FLAGS: Record<string, FlagTable> = {
  COPY: { ...BOTH, from: 'text', parents: 'switch' },
  ADD: { ...BOTH, checksum: 'text', 'keep-git-dir': 'switch', unpack: 'switch' },
};

export function readCopy(line: InstructionLine): Instruction {
  const { keyword, rest, restAt } = line;
  const words = jsonWords(rest) ?? rest.split(/\s+/).filter(Boolean);
  const flags = readFlags(line.rawFlags, FLAGS[keyword] ?? BOTH);
  const dest = words.at(-1);
  if (dest === undefined || words.length < 2) {
    throw new DockerfileProblem(
      `${keyword} requires at least two arguments, but only one was provided. Destination could not be determined`,
      { at: restAt },
    );
  }
  if (heredocOf(dest))
    throw new DockerfileProblem(`${keyword} cannot accept a heredoc as a destination`, { at: restAt + rest.lastIndexOf(dest) });
  const from = flags.text('from');
  if (from?.includes('$')) {
    throw new DockerfileProblem('variable expansion is not supported for --from', {
      at: flags.at('from'),
      hint: 'Give the image a stage of its own, FROM … AS NAME, with an ARG above the first FROM, and copy from NAME',
    });
  }
  const heredocs = heredocsAmong(words.slice(0, -1), line.heredocs);
  return {
    ...line.common,
    kind: keyword === 'ADD' ? 'add' : 'copy',
    sources: words.slice(0, -1).filter((word) => heredocOf(word) === undefined),
    dest,
    heredocs,
    from,
    chown: flags.text('chown'),
    chmod: flags.text('chmod'),
    checksum: flags.text('checksum'),
    exclude: flags.texts('exclude').map(({ value }) => value),
    link: flags.isOn('link'),
    parents: flags.isOn('parents'),
    keepGitDir: flags.isOn('keep-git-dir'),
    unpack: flags.has('unpack') ? flags.isOn('unpack') : undefined,
  };
}

// Two of one name are one file, with the text of the last.
function heredocsAmong(words: string[], heredocs: readonly Heredoc[]): Heredoc[] {
  return words.flatMap((word) => {
    const name = heredocOf(word)?.name;
    return heredocs.findLast((heredoc) => heredoc.name === name) ?? [];
  });
}
