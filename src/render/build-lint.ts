// What `build --check` prints, as text and as JSON, in buildx's forms.

/** A note of a lint rule, as it is shown. */
export interface ShownNote {
  rule: string;
  /** What the rule is about. */
  description: string;
  url: string;
  message: string;
  span: Lines;
  /** Its place and the lines around it. */
  excerpt: string;
}

/** First and last line. */
export interface Lines {
  start: { line: number };
  end: { line: number };
}

export interface ShownFile {
  name: string;
  lines: readonly string[];
}

/** The count, then each note with the lines that it is about. */
export function lintText(notes: readonly ShownNote[]): string {
  if (notes.length === 0) return 'Check complete, no warnings found.\n';
  const count = notes.length === 1 ? '1 warning has been found!' : `${notes.length} warnings have been found!`;
  const parts = notes.map(({ rule, url, message, excerpt }) => `WARNING: ${rule} - ${url}\n${message}\n${excerpt}\n`);
  return [`Check complete, ${count}\n`, ...parts].join('\n');
}

/** The same for programs. */
export function lintJson(file: ShownFile, notes: readonly ShownNote[]): string {
  const warnings = notes.map(({ rule, description, url, message, span }) => {
    return { ruleName: rule, description, url, detail: message, location: locationOf(span) };
  });
  const sources = [{ filename: file.name, language: 'Dockerfile', data: dataOf(file) }];
  return `${JSON.stringify({ warnings, sources }, null, 2)}\n`;
}

/** As BuildKit's answers have it: lines alone. */
export function locationOf({ start, end }: Lines): object {
  return { ranges: [{ start: { line: start.line }, end: { line: end.line } }] };
}

/** The file's text, base64. */
export const dataOf = ({ lines }: ShownFile): string => Buffer.from(lines.map((line) => `${line}\n`).join('')).toString('base64');
