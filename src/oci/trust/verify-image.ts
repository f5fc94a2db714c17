// What a ruling asks of an image, asked: its signatures are fetched and checked, the first that is enough ends the search. An index vouches for
// what it names, so the digest that the name stands for is tried before that of the platform's own manifest.
import { toTrustMaterial } from '@sigstore/verify';
import { EngineError } from '../../sys/errors.ts';
import { fullReference, type Reference } from '../reference.ts';
import type { Registry } from '../registry.ts';
import { findSignatures } from './attached.ts';
import { checkSignature, type Doubt, type Material, type Verified } from './check-signature.ts';
import { keyId, nameOf, readPublicKey } from './public-key.ts';
import type { Ruling, Signed } from './requirement.ts';
import { readTrustedRoot } from './trusted-root.ts';

export interface VerifyImageOptions {
  env: Readonly<Record<string, string | undefined>>;
  reference: Reference;
  /** Any of which may be signed, in the order they are tried. */
  digests: readonly string[];
  ruling: Ruling;
  /** The image's repository under another tag. */
  open: (tag: string) => Registry;
}

/** What was found good, one for each requirement that had to hold. Throws ERR_NOT_VERIFIED, ERR_KEY, ERR_TRUSTED_ROOT and what the registry client throws. */
export async function verifyImage(options: VerifyImageOptions): Promise<Verified[]> {
  const { ruling, reference } = options;
  const signed = ruling.requirements.filter((requirement) => requirement.kind === 'signed');
  const verified: Verified[] = [];
  const doubts: Doubt[] = [];
  let count = 0;
  for (const requirement of signed) {
    const answer = await trySignatures(options, requirement);
    if ('verified' in answer) verified.push(answer.verified);
    else doubts.push(...answer.doubts);
    count += 'doubts' in answer ? answer.doubts.length : 0;
    if (ruling.mode === 'any' && verified.length > 0) return verified;
    if (ruling.mode === 'all' && 'doubts' in answer) throw notVerified(reference, { ruling, signed: [requirement], doubts, count });
  }
  if (ruling.mode === 'all' && verified.length > 0) return verified;
  throw notVerified(reference, { ruling, signed, doubts, count: Math.ceil(count / Math.max(1, signed.length)) });
}

async function trySignatures(options: VerifyImageOptions, requirement: Signed): Promise<{ verified: Verified } | { doubts: Doubt[] }> {
  const { reference, digests, open, env } = options;
  const material = await materialOf(requirement, env);
  const doubts: Doubt[] = [];
  for (const subject of new Set(digests)) {
    for await (const found of findSignatures({ subject, predicateType: requirement.predicateType, open })) {
      doubts.push(...found.unreadable.map((why) => ({ why, stage: 0 })));
      for (const attached of found.attached) {
        const result = checkSignature(attached, { requirement, material, reference });
        if ('digest' in result) return { verified: result };
        doubts.push(result);
      }
    }
  }
  return { doubts };
}

async function materialOf({ by, trust, isLogged }: Signed, env: VerifyImageOptions['env']): Promise<Material> {
  const sources = by.kind === 'keys' ? by.keys : [];
  const keys = sources.map((source) => {
    const key = readPublicKey(source);
    return { key, name: nameOf(source), id: keyId(key) };
  });
  return { keys, trust: isLogged ? toTrustMaterial(await readTrustedRoot(trust, env)) : undefined };
}

interface Failure {
  ruling: Ruling;
  signed: readonly Signed[];
  doubts: readonly Doubt[];
  count: number;
}

function notVerified(reference: Reference, { ruling, signed, doubts, count }: Failure): EngineError {
  const wanted = signed.map(whoseOf).join(', or ');
  const hint = `Wanted is a signature by ${wanted} (${ruling.place})`;
  const name = fullReference(reference);
  if (count === 0) return new EngineError('ERR_NOT_VERIFIED', `Refused "${name}": it is not signed`, { hint });
  const telling = doubts.reduce((best, doubt) => (doubt.stage > best.stage ? doubt : best));
  const which = count === 1 ? 'its signature does not count' : `none of its ${count} signatures counts`;
  return new EngineError('ERR_NOT_VERIFIED', `Refused "${name}": ${which}: ${telling.why}`, { hint });
}

function whoseOf({ by, isLogged }: Signed): string {
  if (by.kind === 'identity') return `"${by.subject.text}" (issuer "${by.issuer.text}")`;
  const names = by.keys.map((source) => `"${nameOf(source)}"`).join(' or ');
  return `the key ${names}${isLogged ? ', in the transparency log' : ''}`;
}
