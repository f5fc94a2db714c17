// `--cache-to type=inline`: the steps whose layers an image has, in its config, where a later build finds them by the image's name. Layers are named
// by their place in the image, its base's among them.
import type { ImageConfig } from '../../../storage/records.ts';
import type { BuiltImage, CacheRecord } from '../model.ts';
import { INLINE_FIELD, inlineField } from './config.ts';
import { configRecord } from './export.ts';

export function withInlineCache(image: BuiltImage, records: readonly CacheRecord[]): BuiltImage {
  const indexOf = new Map(image.layers.map(({ diffId }, index) => [diffId, index]));
  const own = records.filter(({ layer }) => layer === undefined || indexOf.has(layer.diffId)).sort((a, b) => (a.key < b.key ? -1 : 1));
  if (own.length === 0) return image;
  const field = inlineField(own.map((record) => configRecord(record, (diffId) => indexOf.get(diffId))));
  const config: ImageConfig & Record<typeof INLINE_FIELD, string> = { ...image.config, [INLINE_FIELD]: field };
  return { ...image, config };
}
