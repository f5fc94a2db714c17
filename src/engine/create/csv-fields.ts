// The fields of one CSV line (RFC 4180), as Docker reads the values of --mount and --secret: a field may stand in double quotes, in which
// a quote is written twice. A quote anywhere else is an error, in the words of Go's reader.

/** Throws an Error that says what is wrong and in which column (bytes, from 1). */
export function csvFields(line: string): string[] {
  if (line === '') throw new Error('EOF');
  const fields: string[] = [];
  for (let at = 0; ; at++) {
    const { text, end } = line[at] === '"' ? quoted(line, at) : plain(line, at);
    fields.push(text);
    if (end >= line.length) return fields;
    at = end;
  }
}

function plain(line: string, start: number): { text: string; end: number } {
  const comma = line.indexOf(',', start);
  const end = comma === -1 ? line.length : comma;
  const quote = line.slice(start, end).indexOf('"');
  if (quote !== -1) throw new Error(`parse error on line 1, column ${columnOf(line, start + quote)}: bare " in non-quoted-field`);
  return { text: line.slice(start, end), end };
}

function quoted(line: string, start: number): { text: string; end: number } {
  let text = '';
  for (let at = start + 1; ; at++) {
    const quote = line.indexOf('"', at);
    if (quote === -1) throw extraneous(line, line.length);
    text += line.slice(at, quote);
    const next = line[quote + 1];
    if (next === undefined || next === ',') return { text, end: quote + 1 };
    if (next !== '"') throw extraneous(line, quote);
    text += '"';
    at = quote + 1;
  }
}

const extraneous = (line: string, at: number): Error =>
  new Error(`parse error on line 1, column ${columnOf(line, at)}: extraneous or missing " in quoted-field`);

const columnOf = (line: string, at: number): number => Buffer.byteLength(line.slice(0, at)) + 1;
