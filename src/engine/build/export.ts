// What becomes of a build's result: every `--output` in turn, from the store and registries to archives and plain files. Runs in the worker, under the
// build's claim. What goes to the user's files is written to descriptors that the front opened.

import { finishImage } from './export/finish.ts';
import { asKnown } from './export/known.ts';
import { namesOf } from './export/names.ts';
import { hasIndex, prepareSet } from './export/prepare.ts';
import type { FinishedImage, PreparedSet } from './export/prepared.ts';
import { squashed } from './export/remake-layers.ts';
import { type Exported, resultOf } from './export/result.ts';
import { asStep, type ExportSteps } from './export/steps.ts';
import { nameImage, nativeImage, putDocuments, storeSet } from './export/store.ts';
import type { BuildJob, BuildResult, BuildSite, BuiltImage, OutputSpec } from './model.ts';
import { isOn, isPushed, isStoreOutput, outputsOrDefault } from './output-spec.ts';

/** Throws what keeps an output from being made; those before it are made then. */
export async function exportBuild(
  site: BuildSite,
  images: readonly BuiltImage[],
  dockerfile: BuildJob['dockerfile'],
): Promise<BuildResult> {
  const { options } = site;
  const outputs = outputsOrDefault(options.outputs);
  const finished: FinishedImage[] = [];
  for (const image of images) {
    const one = finishImage(image, options.sourceDateEpoch);
    finished.push(options.squash ? await squashed(site, one, site.hold) : one);
  }
  const facts = { dockerfile };
  const exported: Exported[] = [];
  for (const [index, output] of outputs.entries()) {
    const known = { output, id: `export:${index}`, finished, facts };
    if (isStoreOutput(output)) exported.push(await exportToStore(site, known));
    else if (output.type === 'oci' || output.type === 'docker') {
      const { exportArchive } = await import('./export/archive.ts');
      exported.push(await exportArchive(site, known));
    } else if (output.type === 'local' || output.type === 'tar') {
      const { exportFiles } = await import('./export/files.ts');
      await exportFiles(site, known);
    }
  }
  return resultOf(exported, finished);
}

export interface OutputWork {
  output: OutputSpec;
  /** Of the step that progress shows. */
  id: string;
  finished: readonly FinishedImage[];
  /** For its provenance. */
  facts: { dockerfile: BuildJob['dockerfile'] };
}

async function exportToStore(site: BuildSite, work: OutputWork): Promise<Exported> {
  const { output, id } = work;
  return asStep(site, { id, name: 'exporting to image' }, async (steps) => {
    const { ctx, hold, options } = site;
    const names = namesOf(options, output);
    steps.note('exporting layers');
    // An index is pushed as it is stored; the layers of a single image are compressed when that is pushed.
    const isFinal = isPushed(output) || hasIndex(options, work.finished.length);
    const prepared = await prepareSet(site, work, { compression: isFinal ? 'gzip' : 'uncompressed', hold, steps });
    const set = isPushed(output) ? prepared : asKnown(ctx, prepared, output);
    putDocuments(site, set);
    const isStored = isOn(output, 'store', true);
    if (isStored) {
      storeSet(site, set);
      tellStored(steps, set);
      const tags = isOn(output, 'push-by-digest') ? [] : names;
      for (const name of tags) {
        nameImage(ctx, name, nativeImage(set).id);
        steps.note(`naming to ${name}`);
      }
    }
    if (isPushed(output)) {
      const { pushSet } = await import('./export/push.ts');
      await pushSet(site, set, { output, names, steps });
    }
    return { set, names, isStored };
  });
}

function tellStored(steps: ExportSteps, { images, index }: PreparedSet): void {
  if (index) for (const { manifest } of images) steps.note(`exporting manifest ${manifest.digest}`);
  for (const { id } of images) steps.note(`writing image ${id}`);
  if (index) steps.note(`exporting manifest list ${index.descriptor.digest}`);
}
