// From the images that were built to what an output writes: layers compressed, documents made, statements and index added. Nothing is reachable yet.
import type { Claim } from '../../../storage/claim.ts';
import { EngineError } from '../../../sys/errors.ts';
import type { OutputWork } from '../export.ts';
import type { BuildOptions, BuildSite } from '../model.ts';
import { isOn } from '../output-spec.ts';
import { annotationsOf } from './annotations.ts';
import { compressLayers } from './compress-layers.ts';
import { imageDocuments, indexDocument } from './documents.ts';
import type { PreparedImage, PreparedSet, PreparedStatements } from './prepared.ts';
import { setBack } from './remake-layers.ts';
import type { ExportSteps } from './steps.ts';

export interface PrepareOptions {
  /** Where the output does not say it. */
  compression: 'gzip' | 'uncompressed';
  hold: Claim;
  steps: ExportSteps;
}

const hasStatements = ({ attest }: Pick<BuildOptions, 'attest'>): boolean => (attest.provenance ?? attest.sbom) !== undefined;

/** Whether the result is an index. */
export const hasIndex = (options: Pick<BuildOptions, 'attest'>, images: number): boolean => images > 1 || hasStatements(options);

/** Throws ERR_OUTPUT, ERR_ANNOTATION, ERR_BLOB_MISSING. */
export async function prepareSet(site: BuildSite, { output, finished, facts }: OutputWork, options: PrepareOptions): Promise<PreparedSet> {
  const { hold, steps } = options;
  const { attributes } = output;
  const { options: build, ctx, signal } = site;
  const annotations = annotationsOf(build.annotations, output);
  const wantsStatements = hasStatements(build);
  const isIndex = hasIndex(build, finished.length);
  const documents = { annotations, isDocker: !isOn(output, 'oci-mediatypes', true) };
  refuseNotes(annotations, { isIndex, isLayout: output.type === 'oci' });
  if (documents.isDocker && wantsStatements) {
    throw new EngineError('ERR_OUTPUT', "Invalid output: attestations need OCI's media types", { hint: 'Leave out oci-mediatypes=false' });
  }
  const kind = kindOf(attributes.compression) ?? options.compression;
  const level = attributes['compression-level'] === undefined ? undefined : Number(attributes['compression-level']);
  const images: PreparedImage[] = [];
  const epoch = isOn(output, 'rewrite-timestamp') ? build.sourceDateEpoch : undefined;
  for (const finishedImage of finished) {
    const image = epoch === undefined ? finishedImage : await setBack(site, finishedImage, { epoch, hold });
    const layers = await compressLayers(ctx, image.layers, {
      kind,
      level,
      isForced: isOn(output, 'force-compression'),
      hold,
      signal,
      onLayer: ({ diffId }) => steps.note(`compressing layer ${diffId}`),
    });
    images.push(imageDocuments({ ...image, layers }, documents));
  }
  const statements = wantsStatements ? await statementsFor(site, images, { output, facts }) : [];
  const [first] = images;
  if (!first) throw new Error('A build without a platform');
  if (!isIndex) return { images, statements, target: first.manifest };
  const index = indexDocument(images, statements, documents);
  return { images, statements, index, target: index.descriptor };
}

async function statementsFor(
  site: BuildSite,
  images: readonly PreparedImage[],
  work: Pick<OutputWork, 'output' | 'facts'>,
): Promise<PreparedStatements[]> {
  const { makeStatements } = await import('./statements.ts');
  return makeStatements(site, images, work);
}

const kindOf = (text: string | undefined) => (text === 'gzip' || text === 'zstd' || text === 'uncompressed' ? text : undefined);

function refuseNotes(annotations: ReturnType<typeof annotationsOf>, { isIndex, isLayout }: { isIndex: boolean; isLayout: boolean }): void {
  const strange = annotations.find(
    ({ level }) => (!isIndex && (level === 'index' || level === 'manifest-descriptor')) || (!isLayout && level === 'index-descriptor'),
  );
  if (!strange) return;
  throw strange.level === 'index-descriptor'
    ? new EngineError('ERR_ANNOTATION', 'Annotations of the level "index-descriptor" are for outputs of the type "oci" alone')
    : new EngineError('ERR_ANNOTATION', `${strange.level} annotations not supported for single platform export`, {
        hint: 'An index is made for several platforms, or with attestations',
      });
}
