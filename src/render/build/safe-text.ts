// Output of strangers' programs made fit for one line of a terminal: no escape codes that move the cursor or ring, no control characters, tabs as blanks,
// what a carriage return overwrote gone. And cutting by what a terminal shows: wide characters count two.

const CONTROL = /[\p{Cc}\p{Bidi_Control}\p{Zl}\p{Zp}]/gu;
const PRINTABLE = /^[ -~]*$/;
const TAB = 8;

/** Nothing but text. */
export function plainText(line: string): string {
  if (PRINTABLE.test(line)) return line;
  return expandTabs(Bun.stripANSI(lastWritten(line))).replace(CONTROL, '');
}

const ESCAPE = String.fromCharCode(27);
const COLOUR = new RegExp(`${ESCAPE}\\[[\\d;:]*m`, 'g');

/** The same, colours kept, and ended at the line's end: for output that is not redrawn. */
export function colouredText(line: string): string {
  if (PRINTABLE.test(line)) return line;
  const pieces: string[] = [];
  let at = 0;
  const shown = lastWritten(line);
  for (const match of shown.matchAll(COLOUR)) {
    pieces.push(clean(shown.slice(at, match.index)), match[0]);
    at = match.index + match[0].length;
  }
  pieces.push(clean(shown.slice(at)));
  return pieces.length > 1 ? `${pieces.join('')}${ESCAPE}[0m` : pieces.join('');
}

const clean = (text: string): string => Bun.stripANSI(text).replace(CONTROL, (char) => (char === '\t' ? char : ''));

/** The beginning of `text` that `columns` columns hold; what is left out is marked. */
export function cutToWidth(text: string, columns: number): string {
  if (columns <= 0) return '';
  if (PRINTABLE.test(text)) return text.length <= columns ? text : `${text.slice(0, columns - 1)}…`;
  if (Bun.stringWidth(text) <= columns) return text;
  let kept = '';
  let width = 0;
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    const wide = Bun.stringWidth(segment);
    if (width + wide > columns - 1) break;
    kept += segment;
    width += wide;
  }
  return `${kept}…`;
}

// Progress bars write over themselves: what was written last is what a person would see.
function lastWritten(line: string): string {
  const parts = line.split('\r').filter((part) => part !== '');
  return parts.at(-1) ?? '';
}

function expandTabs(line: string): string {
  if (!line.includes('\t')) return line;
  let text = '';
  for (const part of line.split(/(\t)/)) text += part === '\t' ? ' '.repeat(TAB - (Bun.stringWidth(text) % TAB)) : part;
  return text;
}
