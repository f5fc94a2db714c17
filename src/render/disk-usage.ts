// `system df` as text: Docker's summary, and with -v its four lists. The trash has a line of its own, which Docker's has not, as long as something is
// in it.

import type { VolumeRecord } from '../storage/records.ts';
import { type ContainerRowInput, containerRow } from './container-row.ts';
import { timeFormatter } from './go-time.ts';
import { struct } from './go-values.ts';
import { ago, preciseSize } from './human.ts';
import { alignTable, shortId } from './table.ts';

interface Totals {
  count: number;
  active: number;
  size: number;
  reclaimable: number;
}

export interface DiskUsageInput {
  images: Totals & {
    items: readonly { image: { id: string; created: string }; tags: readonly string[]; size: number; shared: number; containers: number }[];
  };
  containers: Totals & { items: readonly ContainerRowInput[] };
  volumes: Totals & { items: readonly { volume: VolumeRecord; links: number; size: number }[] };
  trash: Totals & { items: readonly { removedAt: Date; volumes: readonly string[]; size: number }[] };
  cache: Totals & { items: readonly CacheInput[] };
}

interface CacheInput {
  id: string;
  type: string;
  description: string;
  parents: readonly string[];
  /** RFC 3339. */
  createdAt: string;
  lastUsedAt: string;
  uses: number;
  inUse: boolean;
  shared: boolean;
  size: number;
}

export interface DiskUsageOptions {
  verbose: boolean;
  format: string | undefined;
  now: Date;
  env: Readonly<Record<string, string | undefined>>;
}

const HEADER = { Type: 'TYPE', TotalCount: 'TOTAL', Active: 'ACTIVE', Size: 'SIZE', Reclaimable: 'RECLAIMABLE' };
const IMAGE_HEADER = {
  ...{ Repository: 'REPOSITORY', Tag: 'TAG', ID: 'IMAGE ID', CreatedSince: 'CREATED', Size: 'SIZE' },
  ...{ SharedSize: 'SHARED SIZE', UniqueSize: 'UNIQUE SIZE', Containers: 'CONTAINERS' },
};
const CONTAINER_HEADER = {
  ...{ ID: 'CONTAINER ID', Image: 'IMAGE', Command: 'COMMAND', LocalVolumes: 'LOCAL VOLUMES', Size: 'SIZE' },
  ...{ RunningFor: 'CREATED', Status: 'STATUS', Names: 'NAMES' },
};
const VOLUME_HEADER = { Name: 'VOLUME NAME', Links: 'LINKS', Size: 'SIZE' };
const TRASH_HEADER = { Removed: 'REMOVED', Volumes: 'VOLUMES', Size: 'SIZE' };
const CACHE_HEADER = {
  ...{ ID: 'CACHE ID', CacheType: 'CACHE TYPE', Size: 'SIZE', CreatedSince: 'CREATED', LastUsedSince: 'LAST USED' },
  ...{ UsageCount: 'USAGE', Shared: 'SHARED' },
};

/** Throws ERR_TEMPLATE. */
export async function renderDiskUsage(usage: DiskUsageInput, options: DiskUsageOptions): Promise<string> {
  const { verbose, format = 'table' } = options;
  const isTable = format === 'table' || format === '';
  if (verbose) return isTable ? verboseTables(usage, options) : verboseTemplate(usage, { ...options, format });
  const rows = summary(usage);
  if (isTable) return tableOf(HEADER, rows);
  const { formatRows } = await import('./rows.ts');
  const table = columnsOf(HEADER);
  const raw = 'type: {{.Type}}\ntotal: {{.TotalCount}}\nactive: {{.Active}}\nsize: {{.Size}}\nreclaimable: {{.Reclaimable}}\n';
  return formatRows(format, rows, { header: HEADER, table, raw });
}

function summary({ images, containers, volumes, trash, cache }: DiskUsageInput) {
  const row = (Type: string, { count, active, size, reclaimable }: Totals) =>
    struct('*formatter.diskUsageContext', {
      Active: String(active),
      Reclaimable:
        Type === 'Build Cache' || size === 0 ? preciseSize(reclaimable) : `${preciseSize(reclaimable)} (${percent(reclaimable, size)}%)`,
      Size: preciseSize(size),
      TotalCount: String(count),
      Type,
    });
  const all = [row('Images', images), row('Containers', containers), row('Local Volumes', volumes), row('Build Cache', cache)];
  return trash.size > 0 ? [...all, row('Trash', trash)] : all;
}

const percent = (part: number, whole: number): number => Math.trunc((part * 100) / whole);

function verboseTables(usage: DiskUsageInput, options: DiskUsageOptions): string {
  const { images, containers, volumes, trash, cache } = rowsOf(usage, options);
  return [
    `Images space usage:\n\n${tableOf(IMAGE_HEADER, images)}`,
    `Containers space usage:\n\n${tableOf(CONTAINER_HEADER, containers)}`,
    `Local Volumes space usage:\n\n${tableOf(VOLUME_HEADER, volumes)}`,
    `Build cache usage: ${preciseSize(usage.cache.size)}\n\n${tableOf(CACHE_HEADER, cache)}`,
    ...(trash.length > 0 ? [`Trash space usage:\n\n${tableOf(TRASH_HEADER, trash)}`] : []),
  ].join('\n');
}

async function verboseTemplate(usage: DiskUsageInput, options: DiskUsageOptions & { format: string }): Promise<string> {
  const { images, containers, volumes, cache } = rowsOf(usage, options);
  const { renderTemplate } = await import('./template.ts');
  const whole = struct('*formatter.diskUsageContext', { Images: images, Containers: containers, Volumes: volumes, BuildCache: cache });
  return `${renderTemplate(options.format === 'json' ? '{{json .}}' : options.format, whole)}\n`;
}

function rowsOf({ images, containers, volumes, trash, cache }: DiskUsageInput, { now, env }: DiskUsageOptions) {
  const formatTime = timeFormatter(env);
  return {
    images: images.items.map((item) => imageRow(item, now)),
    containers: containers.items.map((item) => containerRow(item, { noTrunc: false, now, formatTime, sizeText: preciseSize })),
    volumes: volumes.items.map(({ volume, links, size }) =>
      struct('*formatter.volumeContext', { Driver: volume.Driver, Links: String(links), Name: volume.Name, Size: preciseSize(size) }),
    ),
    trash: trash.items.map(({ removedAt, volumes: names, size }) => ({
      Removed: ago(removedAt.toISOString(), now),
      Volumes: names.join(', '),
      Size: preciseSize(size),
    })),
    cache: cache.items.map((item) => cacheRow(item, now)),
  };
}

function cacheRow({ id, type, description, parents, createdAt, lastUsedAt, uses, inUse, shared, size }: CacheInput, now: Date) {
  return struct('*formatter.buildCacheContext', {
    CacheType: type,
    CreatedSince: ago(createdAt, now),
    Description: description,
    ID: `${id.slice(0, 12)}${inUse ? '*' : ''}`,
    InUse: String(inUse),
    LastUsedSince: ago(lastUsedAt, now),
    Parent: (parents[0] ?? '').slice(0, 12),
    Shared: String(shared),
    Size: preciseSize(size),
    UsageCount: String(uses),
  });
}

function imageRow({ image, tags, size, shared, containers }: DiskUsageInput['images']['items'][number], now: Date) {
  const [name = '<none>:<none>'] = tags;
  const colon = name.lastIndexOf(':');
  return struct('*formatter.imageContext', {
    Containers: String(containers),
    CreatedSince: ago(image.created || '1970-01-01T00:00:00Z', now),
    ID: shortId(image.id),
    Repository: name.slice(0, colon),
    SharedSize: preciseSize(shared),
    Size: preciseSize(size),
    Tag: name.slice(colon + 1),
    UniqueSize: preciseSize(size - shared),
  });
}

function tableOf<K extends string>(header: Readonly<Record<K, string>>, rows: readonly Readonly<Record<NoInfer<K>, unknown>>[]): string {
  const columns = Object.keys(header) as K[];
  return alignTable([header, ...rows].map((row) => columns.map((column) => String(row[column])).join('\t')));
}

const columnsOf = (header: object): string =>
  Object.keys(header)
    .map((column) => `{{.${column}}}`)
    .join('\t');
