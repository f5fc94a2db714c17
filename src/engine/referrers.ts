// `image referrers`: what a registry has that refers to an image, such as signatures and SBOMs.
import { parseReference } from '../oci/reference.ts';
import { listReferrers } from '../oci/referrers.ts';
import { openRegistry } from '../oci/registry.ts';
import type { Descriptor } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { keepLoopbackDirect } from './loopback-direct.ts';

export interface ReferrersOptions {
  /** As the user gave it. */
  reference: string;
  /** Only these kinds. */
  artifactType?: string | undefined;
  tlsVerify?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** Throws ERR_BAD_REFERENCE and what the registry client throws. */
export async function imageReferrers(ctx: Ctx, options: ReferrersOptions): Promise<Descriptor[]> {
  const { artifactType, tlsVerify, signal } = options;
  const reference = parseReference(options.reference);
  keepLoopbackDirect(process.env);
  const registry = openRegistry({ env: ctx.env, reference, tlsVerify, signal });
  const digest = reference.digest ?? (await registry.resolve())?.digest ?? (await registry.manifest()).digest;
  const all = await listReferrers(registry, reference, digest);
  // Not every registry filters, so it is not asked to.
  return artifactType === undefined ? all : all.filter((entry) => entry.artifactType === artifactType);
}
