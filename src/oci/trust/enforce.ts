// The policy on the way of a pull. Decided in two steps, so that what is rejected is not asked for at all: `beginPolicy` before the first request,
// the function that it returns once the digests are known and before anything of the image is stored.
import { EngineError } from '../../sys/errors.ts';
import { fullReference, type Reference } from '../reference.ts';
import type { Registry } from '../registry.ts';
import { acceptsAll } from './accepts-all.ts';
import { policyPlace } from './policy-place.ts';
import type { Ruling } from './requirement.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Throws unless an image that is one of these digests may be had. */
export type Approve = (digests: readonly string[]) => Promise<void>;

/**
 * What must hold for `reference`; undefined when nothing must. `open` gives the image's repository under another tag.
 * Throws ERR_POLICY_FILE, ERR_REJECTED; the returned function what `verifyImage` throws.
 */
export async function beginPolicy(env: Env, reference: Reference, open: (tag: string) => Registry): Promise<Approve | undefined> {
  const path = policyPlace(env);
  if (path === undefined || acceptsAll(path)) return undefined;
  const { readPolicy } = await import('./policy.ts');
  const ruling = readPolicy(path, env).rulingFor(reference);
  refuseRejected(ruling, reference);
  if (ruling.requirements.every(({ kind }) => kind === 'accept')) return undefined;
  return async (digests) => {
    const { verifyImage } = await import('./verify-image.ts');
    await verifyImage({ env, reference, digests, ruling, open });
  };
}

/** Throws ERR_REJECTED for what no signature could help. */
export function refuseRejected({ requirements, place }: Ruling, reference: Reference): void {
  const name = fullReference(reference);
  for (const requirement of requirements) {
    if (requirement.kind === 'reject') {
      throw new EngineError('ERR_REJECTED', `Refused "${name}": the policy rejects it`, { hint: `That is what ${place} says` });
    }
    if (requirement.kind === 'unusable') {
      throw new EngineError('ERR_REJECTED', `Refused "${name}": the policy cannot be met, since ${requirement.why}`, {
        hint: `That is what ${place} says; a policy of skiff's own takes its place: ~/.config/skiff/policy.json`,
      });
    }
  }
}
