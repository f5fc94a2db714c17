// The builder as buildx lists and describes builders: a row for it and one for its node.
import { struct } from './go-values.ts';
import { alignTable } from './table.ts';

export interface BuilderInput {
  name: string;
  driver: string;
  endpoint: string;
  status: string;
  version: string;
  platforms: readonly string[];
}

const HEADER = { NameNode: 'NAME/NODE', DriverEndpoint: 'DRIVER/ENDPOINT', Status: 'STATUS', Buildkit: 'BUILDKIT', Platforms: 'PLATFORMS' };

/** Throws ERR_TEMPLATE. */
export async function renderBuilders(
  builder: BuilderInput,
  { format = '', quiet }: { format?: string | undefined; quiet: boolean },
): Promise<string> {
  if (quiet) return `${builder.name}\n`;
  const { name, driver, endpoint, status, version, platforms } = builder;
  const row = (own: { NameNode: string; DriverEndpoint: string; Status: string; Buildkit: string; Platforms: string; IsNode: boolean }) =>
    struct('*commands.lsContext', { ...own, Error: '', IsCurrent: true, LastActivity: '' });
  const none = { Status: '', Buildkit: '', Platforms: '' };
  const isPlain = format === '' || format === 'table';
  const rows = [
    row({ NameNode: isPlain ? `${name}*` : name, DriverEndpoint: driver, ...none, IsNode: false }),
    row({
      NameNode: isPlain ? ` \\_ ${name}` : name,
      DriverEndpoint: isPlain ? ` \\_ ${endpoint}` : endpoint,
      Status: status,
      Buildkit: version,
      Platforms: platforms.join(isPlain ? ', ' : ','),
      IsNode: true,
    }),
  ];
  const columns = Object.keys(HEADER) as (keyof typeof HEADER)[];
  if (isPlain) return alignTable([HEADER, ...rows].map((each) => columns.map((column) => String(each[column])).join('\t')));
  const { formatRows } = await import('./rows.ts');
  return formatRows(format, rows, { header: HEADER, table: columns.map((column) => `{{.${column}}}`).join('\t'), raw: '{{.NameNode}}' });
}

export function renderBuilder({ name, driver, endpoint, status, version, platforms }: BuilderInput): string {
  const lines = (pairs: [string, string][]): string => alignTable(pairs.map(([key, value]) => `${key}:\t${value}`));
  const node: [string, string][] = [
    ['Name', name],
    ['Endpoint', endpoint],
    ['Status', status],
    ['BuildKit version', version],
    ['Platforms', platforms.join(', ')],
  ];
  return `${lines([
    ['Name', name],
    ['Driver', driver],
  ])}\nNodes:\n${lines(node)}`;
}
