// Columns as Go's tabwriter lays them out for Docker: cells end in tabs, a column is as wide as its widest cell plus three spaces, at
// least ten. A column spans neighbouring lines that have it, so lines with fewer tabs break it; the text after a line's last tab is free.

const MIN_WIDTH = 10;
const PADDING = 3;

/** Aligns lines of tab-separated cells. Every line ends in a newline in the result. `minWidth` is the width of the narrowest column. */
export function alignTable(lines: readonly string[], { minWidth = MIN_WIDTH } = {}): string {
  const rows = lines.map((line) => line.split('\t'));
  // One look at a line is cheaper than one at each cell, and lists are long.
  const widthOf = lines.every((line) => NARROW_LINE.test(line)) ? (cell: string) => cell.length : displayWidth;
  const widths: number[][] = rows.map(() => []);
  measure(rows, widths, { from: 0, to: rows.length, column: 0, minWidth, widthOf });
  let text = '';
  for (let row = 0; row < rows.length; row++) {
    const cells = rows[row] as string[];
    const own = widths[row] as number[];
    const last = cells.length - 1;
    for (let column = 0; column < last; column++) text += padEnd(cells[column] as string, own[column] as number, widthOf);
    text += `${cells[last]}\n`;
  }
  return text;
}

type WidthOf = (cell: string) => number;

/** Widths of `column` and those right of it, for rows `from` to `to`. */
function measure(
  rows: string[][],
  widths: number[][],
  { from, to, column, minWidth, widthOf }: { from: number; to: number; column: number; minWidth: number; widthOf: WidthOf },
): void {
  for (let row = from; row < to; row++) {
    if (!hasColumn(rows[row], column)) continue;
    let end = row;
    let width = minWidth;
    for (; end < to && hasColumn(rows[end], column); end++) width = Math.max(width, widthOf(rows[end]?.[column] ?? '') + PADDING);
    for (let line = row; line < end; line++) (widths[line] as number[])[column] = width;
    measure(rows, widths, { from: row, to: end, column: column + 1, minWidth, widthOf });
    row = end;
  }
}

/** A cell is part of a column only if a tab ends it. */
function hasColumn(cells: string[] | undefined, column: number): boolean {
  return cells !== undefined && column < cells.length - 1;
}

function padEnd(cell: string, width: number, widthOf: WidthOf): string {
  return cell + ' '.repeat(width - widthOf(cell));
}

const NARROW_LINE = /^[\t -~…]*$/;
const NARROW = /^[ -~…]*$/;

/** Columns that `text` takes. Plain text is not worth the general answer, which costs ten times as much. */
function displayWidth(text: string): number {
  return NARROW.test(text) ? text.length : Bun.stringWidth(text);
}

/** `text` cut to `width` columns, the last of them an ellipsis when something was cut. */
export function ellipsis(text: string, width: number): string {
  if (displayWidth(text) <= width) return text;
  if (width <= 1) return Array.from(text).slice(0, width).join('');
  if (NARROW.test(text)) return `${text.slice(0, width - 1)}…`;
  let kept = '';
  let used = 0;
  for (const char of text) {
    used += displayWidth(char);
    if (used > width - 1) break;
    kept += char;
  }
  return `${kept}…`;
}

/** The twelve digits by which an id is shown. */
export function shortId(id: string): string {
  return id.slice(id.indexOf(':') + 1).slice(0, 12);
}
