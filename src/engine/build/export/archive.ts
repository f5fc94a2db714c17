// `type=oci` and `type=docker,dest=`: the images as an archive or an OCI image layout, through the code of `save`. Layers are compressed as BuildKit's
// exporters do it; what is made for that alone is let go of at the end.
import { type Claim, claim } from '../../../storage/claim.ts';
import { sweep } from '../../../storage/sweep.ts';
import type { Ctx } from '../../../sys/context.ts';
import { messageOf } from '../../../sys/errors.ts';
import { randomHex } from '../../../sys/random.ts';
import { writeArchive } from '../../jobs/save.ts';
import type { SavedParts } from '../../jobs/save-parts.ts';
import type { OutputWork } from '../export.ts';
import type { BuildSite } from '../model.ts';
import { annotationsFor, annotationsOf } from './annotations.ts';
import { namesOf } from './names.ts';
import { prepareSet } from './prepare.ts';
import type { PreparedSet } from './prepared.ts';
import type { Exported } from './result.ts';
import { asStep } from './steps.ts';
import { nativeImage } from './store.ts';

/** Throws ERR_OUTPUT, ERR_BLOB_MISSING, ERR_BAD_OUTPUT, and the errno of a failed write. */
export async function exportArchive(site: BuildSite, work: OutputWork): Promise<Exported> {
  const { output, id } = work;
  const { ctx, options, signal } = site;
  const isDocker = output.type === 'docker';
  return asStep(site, { id, name: `exporting to ${output.type} image format` }, (steps) =>
    withScratch(ctx, async (hold) => {
      steps.note('exporting layers');
      const names = namesOf(options, output);
      const set = await prepareSet(site, work, { compression: 'gzip', hold, steps });
      for (const image of set.images) {
        steps.note(`exporting manifest ${image.manifest.digest}`);
        steps.note(`exporting config ${image.id}`);
      }
      if (set.index) steps.note(`exporting manifest list ${set.index.descriptor.digest}`);
      const parts = { ...partsOf(set, names), annotations: annotationsFor(annotationsOf(options.annotations, output), 'index-descriptor') };
      const { dest = '' } = output.attributes;
      if (output.descriptor === undefined) {
        const { writeImageFolder } = await import('../../jobs/save-folder.ts');
        await writeImageFolder(ctx, [parts], { folder: dest, format: 'oci-dir', signal });
        return { set, names, isStored: false };
      }
      await writeArchive(ctx, [parts], { isDocker, output: output.descriptor, signal });
      steps.note('sending tarball');
      return { set, names, isStored: false };
    }),
  );
}

function partsOf(set: PreparedSet, names: string[]): SavedParts {
  const own = nativeImage(set);
  const { id, manifest, manifestBytes, configBytes, layers } = own;
  const others = set.images.filter((image) => image !== own);
  return {
    id,
    names,
    layers,
    manifest,
    manifestBytes,
    configBytes,
    ...(set.index ? { index: set.index.descriptor } : {}),
    others: [
      ...others.flatMap((image) => [
        { digest: image.id, size: image.configBytes.length, bytes: image.configBytes },
        { digest: image.manifest.digest, size: image.manifestBytes.length, bytes: image.manifestBytes },
        ...image.layers.map(({ digest, size }) => ({ digest, size })),
      ]),
      ...set.statements.flatMap(({ blobs }) => blobs.map(({ digest, bytes }) => ({ digest, bytes, size: bytes.length }))),
      ...(set.index ? [{ digest: set.index.descriptor.digest, size: set.index.bytes.length, bytes: set.index.bytes }] : []),
    ],
  };
}

/** Runs `work` with a claim of its own; what it made under it is deleted afterwards, unless something reaches it. */
async function withScratch<T>(ctx: Ctx, work: (hold: Claim) => Promise<T>): Promise<T> {
  const hold = claimScratch(ctx);
  const made = new Set<string>();
  try {
    return await work({
      ...hold,
      protect(digests) {
        for (const digest of digests) made.add(digest);
        hold.protect(digests);
      },
    });
  } finally {
    hold.release();
    if (made.size > 0) tidy(ctx, made);
  }
}

function tidy(ctx: Ctx, released: ReadonlySet<string>): void {
  try {
    sweep(ctx, { released });
  } catch (error) {
    ctx.warn(`Cannot delete what is not needed any more: ${messageOf(error)}`);
  }
}

function claimScratch(ctx: Ctx): Claim {
  for (;;) {
    const hold = claim(ctx, `build-archive-${randomHex(8)}`);
    if (hold) return hold;
  }
}
