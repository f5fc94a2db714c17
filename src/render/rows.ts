// Lists by `--format`: `table`, `table TEMPLATE`, `json`, `raw`, or a template per row. The default table of each list is drawn without
// this file, so that a plain `ps` loads no template engine. As in Docker, `\t` and `\n` may be typed as two characters.
import { goJson } from './go-json.ts';
import { goMap } from './go-values.ts';
import { alignTable } from './table.ts';
import { applyTemplate, compileTemplate } from './template.ts';

export interface RowFormats {
  /** Column titles by field, for `table TEMPLATE`. */
  header: Readonly<Record<string, unknown>>;
  /** The templates behind the names `table` and `raw`. */
  table: string;
  raw: string;
}

/** The text for `rows` (structs). Throws ERR_TEMPLATE with exit code 1. */
export function formatRows(format: string, rows: readonly object[], formats: RowFormats): string {
  const named = format === 'table' || format === '' ? `table ${formats.table}` : format === 'raw' ? formats.raw : format;
  if (named === 'json') return rows.map((row) => `${goJson(row)}\n`).join('');
  const isTable = named.startsWith('table');
  const source = (isTable ? named.slice('table'.length) : named)
    .replace(/^ +| +$/g, '')
    .replaceAll('\\t', '\t')
    .replaceAll('\\n', '\n');
  const template = compileTemplate(source, 1);
  const texts = rows.map((row) => applyTemplate(template, row));
  if (!isTable) return texts.map((text) => `${text}\n`).join('');
  const header = applyTemplate(template, goMap(formats.header, '<no value>'), { header: true });
  return alignTable([header, ...texts].flatMap((text) => text.split('\n')));
}
