// One signature against one requirement. First the cryptography (the sigstore library's: certificate, log, times; a plain key needs none of
// that), then what was signed: this digest, under this name, as an approval. Trap: the content is a stranger's until the signature is good.
import type { KeyObject } from 'node:crypto';
import type { Bundle } from '@sigstore/bundle';
import { dsse } from '@sigstore/core';
import { type SignedEntity, type TrustMaterial, toSignedEntity, VerificationError, Verifier } from '@sigstore/verify';
import { messageOf } from '../../sys/errors.ts';
import type { Reference } from '../reference.ts';
import { asBundle } from './as-bundle.ts';
import type { Attached } from './attached.ts';
import { isSignedBy } from './public-key.ts';
import type { Signed } from './requirement.ts';
import { isSignedFor } from './signed-name.ts';
import { readSimpleSigning } from './simple-signing.ts';
import { readStatement, STATEMENT_TYPE } from './statement.ts';

/** What a requirement's files hold. */
export interface Material {
  keys: { name: string; id: string; key: KeyObject }[];
  /** Undefined when keys alone decide. */
  trust: TrustMaterial | undefined;
}

export interface Verified {
  /** The digest that was signed. */
  digest: string;
  by: { kind: 'key'; name: string; id: string } | { kind: 'identity'; issuer: string; subject: string };
  /** When the log took it in, where that was checked; ISO 8601. */
  loggedAt: string | undefined;
}

/** Why a signature does not count; the further the check came, the more it tells. */
export interface Doubt {
  why: string;
  stage: number;
}

/** Whether it counts. Throws nothing. */
export function checkSignature(
  attached: Attached,
  { requirement, material, reference }: { requirement: Signed; material: Material; reference: Reference },
): Verified | Doubt {
  let bundle: Bundle;
  let entity: SignedEntity;
  try {
    bundle = asBundle(attached);
    entity = toSignedEntity(bundle, Buffer.from(attached.bytes));
  } catch (error) {
    return { why: `it is malformed (${brief(messageOf(error))})`, stage: 0 };
  }
  const data = signedData(attached, bundle);
  if (!data) return { why: 'it signs nothing that speaks of an image', stage: 0 };
  const signer =
    requirement.by.kind === 'keys' ? byKey(entity, data.signed, material, requirement) : byIdentity(entity, requirement, material);
  if ('why' in signer) return signer;
  const wrong =
    attached.kind === 'payload' ? wrongPayload(attached, requirement, reference) : wrongStatement(data.payload, attached, requirement);
  if (wrong !== undefined) return { why: wrong, stage: 4 };
  return { digest: attached.subject, by: signer, loggedAt: requirement.isLogged ? loggedAt(entity) : undefined };
}

/** The bytes that the signature is over, and what they say. */
function signedData({ kind, bytes }: Attached, bundle: Bundle): { signed: Uint8Array; payload: Uint8Array } | undefined {
  if (kind === 'payload') return { signed: bytes, payload: bytes };
  if (bundle.content.$case !== 'dsseEnvelope') return undefined;
  const { payloadType, payload } = bundle.content.dsseEnvelope;
  return payloadType === STATEMENT_TYPE ? { signed: dsse.preAuthEncoding(payloadType, payload), payload } : undefined;
}

function byKey(entity: SignedEntity, signed: Uint8Array, { keys, trust }: Material, { isLogged }: Signed): Verified['by'] | Doubt {
  const { signature } = entity.signature;
  const found = keys.find(({ key }) => isSignedBy(key, signed, signature));
  if (!found) return { why: keys.length > 1 ? 'it was made with another key than these' : 'it was made with another key', stage: 1 };
  const signer = { kind: 'key' as const, name: found.name, id: found.id };
  if (!isLogged || !trust) return signer;
  // The log vouches for an entry of this very signature; who made it is known by now, and a key has no time that it is good for.
  const ours: SignedEntity = { ...entity, key: { $case: 'public-key', hint: '' }, timestamps: [], signature: known(entity) };
  const publicKey = () => ({ publicKey: found.key, validFor: () => true });
  try {
    new Verifier({ ...trust, publicKey }, { tlogThreshold: 1, ctlogThreshold: 0, timestampThreshold: 0 }).verify(ours);
    return signer;
  } catch (error) {
    return { why: reasonOf(error), stage: 3 };
  }
}

/** The same content, whose signature has been checked: the library does not know how cosign uses every kind of key. */
function known({ signature }: SignedEntity): SignedEntity['signature'] {
  return {
    signature: signature.signature,
    compareSignature: (other) => signature.compareSignature(other),
    compareDigest: (other) => signature.compareDigest(other),
    verifySignature: () => true,
  };
}

function byIdentity(entity: SignedEntity, { by }: Signed, { trust }: Material): Verified['by'] | Doubt {
  if (by.kind !== 'identity' || !trust) return { why: 'nobody is named who may have made it', stage: 0 };
  if (entity.key.$case !== 'certificate') return { why: 'it was made with a key, not by an identity', stage: 1 };
  try {
    const verifier = new Verifier(trust, { tlogThreshold: 1, ctlogThreshold: 1, timestampThreshold: 1 });
    const { identity } = verifier.verify(entity);
    const issuer = identity?.extensions?.issuer ?? '';
    const subject = identity?.subjectAlternativeName ?? '';
    if (by.issuer.pattern.test(issuer) && by.subject.pattern.test(subject)) return { kind: 'identity', issuer, subject };
    return { why: `it was made by "${brief(subject)}" (issuer "${brief(issuer)}")`, stage: 3 };
  } catch (error) {
    return { why: reasonOf(error), stage: 2 };
  }
}

function wrongPayload({ bytes, subject }: Attached, { name }: Signed, reference: Reference): string | undefined {
  const said = readSimpleSigning(bytes);
  if (!said) return 'it signs nothing that speaks of an image';
  if (said.digest !== subject) return `it was made for another image, "${brief(said.digest)}"`;
  return isSignedFor(name, reference, said.name) ? undefined : `it was made for the name "${brief(said.name)}"`;
}

function wrongStatement(payload: Uint8Array, { subject }: Attached, { predicateType }: Signed): string | undefined {
  const said = readStatement(payload);
  if (!said) return 'it signs nothing that speaks of an image';
  if (!said.digests.includes(subject)) return `it was made for another image, "${brief(said.digests[0] ?? '')}"`;
  return said.predicateType === predicateType ? undefined : `it is a statement of the kind "${brief(said.predicateType)}"`;
}

function loggedAt({ tlogEntries }: SignedEntity): string | undefined {
  const times = tlogEntries.filter((entry) => entry.inclusionPromise !== undefined).map((entry) => Number(entry.integratedTime));
  return times.length > 0 ? new Date(Math.min(...times) * 1000).toISOString() : undefined;
}

function reasonOf(error: unknown): string {
  const cause = error instanceof VerificationError && error.cause instanceof Error ? `: ${error.cause.message}` : '';
  const said = brief(`${messageOf(error)}${cause}`);
  const code = error instanceof VerificationError ? error.code : '';
  if (code === 'TLOG_ERROR') return 'it is not in the transparency log';
  if (code.startsWith('TLOG_')) return `its entry in the transparency log does not hold (${said})`;
  if (code === 'CERTIFICATE_ERROR') return `its certificate does not hold (${said})`;
  if (code === 'TIMESTAMP_ERROR') return `nothing proves when it was made (${said})`;
  return code === 'SIGNATURE_ERROR' ? 'it does not fit what it signs' : `it cannot be checked (${said})`;
}

/** What strangers wrote, fit for a terminal. */
function brief(text: string): string {
  const printable = text.replace(/[\p{Cc}\p{Cf}\s]+/gu, ' ').trim();
  return printable.length > 200 ? `${printable.slice(0, 200)}…` : printable;
}
