// Signatures of images as cosign makes them, by its published formats: keys, what is signed, and the artifacts that a registry keeps. Written
// from the formats alone, and held against a real signer elsewhere (skopeo, in e2e/verify-peers).
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { digestOf, type Image, jsonBytes, manifestType } from '../e2e/support/images/layout.ts';

export interface SigningKey {
  /** PEM. */
  publicKey: string;
  privateKey: KeyObject;
  /** Over SHA-256, as cosign; Ed25519 hashes by itself. */
  sign: (data: Uint8Array) => Buffer;
}

export type KeyKind = 'ecdsa' | 'rsa' | 'ed25519';

export function signingKey(kind: KeyKind = 'ecdsa'): SigningKey {
  const { publicKey, privateKey } = pairOf(kind);
  return {
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    privateKey,
    sign: (data) => sign(kind === 'ed25519' ? null : 'sha256', data, privateKey),
  };
}

function pairOf(kind: KeyKind): { publicKey: KeyObject; privateKey: KeyObject } {
  if (kind === 'rsa') return generateKeyPairSync('rsa', { modulusLength: 2048 });
  return kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' });
}

export interface SignedPayload {
  payload: Uint8Array;
  annotations: Record<string, string>;
}

/** What cosign's first form signs. */
export function simpleSigning(digest: string, name: string): Uint8Array {
  return jsonBytes({
    critical: {
      identity: { 'docker-reference': name },
      image: { 'docker-manifest-digest': digest },
      type: 'cosign container image signature',
    },
    optional: null,
  });
}

export function signedPayload(key: Pick<SigningKey, 'sign'>, { digest, name }: { digest: string; name: string }): SignedPayload {
  const payload = simpleSigning(digest, name);
  return { payload, annotations: { 'dev.cosignproject.cosign/signature': key.sign(payload).toString('base64') } };
}

/** What stands under `sha256-<hex>.sig`: a layer for each signature. */
export function attachment(signatures: readonly SignedPayload[], more: object = {}): Image {
  const config = jsonBytes({ architecture: '', os: '', config: {}, rootfs: { type: 'layers', diff_ids: [] } });
  const layers = signatures.map(({ payload, annotations }) => ({
    mediaType: 'application/vnd.dev.cosign.simplesigning.v1+json',
    digest: digestOf(payload),
    size: payload.length,
    annotations,
  }));
  const blobs = new Map(signatures.map(({ payload }) => [digestOf(payload), payload]));
  return artifact({ config: { bytes: config, mediaType: 'application/vnd.oci.image.config.v1+json' }, layers, blobs, more });
}

const BUNDLE = 'application/vnd.dev.sigstore.bundle.v0.3+json';
export const SIGN_PREDICATE = 'https://sigstore.dev/cosign/sign/v1';

/** A bundle as an artifact that refers to `subject` (OCI 1.1). */
export function bundleArtifact(bundle: object, subject: object, predicateType = SIGN_PREDICATE): Image {
  const bytes = jsonBytes(bundle);
  const layers = [{ mediaType: BUNDLE, digest: digestOf(bytes), size: bytes.length }];
  const annotations = { 'dev.sigstore.bundle.content': 'dsse-envelope', 'dev.sigstore.bundle.predicateType': predicateType };
  return artifact({
    config: { bytes: jsonBytes({}), mediaType: 'application/vnd.oci.empty.v1+json' },
    layers,
    blobs: new Map([[digestOf(bytes), bytes]]),
    more: { artifactType: BUNDLE, annotations, subject },
  });
}

/** How an index of referrers lists it. */
export function referrerOf(image: Image): object {
  const { artifactType, annotations } = JSON.parse(Buffer.from(image.blobs.get(image.manifest.digest) ?? '').toString());
  return { ...image.manifest, artifactType, annotations };
}

interface ArtifactParts {
  config: { bytes: Uint8Array; mediaType: string };
  layers: object[];
  blobs: Map<string, Uint8Array>;
  more: object;
}

function artifact({ config, layers, blobs, more }: ArtifactParts): Image {
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: manifestType,
    config: { mediaType: config.mediaType, digest: digestOf(config.bytes), size: config.bytes.length },
    layers,
    ...more,
  });
  const all = new Map([...blobs, [digestOf(config.bytes), config.bytes], [digestOf(manifest), manifest]]);
  return { manifest: { mediaType: manifestType, digest: digestOf(manifest), size: manifest.length }, blobs: all };
}

/** An in-toto statement about `digest`, in the envelope that bundles hold, signed. */
export function signedStatement(
  key: Pick<SigningKey, 'sign'>,
  { digest, predicateType = SIGN_PREDICATE }: { digest: string; predicateType?: string },
): { payload: string; payloadType: string; signatures: { sig: string; keyid: string }[] } {
  const payload = jsonBytes({
    _type: 'https://in-toto.io/Statement/v1',
    subject: [{ digest: { sha256: digest.replace('sha256:', '') } }],
    predicateType,
    predicate: {},
  });
  const payloadType = 'application/vnd.in-toto+json';
  const encoded = Buffer.concat([Buffer.from(`DSSEv1 ${payloadType.length} ${payloadType} ${payload.length} `), payload]);
  return {
    payload: Buffer.from(payload).toString('base64'),
    payloadType,
    signatures: [{ sig: key.sign(encoded).toString('base64'), keyid: '' }],
  };
}

/** A bundle that a plain key made, without a log. */
export function keyBundle(envelope: object): object {
  return { mediaType: BUNDLE, verificationMaterial: { publicKey: { hint: '' }, tlogEntries: [] }, dsseEnvelope: envelope };
}
