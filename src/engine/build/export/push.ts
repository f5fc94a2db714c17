// An image that was built goes to its registry, under each of its names or under its digest alone.
import { canonicalReference, familiarReference, parseReference, repositoryName } from '../../../oci/reference.ts';
import { pushImage } from '../../push.ts';
import type { PushEvent } from '../../push-events.ts';
import type { BuildSite, OutputSpec } from '../model.ts';
import { isOn } from '../output-spec.ts';
import type { PreparedSet } from './prepared.ts';
import type { ExportSteps } from './steps.ts';
import { nativeImage, recordOf } from './store.ts';

/** Throws what the registry refuses. */
export async function pushSet(
  site: BuildSite,
  set: PreparedSet,
  { output, names, steps }: { output: OutputSpec; names: readonly string[]; steps: ExportSteps },
): Promise<void> {
  const { ctx, signal, options } = site;
  const byDigest = isOn(output, 'push-by-digest');
  const tlsVerify = isOn(output, 'registry.insecure') ? false : options.tlsVerify;
  const record = recordOf(ctx, set, nativeImage(set));
  for (const reference of names) {
    const { registry, repository } = parseReference(reference);
    const shown = byDigest ? `${repositoryName({ registry, repository })}@${set.target.digest}` : `${reference}@${set.target.digest}`;
    const onProgress = (event: PushEvent): void => tellPush(steps, event);
    await pushImage(ctx, { reference, record, byDigest, tlsVerify, signal, onProgress });
    steps.note(`pushing manifest for ${shown}`);
  }
}

/** The name under which the result can be pulled. */
export const pushedName = (name: string, digest: string): string =>
  familiarReference(canonicalReference({ ...parseReference(name), tag: undefined, digest }));

const DONE = new Set(['pushed', 'exists', 'mounted', 'foreign']);

function tellPush(steps: ExportSteps, event: PushEvent): void {
  if (event.type !== 'layer') return;
  const { layer, step, current = 0, total } = event;
  if (step === 'pushing' || DONE.has(step)) steps.progress(`pushing layer ${layer}`, current, total, DONE.has(step));
}
