// `image verify`: the signatures of an image that is stored, or that a registry has, checked by what was asked for or by the policy. Nothing is
// stored and nothing is changed; the signatures come from the registry in any case.
import { resolve } from 'node:path';
import { choosePlatform, hostPlatform, parsePlatform } from '../oci/platform.ts';
import { canonicalReference, familiarReference, fullReference, parseReference, type Reference, repositoryName } from '../oci/reference.ts';
import { openRegistry, type Registry } from '../oci/registry.ts';
import type { Verified } from '../oci/trust/check-signature.ts';
import { refuseRejected } from '../oci/trust/enforce.ts';
import { readPolicy } from '../oci/trust/policy.ts';
import { policyPlace } from '../oci/trust/policy-place.ts';
import { readPublicKey } from '../oci/trust/public-key.ts';
import type { Ruling } from '../oci/trust/requirement.ts';
import { rulingOf, type WantedSigner } from '../oci/trust/ruling-of.ts';
import { verifyImage } from '../oci/trust/verify-image.ts';
import { findImage } from '../storage/image.ts';
import type { ImageRecord } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { canonicalOf } from './canonical.ts';
import { keepLoopbackDirect } from './loopback-direct.ts';
import { fetchRemote } from './remote-manifest.ts';

export interface VerifyOptions {
  /** As the user gave it. */
  image: string;
  signer: WantedSigner;
  /** A policy file in place of the one that holds. */
  policy?: string | undefined;
  platform?: string | undefined;
  /** Asks the registry what the name stands for, whatever is stored under it. */
  isRemote: boolean;
  tlsVerify?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export interface VerifiedImage {
  /** In full. */
  reference: string;
  /** What the name stands for. */
  digest: string;
  isStored: boolean;
  signatures: Verified[];
}

/** Throws ERR_NOT_VERIFIED, ERR_REJECTED, ERR_USAGE, ERR_POLICY_FILE, ERR_KEY, ERR_TRUSTED_ROOT and what the registry client throws. */
export async function verifyOne(ctx: Ctx, options: VerifyOptions): Promise<VerifiedImage> {
  const { signer, policy, tlsVerify, signal } = options;
  keepLoopbackDirect(process.env);
  const { env } = policy === undefined ? ctx : { env: { ...ctx.env, SKIFF_POLICY: policy } };
  // What is mistyped is said before anybody is asked.
  rulingOf(signer, '');
  for (const key of signer.keys) readPublicKey({ path: resolve(key) });
  const stored = options.isRemote ? undefined : findImage(ctx, options.image, canonicalOf(options.image));
  const reference = stored ? originOf(stored.image, stored.reference) : parseReference(options.image);
  const ruling = rulingOf(signer, repositoryName(reference)) ?? policyFor(env, reference);
  const digests = stored ? [stored.image.target.digest, stored.image.manifest.digest] : await digestsOf(ctx, reference, options);
  const open = (tag: string): Registry =>
    openRegistry({ env: ctx.env, reference: { ...reference, tag, digest: undefined }, tlsVerify, signal });
  const signatures = await verifyImage({ env: ctx.env, reference, digests, ruling, open });
  return { reference: fullReference(reference), digest: digests[0] ?? '', isStored: stored !== undefined, signatures };
}

/** Where a stored image came from: its own repository, else one that has it. */
function originOf(image: ImageRecord, found: string | undefined): Reference {
  const sources = image.repoDigests.map((name) => parseReference(name));
  const named = found === undefined ? undefined : parseReference(found);
  if (named && sources.some((source) => repositoryName(source) === repositoryName(named))) return named;
  if (sources[0]) return sources[0];
  throw new EngineError(
    'ERR_NOT_VERIFIED',
    `No registry is known that has "${named ? familiarReference(canonicalReference(named)) : image.id}"`,
    {
      hint: 'Signatures lie in the registry beside the image: name it as it is named there, with --remote',
    },
  );
}

async function digestsOf(ctx: Ctx, reference: Reference, { platform, tlsVerify, signal }: VerifyOptions): Promise<string[]> {
  const { descriptor, document } = await fetchRemote(ctx, fullReference(reference), { tlsVerify, signal });
  if (document.kind === 'manifest') return [descriptor.digest];
  const member = choosePlatform(document.manifests, platform === undefined ? hostPlatform() : parsePlatform(platform));
  return member ? [descriptor.digest, member.digest] : [descriptor.digest];
}

function policyFor(env: Ctx['env'], reference: Reference): Ruling {
  const path = policyPlace(env);
  const ruling = path === undefined ? undefined : readPolicy(path, env).rulingFor(reference);
  if (ruling) refuseRejected(ruling, reference);
  if (ruling?.requirements.some(({ kind }) => kind === 'signed')) return ruling;
  const why = ruling ? `${ruling.place} accepts it unsigned` : 'there is no policy, and no signer was given';
  throw new EngineError('ERR_NOT_VERIFIED', `Nothing says whose signature "${fullReference(reference)}" should have: ${why}`, {
    hint: 'Give --key FILE, or --certificate-identity NAME with --certificate-oidc-issuer URL',
  });
}
