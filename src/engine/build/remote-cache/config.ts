// BuildKit's cache config (media type application/vnd.buildkit.cacheconfig.v0): layers, each on another, and records by digest that name the layer they
// made. The keys in it are our own, so that BuildKit reads what we write without finding anything of its own in it, and the other way round. What
// its form has no place for stands under a name of ours, which its reader passes over.
import * as z from 'zod/mini';

export const CACHE_CONFIG = 'application/vnd.buildkit.cacheconfig.v0';
/** Of an image's config: the records, base64 of their JSON. */
export const INLINE_FIELD = 'moby.buildkit.cache.v0';

const digest = z.string().check(z.regex(/^sha256:[0-9a-f]{64}$/));
const record = z.looseObject({
  digest: z.optional(digest),
  layers: z.optional(z.array(z.looseObject({ layer: z.int(), createdAt: z.optional(z.string()) }))),
  inputs: z.optional(z.array(z.array(z.looseObject({ link: z.optional(z.int()) })))),
  skiff: z.optional(z.looseObject({ description: z.string(), createdAt: z.string(), isEmpty: z.optional(z.boolean()) })),
});
const records = z.array(record);
const config = z.looseObject({
  layers: z.optional(z.array(z.looseObject({ blob: digest, parent: z.optional(z.int()) }))),
  records: z.optional(records),
});

export type ConfigRecord = z.infer<typeof record>;
export interface CacheConfig {
  /** `parent`: index of the layer below, -1 for none. */
  layers: { blob: string; parent: number }[];
  records: ConfigRecord[];
}

/** What somebody else made may be anything: undefined where it is not of the form. */
export function parseConfig(bytes: Uint8Array): CacheConfig | undefined {
  const result = z.safeParse(config, parsed(bytes));
  if (!result.success) return undefined;
  const { layers = [], records: found = [] } = result.data;
  return { layers: layers.map(({ blob, parent = 0 }) => ({ blob, parent })), records: found };
}

/** The records in an image's config; undefined where it has none that can be read. */
export function parseInline(field: unknown): ConfigRecord[] | undefined {
  if (typeof field !== 'string') return undefined;
  const result = z.safeParse(records, parsed(Buffer.from(field, 'base64')));
  return result.success ? result.data : undefined;
}

export const inlineField = (found: readonly ConfigRecord[]): string => Buffer.from(JSON.stringify(found)).toString('base64');

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
