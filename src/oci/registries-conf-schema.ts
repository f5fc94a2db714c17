// The form of registries.conf version 2, as far as it is read here. A module of its own, loaded where such a file says something.
import * as z from 'zod/mini';

const mirror = z.looseObject({
  location: z.string(),
  insecure: z.optional(z.boolean()),
  'pull-from-mirror': z.optional(z.enum(['', 'all', 'digest-only', 'tag-only'])),
});
const registry = z.looseObject({
  prefix: z.optional(z.string()),
  location: z.optional(z.string()),
  insecure: z.optional(z.boolean()),
  blocked: z.optional(z.boolean()),
  'mirror-by-digest-only': z.optional(z.boolean()),
  mirror: z.optional(z.array(mirror)),
});
export const fileSchema = z.looseObject({ registry: z.optional(z.array(registry)) });

export type ConfiguredTable = z.infer<typeof registry>;
