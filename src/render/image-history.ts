// `history` as text: Docker's columns, `<missing>` for steps that are no image of their own.
import { localTime } from './go-time.ts';
import { struct } from './go-values.ts';
import { ago, humanSize } from './human.ts';
import { alignTable, ellipsis, shortId } from './table.ts';

export interface HistoryStepInput {
  id: string | undefined;
  /** RFC 3339, or ''. */
  created: string;
  createdBy: string;
  sizeBytes: number;
  comment: string;
}

export interface HistoryOptions {
  quiet: boolean;
  noTrunc: boolean;
  /** Sizes and times for people. */
  human: boolean;
  format: string | undefined;
  now: Date;
}

const HEADER = {
  ID: 'IMAGE',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  CreatedBy: 'CREATED BY',
  Size: 'SIZE',
  Comment: 'COMMENT',
};
const LONGEST_COMMAND = 45;

/** Throws ERR_TEMPLATE. */
export async function renderHistory(steps: readonly HistoryStepInput[], options: HistoryOptions): Promise<string> {
  const { quiet, human, format = 'table' } = options;
  const rows = steps.map((step) => historyRow(step, options));
  const isTable = format === 'table' || format === '';
  if (quiet && isTable) return rows.map(({ ID }) => `${ID}\n`).join('');
  const columns = ['ID', human ? 'CreatedSince' : 'CreatedAt', 'CreatedBy', 'Size', 'Comment'] as const;
  if (isTable) return alignTable([HEADER, ...rows].map((row) => columns.map((column) => row[column]).join('\t')));
  const { formatRows } = await import('./rows.ts');
  return formatRows(format, rows, { header: HEADER, table: columns.map((column) => `{{.${column}}}`).join('\t'), raw: 'raw' });
}

function historyRow(step: HistoryStepInput, { noTrunc, human, now }: HistoryOptions): Record<keyof typeof HEADER, string> {
  const createdBy = step.createdBy.replaceAll('\t', ' ');
  const time = Date.parse(step.created);
  const createdAt = Number.isNaN(time) ? 'N/A' : localTime(time);
  return struct('*image.historyContext', {
    Comment: step.comment,
    CreatedAt: createdAt,
    CreatedBy: noTrunc ? createdBy : ellipsis(createdBy, LONGEST_COMMAND),
    CreatedSince: human ? ago(step.created, now) : createdAt,
    ID: step.id === undefined ? '<missing>' : noTrunc ? step.id : shortId(step.id),
    Size: human ? humanSize(step.sizeBytes) : String(step.sizeBytes),
  });
}
