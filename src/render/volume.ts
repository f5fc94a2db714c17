// Volumes as text: Docker's columns for the list, its object for `inspect`.
import type { VolumeRecord } from '../storage/records.ts';
import { localTime } from './go-time.ts';
import { goMap, nilMap, struct } from './go-values.ts';
import { ago, preciseSize } from './human.ts';
import { alignTable } from './table.ts';

export interface RenderedVolume {
  volume: VolumeRecord;
  mountpoint: string;
  usage?: { links: number; size: number };
}

const HEADER = {
  ...{ Driver: 'DRIVER', Name: 'VOLUME NAME', Availability: 'AVAILABILITY', Group: 'GROUP', Labels: 'LABELS', Links: 'LINKS' },
  ...{ Mountpoint: 'MOUNTPOINT', Scope: 'SCOPE', Size: 'SIZE', Status: 'STATUS' },
};
const COLUMNS = ['Driver', 'Name'] as const;
const UNKNOWN = 'N/A';

/** The listing. Throws ERR_TEMPLATE. */
export async function renderVolumeList(
  volumes: readonly RenderedVolume[],
  { quiet, format = 'table' }: { quiet: boolean; format: string | undefined },
): Promise<string> {
  const isTable = format === 'table' || format === '';
  if (quiet && isTable) return volumes.map(({ volume }) => `${volume.Name}\n`).join('');
  const rows = volumes.map(row);
  if (isTable) return alignTable([HEADER, ...rows].map((each) => COLUMNS.map((column) => each[column]).join('\t')));
  const { formatRows } = await import('./rows.ts');
  const raw = quiet ? 'name: {{.Name}}' : 'name: {{.Name}}\ndriver: {{.Driver}}\n';
  return formatRows(format, rows, { header: HEADER, table: COLUMNS.map((column) => `{{.${column}}}`).join('\t'), raw });
}

function row({ volume, mountpoint, usage }: RenderedVolume) {
  const { Driver, Labels, Name } = volume;
  return struct('*formatter.volumeContext', {
    Availability: UNKNOWN,
    Driver,
    Group: UNKNOWN,
    Label: (key: unknown) => Labels[String(key)] ?? '',
    Labels: Object.entries(Labels)
      .map(([key, value]) => `${key}=${value}`)
      .join(','),
    Links: usage ? String(usage.links) : UNKNOWN,
    Mountpoint: mountpoint,
    Name,
    Scope: 'local',
    Size: usage ? preciseSize(usage.size) : UNKNOWN,
    Status: UNKNOWN,
  });
}

/** `volume inspect`. Throws ERR_TEMPLATE. */
export async function renderVolumes(found: readonly RenderedVolume[], format?: string): Promise<string> {
  const values = found.map(renderVolume);
  if (format === undefined || format === '') return `${JSON.stringify(values, null, 4)}\n`;
  if (format === 'json') return `${JSON.stringify(values)}\n`;
  const { inspectFormatter } = await import('./inspect-format.ts');
  const formatted = inspectFormatter(format);
  return values.map((value) => `${formatted(value)}\n`).join('');
}

/** The object in Docker's shape. */
export function renderVolume({ volume, mountpoint, usage }: RenderedVolume): object {
  return struct('volume.Volume', {
    CreatedAt: localTime(Date.parse(volume.CreatedAt)),
    Driver: volume.Driver,
    Labels: mapOrNil(volume.Labels),
    Mountpoint: mountpoint,
    Name: volume.Name,
    Options: mapOrNil(volume.Options),
    Scope: 'local',
    ...(usage ? { UsageData: struct('volume.UsageData', { RefCount: usage.links, Size: usage.size }) } : {}),
  });
}

const mapOrNil = (entries: Readonly<Record<string, string>>) => (Object.keys(entries).length === 0 ? nilMap('') : goMap(entries, ''));

/** `volume snapshot --list`. */
export function renderSnapshots(snapshots: readonly { Name: string; CreatedAt: string }[], now: Date): string {
  return alignTable(['SNAPSHOT\tCREATED', ...snapshots.map(({ Name, CreatedAt }) => `${Name}\t${ago(CreatedAt, now)}`)]);
}
