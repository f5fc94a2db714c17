// How far two words are apart, for "Did you mean …?".

/** Optimal string alignment distance: insertions, deletions, substitutions and swaps of neighbours. */
export function editDistance(a: string, b: string): number {
  const width = b.length + 1;
  const cost = (row: number, column: number): number => table[row * width + column] ?? 0;
  const table = Array.from({ length: (a.length + 1) * width }, (_, at) => (at < width ? at : at % width === 0 ? at / width : 0));
  for (let row = 1; row <= a.length; row++) {
    for (let column = 1; column <= b.length; column++) {
      const change = a[row - 1] === b[column - 1] ? 0 : 1;
      let least = Math.min(cost(row - 1, column) + 1, cost(row, column - 1) + 1, cost(row - 1, column - 1) + change);
      const swapped = row > 1 && column > 1 && a[row - 1] === b[column - 2] && a[row - 2] === b[column - 1];
      if (swapped) least = Math.min(least, cost(row - 2, column - 2) + 1);
      table[row * width + column] = least;
    }
  }
  return table.at(-1) ?? 0;
}
