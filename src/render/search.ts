// The result of `search`: Docker's columns.
import { struct } from './go-values.ts';
import { alignTable, ellipsis } from './table.ts';

export interface SearchRow {
  name: string;
  description: string;
  stars: number;
  isOfficial: boolean;
}

const HEADER = { Name: 'NAME', Description: 'DESCRIPTION', StarCount: 'STARS', IsOfficial: 'OFFICIAL', IsAutomated: 'AUTOMATED' };
const COLUMNS = ['Name', 'Description', 'StarCount', 'IsOfficial'] as const;
const DESCRIPTION_WIDTH = 45;

/** The listing. Throws ERR_TEMPLATE. */
export async function renderSearch(
  found: readonly SearchRow[],
  { noTrunc, format = 'table' }: { noTrunc: boolean; format: string | undefined },
): Promise<string> {
  const rows = found.map(({ name, description, stars, isOfficial }) =>
    struct('*formatter.searchContext', {
      Description: noTrunc ? description : ellipsis(description, DESCRIPTION_WIDTH),
      IsAutomated: '',
      IsOfficial: isOfficial ? '[OK]' : '',
      Name: name,
      StarCount: String(stars),
    }),
  );
  if (format === 'table' || format === '')
    return alignTable([HEADER, ...rows].map((row) => COLUMNS.map((column) => row[column]).join('\t')));
  const { formatRows } = await import('./rows.ts');
  return formatRows(format, rows, { header: HEADER, table: COLUMNS.map((column) => `{{.${column}}}`).join('\t'), raw: '{{.Name}}' });
}
