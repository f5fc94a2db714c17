// Every form of signature as one: the sigstore library's bundle. A bundle is read as it is; a payload with its annotations becomes one, certificate
// and log entry included, so that both are checked by the same code.
import { BUNDLE_V01_MEDIA_TYPE, type Bundle, bundleFromJSON } from '@sigstore/bundle';
import * as z from 'zod/mini';
import type { Attached } from './attached.ts';

const SIGNATURE = 'dev.cosignproject.cosign/signature';
const CERTIFICATE = 'dev.sigstore.cosign/certificate';
const LOG_ENTRY = 'dev.sigstore.cosign/bundle';
const HEADER = /-----BEGIN CERTIFICATE-----([A-Za-z0-9+/=\s]+?)-----END CERTIFICATE-----/;

const logEntry = z.looseObject({
  SignedEntryTimestamp: z.string(),
  Payload: z.looseObject({ body: z.string(), integratedTime: z.int(), logIndex: z.int(), logID: z.string() }),
});
const logBody = z.looseObject({ kind: z.string(), apiVersion: z.string() });

/** Throws when it is malformed, with a message for people. */
export function asBundle({ kind, bytes, annotations }: Pick<Attached, 'kind' | 'bytes' | 'annotations'>): Bundle {
  if (kind === 'bundle') return bundleFromJSON(JSON.parse(Buffer.from(bytes).toString()));
  const signature = annotations[SIGNATURE];
  if (!signature) throw new Error('it has no signature');
  const certificate = annotations[CERTIFICATE];
  return bundleFromJSON({
    mediaType: BUNDLE_V01_MEDIA_TYPE,
    verificationMaterial: {
      ...(certificate
        ? { x509CertificateChain: { certificates: [{ rawBytes: HEADER.exec(certificate)?.[1]?.replace(/\s/g, '') ?? '' }] } }
        : { publicKey: { hint: '' } }),
      tlogEntries: annotations[LOG_ENTRY] ? [logEntryOf(annotations[LOG_ENTRY])] : [],
    },
    messageSignature: {
      messageDigest: { algorithm: 'SHA2_256', digest: new Bun.CryptoHasher('sha256').update(bytes).digest('base64') },
      signature,
    },
  });
}

function logEntryOf(text: string): object {
  const { SignedEntryTimestamp, Payload } = z.parse(logEntry, JSON.parse(text));
  const { kind, apiVersion } = z.parse(logBody, JSON.parse(Buffer.from(Payload.body, 'base64').toString()));
  return {
    logIndex: String(Payload.logIndex),
    logId: { keyId: Buffer.from(Payload.logID, 'hex').toString('base64') },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(Payload.integratedTime),
    inclusionPromise: { signedEntryTimestamp: SignedEntryTimestamp },
    canonicalizedBody: Payload.body,
  };
}
