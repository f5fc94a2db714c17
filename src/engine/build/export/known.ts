// An image has one manifest here. One that a registry has, because it came from there or was pushed since, keeps the manifest that it has there when the
// same image is built once more: its digest is known elsewhere.
import { readBlob } from '../../../storage/blob.ts';
import { missingParts } from '../../../storage/image.ts';
import { readImageRecord } from '../../../storage/image-record.ts';
import type { Ctx } from '../../../sys/context.ts';
import type { OutputSpec } from '../model.ts';
import type { PreparedSet } from './prepared.ts';

/** The set with the manifest that the store has of it already, unless the output says how it is to be packed. */
export function asKnown(ctx: Ctx, set: PreparedSet, { attributes }: OutputSpec): PreparedSet {
  const [image] = set.images;
  const isAsked = Object.keys(attributes).some((name) => /^(annotation|compression|force-compression|oci-mediatypes)/.test(name));
  if (set.index || isAsked || !image) return set;
  const known = readImageRecord(ctx, image.id);
  if (!known?.repoDigests.length || known.target.digest !== known.manifest.digest || missingParts(ctx, known).length > 0) return set;
  const manifestBytes = readBlob(ctx, known.manifest.digest);
  if ('annotations' in JSON.parse(image.manifestBytes.toString())) return set;
  const layers = known.layers.map((layer, index) => ({ ...layer, isBuilt: image.layers[index]?.isBuilt ?? false }));
  return { ...set, images: [{ ...image, manifest: known.manifest, manifestBytes, layers }], target: known.manifest };
}
