// Two columns as Docker's help sets them: names at two spaces, descriptions aligned and wrapped under themselves.

export interface Row {
  left: string;
  right: string;
}

const LEAST_WIDTH = 24;

/** Lines of `rows`, no wider than `columns` where the right column keeps at least 24; every line ends with a newline. */
export function twoColumns(rows: readonly Row[], { columns, gap }: { columns: number; gap: number }): string {
  const indent = Math.max(0, ...rows.map((row) => row.left.length)) + gap;
  const width = Math.max(LEAST_WIDTH, columns - indent - 1);
  const lines = rows.flatMap(({ left, right }) => {
    const [first = '', ...more] = right.split('\n').flatMap((paragraph) => wrap(paragraph, width));
    return [`${left.padEnd(indent)}${first}`, ...more.map((line) => `${' '.repeat(indent)}${line}`)];
  });
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function wrap(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}
