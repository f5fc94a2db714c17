// Secrets as text: Docker's columns for the list, podman's object for `inspect` (Docker's has no place for the bytes).
import { goMap, struct } from './go-values.ts';
import { ago } from './human.ts';
import { alignTable } from './table.ts';

export interface RenderedSecret {
  ID: string;
  Name: string;
  Labels: Readonly<Record<string, string>>;
  CreatedAt: string;
  UpdatedAt: string;
}

const HEADER = { ID: 'ID', Name: 'NAME', Driver: 'DRIVER', CreatedAt: 'CREATED', UpdatedAt: 'UPDATED', Labels: 'LABELS' };
const COLUMNS = ['ID', 'Name', 'Driver', 'CreatedAt', 'UpdatedAt'] as const;
const DRIVER = 'file';

/** The listing. Throws ERR_TEMPLATE. */
export async function renderSecretList(
  secrets: readonly RenderedSecret[],
  { quiet, format = 'table', now }: { quiet: boolean; format: string | undefined; now: Date },
): Promise<string> {
  if (quiet) return secrets.map(({ ID }) => `${ID}\n`).join('');
  const rows = secrets.map(({ ID, Name, Labels, CreatedAt, UpdatedAt }) =>
    struct('*formatter.secretContext', {
      ID,
      Name,
      Driver: DRIVER,
      CreatedAt: ago(CreatedAt, now),
      UpdatedAt: ago(UpdatedAt, now),
      Labels: Object.entries(Labels)
        .map(([key, value]) => `${key}=${value}`)
        .join(','),
    }),
  );
  if (format === 'table' || format === '')
    return alignTable([HEADER, ...rows].map((row) => COLUMNS.map((column) => row[column]).join('\t')));
  const { formatRows } = await import('./rows.ts');
  return formatRows(format, rows, { header: HEADER, table: COLUMNS.map((column) => `{{.${column}}}`).join('\t'), raw: '{{.ID}}' });
}

/** `secret inspect`. `data` is shown as text. Throws ERR_TEMPLATE. */
export async function renderSecrets(found: readonly { record: RenderedSecret; data?: Uint8Array }[], format?: string): Promise<string> {
  const values = found.map(({ record, data }) =>
    struct('*entities.SecretInfoReport', {
      ID: record.ID,
      CreatedAt: record.CreatedAt,
      UpdatedAt: record.UpdatedAt,
      Spec: struct('entities.SecretSpec', {
        Name: record.Name,
        Driver: struct('entities.SecretDriverSpec', { Name: DRIVER, Options: goMap<string>({}, '') }),
        Labels: goMap(record.Labels, ''),
      }),
      ...(data ? { SecretData: new TextDecoder().decode(data) } : {}),
    }),
  );
  if (format === undefined || format === '') return `${JSON.stringify(values, null, 4)}\n`;
  if (format === 'json') return `${JSON.stringify(values)}\n`;
  const { inspectFormatter } = await import('./inspect-format.ts');
  const formatted = inspectFormatter(format);
  return values.map((value) => `${formatted(value)}\n`).join('');
}
