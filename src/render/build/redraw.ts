// Puts one frame over the one before without flicker: lines are overwritten, not erased first, and the whole is one synchronised update. After a
// change of width the old frame may take more rows than it had lines.

const BEGIN = '\u001b[?2026h\u001b[?25l';
const END = '\u001b[?2026l';
const SHOW_CURSOR = '\u001b[?25h';

export interface Redraw {
  /** The text that replaces what is shown by `lines`. */
  to(lines: readonly string[], columns: number): string;
  /** The same for the last time: the cursor is back, below. */
  last(lines: readonly string[], columns: number): string;
}

export function createRedraw(): Redraw {
  let shown: readonly string[] = [];

  const to = (lines: readonly string[], columns: number): string => {
    const up = shown.reduce((rows, line) => rows + Math.max(1, Math.ceil(Bun.stringWidth(line) / columns)), 0);
    shown = lines;
    const home = up > 0 ? `\r\u001b[${up}A` : '\r';
    return `${BEGIN}${home}${lines.map((line) => `${line}\u001b[K\n`).join('')}\u001b[J${END}`;
  };
  return { to, last: (lines, columns) => `${to(lines, columns)}${SHOW_CURSOR}` };
}
