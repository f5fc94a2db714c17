// What a bundle signs: an in-toto statement that says something (the predicate) of things known by their digests. A statement that a scan found
// holes in an image is signed as well as one that approves of it, so the kind of predicate is part of what is checked.
import * as z from 'zod/mini';

export interface Statement {
  predicateType: string;
  /** `sha256:<hex>` of what it speaks of. */
  digests: string[];
}

export const STATEMENT_TYPE = 'application/vnd.in-toto+json';

const schema = z.looseObject({
  _type: z.string().check(z.regex(/^https:\/\/in-toto\.io\/Statement\/v(?:0\.1|1)$/)),
  predicateType: z.string(),
  subject: z.array(z.looseObject({ digest: z.record(z.string(), z.string()) })),
});

/** Undefined when it is no statement. */
export function readStatement(payload: Uint8Array): Statement | undefined {
  try {
    const result = z.safeParse(schema, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload)));
    if (!result.success) return undefined;
    const { predicateType, subject } = result.data;
    return { predicateType, digests: subject.flatMap(({ digest: { sha256 } }) => (sha256 === undefined ? [] : [`sha256:${sha256}`])) };
  } catch {
    return undefined;
  }
}
