// The build cache as buildx prints it: a table with its totals, or with --verbose a paragraph for each entry. A star after an id says that builds write to
// it, one after a size that an image has it too.
import { timeFormatter } from './go-time.ts';
import { struct } from './go-values.ts';
import { ago, preciseSize } from './human.ts';
import { alignTable } from './table.ts';

export interface CacheEntryInput {
  id: string;
  type: string;
  parents: readonly string[];
  /** RFC 3339. */
  createdAt: string;
  lastUsedAt: string;
  uses: number;
  description: string;
  inUse: boolean;
  shared: boolean;
  mutable: boolean;
  /** Bytes. */
  size: number;
}

export interface CacheListOptions {
  verbose: boolean;
  format?: string | undefined;
  /** Not where a filter shows a part alone. */
  hasTotals: boolean;
  now: Date;
  env: Readonly<Record<string, string | undefined>>;
}

const HEADER = { ID: 'ID', Reclaimable: 'RECLAIMABLE', Size: 'SIZE', LastUsed: 'LAST ACCESSED' };
const ID_WIDTH = 40;

/** Throws ERR_TEMPLATE. */
export async function renderBuildCache(entries: readonly CacheEntryInput[], options: CacheListOptions): Promise<string> {
  const { verbose, format = '', hasTotals, now } = options;
  if (format !== '' && format !== 'table') return formatted(entries, { ...options, format });
  const list = verbose ? entries.map((entry) => paragraph(entry, options)).join('') : tableOf(entries, now);
  return hasTotals ? `${list}${totals(entries)}` : list;
}

/** What a prune removed; `freed` in bytes. */
export function renderPrunedCache(
  entries: readonly CacheEntryInput[],
  { freed, ...options }: Omit<CacheListOptions, 'hasTotals'> & { freed: number },
): string {
  const list = options.verbose
    ? entries.map((entry) => paragraph(entry, options)).join('')
    : entries.length > 0
      ? tableOf(entries, options.now)
      : '';
  return `${list}Total:\t${preciseSize(freed)}\n`;
}

function tableOf(entries: readonly CacheEntryInput[], now: Date): string {
  const rows = entries.map((entry) => [idOf(entry).padEnd(ID_WIDTH), String(!entry.inUse), sizeOf(entry), ago(entry.lastUsedAt, now)]);
  return alignTable([Object.values(HEADER), ...rows].map((cells) => cells.join('\t')));
}

function paragraph(entry: CacheEntryInput, { now, env }: Pick<CacheListOptions, 'now' | 'env'>): string {
  const { id, parents, createdAt, mutable, inUse, shared, size, description, uses, lastUsedAt, type } = entry;
  const lines: [string, unknown][] = [
    ['ID', id],
    ...(parents.length > 0 ? [['Parent', parents.join(',')] as [string, string]] : []),
    ['Created at', timeFormatter(env)(Date.parse(createdAt))],
    ['Mutable', mutable],
    ['Reclaimable', !inUse],
    ['Shared', shared],
    ['Size', preciseSize(size)],
    ...(description === '' ? [] : [['Description', description] as [string, string]]),
    ['Usage count', uses],
    ['Last used', ago(lastUsedAt, now)],
    ['Type', type],
  ];
  return `${lines.map(([name, value]) => `${`${name}:`.padEnd(16)}${value}\n`).join('')}\n`;
}

function totals(entries: readonly CacheEntryInput[]): string {
  const sum = (some: readonly CacheEntryInput[]): number => some.reduce((bytes, { size }) => bytes + size, 0);
  const lines: [string, number][] = [
    ['Reclaimable', sum(entries.filter(({ inUse }) => !inUse))],
    ['Total', sum(entries)],
  ];
  return lines.map(([name, bytes]) => `${`${name}:`.padEnd(16)}${preciseSize(bytes)}\n`).join('');
}

async function formatted(
  entries: readonly CacheEntryInput[],
  { format, now, env }: CacheListOptions & { format: string },
): Promise<string> {
  const rows = entries.map((entry) =>
    struct('*commands.diskusageContext', {
      CreatedAt: timeFormatter(env)(Date.parse(entry.createdAt)),
      Description: entry.description,
      ID: idOf(entry),
      InUse: entry.inUse,
      LastUsed: ago(entry.lastUsedAt, now),
      LastUsedAt: timeFormatter(env)(Date.parse(entry.lastUsedAt)),
      Mutable: entry.mutable,
      Parents: entry.parents,
      Reclaimable: !entry.inUse,
      Shared: entry.shared,
      Size: sizeOf(entry),
      Type: entry.type,
      UsageCount: entry.uses,
    }),
  );
  const { formatRows } = await import('./rows.ts');
  const table = Object.keys(HEADER)
    .map((column) => `{{.${column}}}`)
    .join('\t');
  return formatRows(format, rows, { header: HEADER, table, raw: '{{.ID}}' });
}

const idOf = ({ id, mutable }: CacheEntryInput): string => `${id}${mutable ? '*' : ''}`;
const sizeOf = ({ size, shared }: CacheEntryInput): string => `${preciseSize(size)}${shared ? '*' : ''}`;
