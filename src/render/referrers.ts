// `image referrers` as text: a row for each artifact.
import type { Descriptor } from '../storage/records.ts';
import { goMap, struct } from './go-values.ts';
import { humanSize } from './human.ts';
import { alignTable, shortId } from './table.ts';

const HEADER = { ArtifactType: 'ARTIFACT TYPE', Digest: 'DIGEST', Size: 'SIZE', Created: 'CREATED' };
const COLUMNS = ['ArtifactType', 'Digest', 'Size', 'Created'] as const;
const CREATED = 'org.opencontainers.image.created';

/** Throws ERR_TEMPLATE. */
export async function renderReferrers(
  referrers: readonly Descriptor[],
  { format = 'table', noTrunc, quiet }: { format: string | undefined; noTrunc: boolean; quiet: boolean },
): Promise<string> {
  const rows = referrers.map(({ artifactType, mediaType, digest, size, annotations = {} }) =>
    struct('*referrers.row', {
      Annotations: goMap(annotations, ''),
      ArtifactType: artifactType || '<none>',
      Created: annotations[CREATED] ?? '',
      Digest: noTrunc ? digest : shortId(digest),
      MediaType: mediaType,
      Size: humanSize(size),
    }),
  );
  const isTable = format === 'table' || format === '';
  if (isTable && quiet) return rows.map(({ Digest }) => `${Digest}\n`).join('');
  if (isTable) return alignTable([HEADER, ...rows].map((row) => COLUMNS.map((column) => row[column]).join('\t')));
  const { formatRows } = await import('./rows.ts');
  return formatRows(format, rows, { header: HEADER, table: COLUMNS.map((column) => `{{.${column}}}`).join('\t'), raw: 'raw' });
}
