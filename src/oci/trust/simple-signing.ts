// What cosign's first form signs: a small JSON document that names a manifest's digest and the name it was signed under (cosign's signature
// specification; the "simple signing" of containers/image). The signature must be found good before any of it is believed.
import * as z from 'zod/mini';

export interface SimpleSigning {
  digest: string;
  /** As written: a repository, with or without a tag. */
  name: string;
}

const schema = z.looseObject({
  critical: z.looseObject({
    type: z.literal('cosign container image signature'),
    image: z.looseObject({ 'docker-manifest-digest': z.string() }),
    identity: z.looseObject({ 'docker-reference': z.string() }),
  }),
});

/** Undefined when it is no such document. */
export function readSimpleSigning(bytes: Uint8Array): SimpleSigning | undefined {
  try {
    const result = z.safeParse(schema, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
    if (!result.success) return undefined;
    const { image, identity } = result.data.critical;
    return { digest: image['docker-manifest-digest'], name: identity['docker-reference'] };
  } catch {
    return undefined;
  }
}
