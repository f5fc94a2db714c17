// `ps` as text. The plain table and `-q` are drawn directly; only another format loads templates.
import { type ContainerRow, type ContainerRowInput, containerRow, plainLine, type RowOptions } from './container-row.ts';
import { timeFormatter } from './go-time.ts';
import { alignTable, shortId } from './table.ts';

export interface ContainerListOptions extends Omit<RowOptions, 'formatTime'> {
  env: Readonly<Record<string, string | undefined>>;
  quiet: boolean;
  size: boolean;
  format: string | undefined;
}

const HEADER = {
  ID: 'CONTAINER ID',
  Image: 'IMAGE',
  Command: 'COMMAND',
  CreatedAt: 'CREATED AT',
  RunningFor: 'CREATED',
  Status: 'STATUS',
  Ports: 'PORTS',
  Names: 'NAMES',
  Size: 'SIZE',
  Labels: 'LABELS',
  Mounts: 'MOUNTS',
  LocalVolumes: 'LOCAL VOLUMES',
  Networks: 'NETWORKS',
  State: 'STATE',
  Platform: 'PLATFORM',
};

type Column = keyof typeof HEADER & keyof Omit<ContainerRow, 'Platform' | 'Label'>;

const COLUMNS: readonly Column[] = ['ID', 'Image', 'Command', 'RunningFor', 'Status', 'Ports', 'Names'];

/** The listing of containers. Throws ERR_TEMPLATE. */
export async function renderContainerList(containers: readonly ContainerRowInput[], options: ContainerListOptions): Promise<string> {
  const { quiet, size, format = 'table' } = options;
  const columns = size ? [...COLUMNS, 'Size' as const] : COLUMNS;
  if (quiet) return containers.map(({ record }) => `${options.noTrunc ? record.Id : shortId(record.Id)}\n`).join('');
  if (!size && (format === 'table' || format === '')) {
    const titles = COLUMNS.map((column) => HEADER[column]).join('\t');
    return alignTable([titles, ...containers.map((container) => plainLine(container, options))]);
  }
  const rowOptions = { ...options, formatTime: timeFormatter(options.env) };
  const rows = containers.map((container) => containerRow(container, rowOptions));
  if (format !== 'table' && format !== '') {
    const { formatRows } = await import('./rows.ts');
    const table = columns.map((column) => `{{.${column}}}`).join('\t');
    return formatRows(format, rows, { header: { ...HEADER, Label: (key: unknown) => labelTitle(String(key)) }, table, raw: raw(size) });
  }
  return alignTable([HEADER, ...rows].map((row: Readonly<Record<Column, string>>) => columns.map((column) => row[column]).join('\t')));
}

/** `com.example.some-label` has the title `some label`. */
function labelTitle(key: string): string {
  return key.slice(key.lastIndexOf('.') + 1).replace(/[-_]/g, ' ');
}

function raw(size: boolean): string {
  const fields = ['container_id: {{.ID}}', 'image: {{.Image}}', 'command: {{.Command}}', 'created_at: {{.CreatedAt}}', 'state: {{.State}}'];
  fields.push('status: {{.Status}}', 'names: {{.Names}}', 'labels:{{pad .Labels 1 0}}', 'ports:{{pad .Ports 1 0}}');
  if (size) fields.push('size: {{.Size}}');
  return `${fields.join('\n')}\n`;
}
