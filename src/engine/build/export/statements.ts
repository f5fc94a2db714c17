// `--sbom` and `--provenance`: in-toto statements about each image, as an image manifest of the index that every registry keeps and nobody runs. The form is
// BuildKit's, so that its tools find them (`vnd.docker.reference.…`); they say only what is known here.
import { OCI_CONFIG, OCI_MANIFEST } from '../../../oci/media-types.ts';
import { formatPlatform } from '../../../oci/platform.ts';
import { familiarReference } from '../../../oci/reference.ts';
import { digestOf } from '../../../storage/digest.ts';
import type { Descriptor } from '../../../storage/records.ts';
import type { OutputWork } from '../export.ts';
import type { BuildSite } from '../model.ts';
import { namesOf } from './names.ts';
import type { PreparedImage, PreparedStatements } from './prepared.ts';

export interface Statement {
  predicateType: string;
  predicate: object;
}

const IN_TOTO = 'application/vnd.in-toto+json';

/** For each image one manifest with all that was asked for. */
export async function makeStatements(
  site: BuildSite,
  images: readonly PreparedImage[],
  { output, facts }: Pick<OutputWork, 'output' | 'facts'>,
): Promise<PreparedStatements[]> {
  const names = namesOf(site.options, output);
  const made: PreparedStatements[] = [];
  for (const image of images) made.push(attestationOf(image, await statementsAbout(site, image, facts), names));
  return made;
}

/** What is told of one image. */
export async function statementsAbout(
  site: BuildSite,
  image: Pick<PreparedImage, 'platform' | 'layers'>,
  facts: OutputWork['facts'],
): Promise<Statement[]> {
  const { sbom, provenance } = site.options.attest;
  const statements: Statement[] = [];
  if (sbom) {
    const { sbomOf } = await import('./sbom/spdx.ts');
    statements.push(await sbomOf(site, image));
  }
  if (provenance) {
    const { provenanceOf } = await import('./provenance.ts');
    statements.push(provenanceOf(site, { platform: image.platform, asked: provenance, dockerfile: facts.dockerfile }));
  }
  return statements;
}

/** The statement with its subjects, as its file holds it. */
export function inToto({ predicateType, predicate }: Statement, subjects: readonly { name: string; digest: string }[]): Buffer {
  const subject = subjects.map(({ name, digest }) => ({ name, digest: { sha256: digest.slice('sha256:'.length) } }));
  return Buffer.from(JSON.stringify({ _type: 'https://in-toto.io/Statement/v0.1', predicateType, subject, predicate }));
}

function attestationOf(
  { manifest, platform }: PreparedImage,
  statements: readonly Statement[],
  names: readonly string[],
): PreparedStatements {
  const subjects = (names.length > 0 ? names : ['_']).map((name) => ({
    name: subjectName(name, formatPlatform(platform)),
    digest: manifest.digest,
  }));
  const blobs = statements.map((statement) => {
    const bytes = inToto(statement, subjects);
    return { bytes, digest: digestOf(bytes), predicateType: statement.predicateType };
  });
  const config = Buffer.from(
    JSON.stringify({
      architecture: 'unknown',
      os: 'unknown',
      config: {},
      rootfs: { type: 'layers', diff_ids: blobs.map(({ digest }) => digest) },
    }),
  );
  const bytes = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { mediaType: OCI_CONFIG, digest: digestOf(config), size: config.length },
      layers: blobs.map((blob) => ({
        mediaType: IN_TOTO,
        digest: blob.digest,
        size: blob.bytes.length,
        annotations: { 'in-toto.io/predicate-type': blob.predicateType },
      })),
    }),
  );
  return {
    manifest: descriptorOf(bytes, manifest.digest),
    blobs: [
      ...blobs.map((blob) => ({ digest: blob.digest, bytes: blob.bytes })),
      { digest: digestOf(config), bytes: config },
      { digest: digestOf(bytes), bytes },
    ],
  };
}

const descriptorOf = (bytes: Buffer, image: string): Descriptor => ({
  mediaType: OCI_MANIFEST,
  digest: digestOf(bytes),
  size: bytes.length,
  annotations: { 'vnd.docker.reference.digest': image, 'vnd.docker.reference.type': 'attestation-manifest' },
  platform: { architecture: 'unknown', os: 'unknown' },
});

/** A package URL of the image (purl-spec, type docker). */
function subjectName(name: string, platform: string): string {
  if (name === '_') return '_';
  return `pkg:docker/${familiarReference(name).replace(/:([^:/]+)$/, '@$1')}?platform=${encodeURIComponent(platform)}`;
}
