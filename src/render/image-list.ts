// `images` as text: one row per tag, and one per repository that an image is known from by digest only.
import type { ImageHead } from '../storage/records.ts';
import { timeFormatter } from './go-time.ts';
import { struct } from './go-values.ts';
import { ago, humanSize } from './human.ts';
import { alignTable, shortId } from './table.ts';

export interface ImageListInput {
  image: ImageHead;
  /** Familiar `name:tag`s and `name@digest`s. */
  tags: readonly string[];
  digests: readonly string[];
}

export interface ImageListOptions {
  quiet: boolean;
  noTrunc: boolean;
  showDigests: boolean;
  format: string | undefined;
  now: Date;
  env: Readonly<Record<string, string | undefined>>;
}

const NONE = '<none>';
const UNKNOWN_TIME = '1970-01-01T00:00:00Z';
const HEADER = {
  Repository: 'REPOSITORY',
  Tag: 'TAG',
  Digest: 'DIGEST',
  ID: 'IMAGE ID',
  CreatedSince: 'CREATED',
  CreatedAt: 'CREATED AT',
  Size: 'SIZE',
  Containers: 'CONTAINERS',
  VirtualSize: 'SIZE',
  SharedSize: 'SHARED SIZE',
  UniqueSize: 'UNIQUE SIZE',
};

type Field = keyof typeof HEADER;

/** The listing of images. Throws ERR_TEMPLATE. */
export async function renderImageList(images: readonly ImageListInput[], options: ImageListOptions): Promise<string> {
  const { showDigests, format = 'table' } = options;
  const isTable = format === 'table' || format === '';
  if (isTable) return plainList(images, options);
  const rowOptions = { ...options, formatTime: timeFormatter(options.env) };
  const rows = images.flatMap((image) => namesOf(image, options).map((name) => imageRow(image.image, name, rowOptions)));
  const columns: Field[] = ['Repository', 'Tag', ...(showDigests ? ['Digest' as const] : []), 'ID', 'CreatedSince', 'Size'];
  const { formatRows } = await import('./rows.ts');
  return formatRows(format, rows, { header: HEADER, table: columns.map((column) => `{{.${column}}}`).join('\t'), raw: raw(options) });
}

/** The plain table and the ids, without rows, which only templates need: five hundred images feel it. */
function plainList(images: readonly ImageListInput[], options: ImageListOptions): string {
  const { quiet, noTrunc, showDigests, now } = options;
  const lines = quiet ? [] : [`REPOSITORY\tTAG\t${showDigests ? 'DIGEST\t' : ''}IMAGE ID\tCREATED\tSIZE`];
  for (const input of images) {
    const { id, created, sizeBytes } = input.image;
    const shown = noTrunc ? id : shortId(id);
    const rest = quiet ? shown : `${shown}\t${ago(created || UNKNOWN_TIME, now)}\t${humanSize(sizeBytes)}`;
    for (const name of namesOf(input, options)) {
      lines.push(quiet ? rest : `${name.repository}\t${name.tag}\t${showDigests ? `${name.digest}\t` : ''}${rest}`);
    }
  }
  return quiet ? lines.map((line) => `${line}\n`).join('') : alignTable(lines);
}

interface Name {
  repository: string;
  tag: string;
  digest: string;
}

/** The rows of one image. A template that shows digests shows those of tags even without `--digests`. */
function namesOf({ tags, digests }: ImageListInput, { showDigests, format }: ImageListOptions): Name[] {
  const names: Name[] = [];
  for (const name of tags) {
    const colon = name.lastIndexOf(':');
    const repository = name.slice(0, colon);
    const tag = name.slice(colon + 1);
    const own = showDigests || format?.includes('{{.Digest}}') ? digestsIn(repository, digests) : [];
    if (showDigests && own.length > 0) for (const digest of own) names.push({ repository, tag, digest });
    else names.push({ repository, tag, digest: own[0] ?? NONE });
  }
  for (const name of digests) {
    const at = name.indexOf('@');
    const repository = name.slice(0, at);
    if (tags.some((tag) => tag.lastIndexOf(':') === at && tag.startsWith(repository))) continue;
    names.push({ repository, tag: NONE, digest: showDigests ? name.slice(at + 1) : '' });
  }
  if (names.length === 0) names.push({ repository: NONE, tag: NONE, digest: NONE });
  return names;
}

function digestsIn(repository: string, digests: readonly string[]): string[] {
  return digests.filter((name) => name.startsWith(`${repository}@`)).map((name) => name.slice(repository.length + 1));
}

type RowOptions = ImageListOptions & { formatTime(time: number): string };

function imageRow(image: ImageHead, { repository, tag, digest }: Name, { noTrunc, now, formatTime }: RowOptions): Record<Field, string> {
  const created = image.created || UNKNOWN_TIME;
  return struct('*formatter.imageContext', {
    Containers: 'N/A',
    get CreatedAt() {
      return formatTime(Date.parse(created));
    },
    CreatedSince: ago(created, now),
    Digest: digest,
    ID: noTrunc ? image.id : shortId(image.id),
    Repository: repository,
    SharedSize: 'N/A',
    Size: humanSize(image.sizeBytes),
    Tag: tag,
    UniqueSize: 'N/A',
    VirtualSize: humanSize(image.sizeBytes),
  });
}

function raw({ quiet, showDigests }: ImageListOptions): string {
  if (quiet) return 'image_id: {{.ID}}';
  const digest = showDigests ? 'digest: {{.Digest}}\n' : '';
  return `repository: {{.Repository}}\ntag: {{.Tag}}\n${digest}image_id: {{.ID}}\ncreated_at: {{.CreatedAt}}\nvirtual_size: {{.Size}}\n`;
}
