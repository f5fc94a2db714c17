// A sigstore of the tests' own, from the sigstore project's parts for tests: an authority that certifies identities, a log of certificates and a log of
// signatures, and the trusted root that names them. Its clock is the test's.
import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { initializeCA } from '@sigstore/mock/dist/fulcio/ca.js';
import { initializeCTLog } from '@sigstore/mock/dist/fulcio/ctlog.js';
import { fulcioHandler } from '@sigstore/mock/dist/fulcio/handler.js';
import { rekorHandler } from '@sigstore/mock/dist/rekor/handler.js';
import { initializeTLog } from '@sigstore/mock/dist/rekor/tlog.js';
import { digestOf } from '../e2e/support/images/layout.ts';
import { type SignedPayload, type SigningKey, signedPayload, signedStatement } from './signing.ts';

export interface Identity {
  subject: string;
  issuer: string;
}

export interface Authority {
  /** As sigstore publishes it. */
  trustedRoot: object;
  /** Its parts as PEM, as podman's policy names them. */
  certificate: string;
  logKey: string;
  /** A key that is certified to be `identity`'s for ten minutes. */
  certify: (identity: Identity) => Promise<CertifiedKey>;
  /** What the log has to say of an entry. */
  enter: (entry: object) => Promise<LogEntry>;
  /** Both as a service, for sigstore's own client: an address, until `stop`. */
  serve: () => { url: string; stop: () => void };
}

export interface CertifiedKey extends SigningKey {
  /** DER. */
  certificate: Buffer;
}

interface LogEntry {
  body: string;
  integratedTime: number;
  logID: string;
  logIndex: number;
  verification: {
    signedEntryTimestamp: string;
    inclusionProof: { checkpoint: string; rootHash: string; treeSize: number; logIndex: number };
  };
}

export interface AuthorityOptions {
  /** When it certifies; now by default. */
  certifies?: Date;
  /** When its log takes entries in; now by default. */
  logs?: Date;
}

const LOG = 'https://log.test';
const ISSUER_OIDS = { old: '1.3.6.1.4.1.57264.1.1', current: '1.3.6.1.4.1.57264.1.8' };
const ALWAYS = { start: '1970-01-01T00:00:00.000Z' };

export async function openAuthority({ certifies, logs }: AuthorityOptions = {}): Promise<Authority> {
  const pair = (namedCurve = 'P-256') => generateKeyPairSync('ec', { namedCurve });
  const [ctKeys, logKeys] = [pair(), pair()];
  const ctlog = await initializeCTLog(ctKeys, certifies);
  const ca = await initializeCA(pair('P-384'), ctlog, certifies);
  const log = await initializeTLog(LOG, logKeys, logs);
  const root = Buffer.from(ca.rootCertificate.buffer);
  return {
    trustedRoot: {
      mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
      tlogs: [logOf(logKeys.publicKey, LOG)],
      certificateAuthorities: [
        { uri: 'https://authority.test', certChain: { certificates: [{ rawBytes: root.toString('base64') }] }, validFor: ALWAYS },
      ],
      ctlogs: [logOf(ctKeys.publicKey, 'https://certificates.test')],
      timestampAuthorities: [],
    },
    certificate: pem(root),
    logKey: logKeys.publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    certify: async ({ subject, issuer }) => {
      const { publicKey, privateKey } = pair();
      const certificate = await ca.issueCertificate({
        publicKey: publicKey.export({ type: 'spki', format: 'der' }),
        subjectAltName: subject,
        extensions: [
          { oid: ISSUER_OIDS.old, value: issuer, legacy: true },
          { oid: ISSUER_OIDS.current, value: issuer },
        ],
      });
      return {
        privateKey,
        publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
        sign: (data) => sign('sha256', data, privateKey),
        certificate: Buffer.from(certificate.buffer, certificate.byteOffset, certificate.byteLength),
      };
    },
    serve: () => {
      const handlers = [fulcioHandler(ca), rekorHandler(log)];
      const server = Bun.serve({
        hostname: '127.0.0.1',
        port: 0,
        fetch: async (request) => {
          const handler = handlers.find(({ path }) => path === new URL(request.url).pathname);
          if (!handler) return new Response('none', { status: 404 });
          const { statusCode, response, contentType } = await handler.fn(asKept(await request.text()));
          return new Response(String(response), { status: statusCode, headers: { 'content-type': contentType ?? 'text/plain' } });
        },
      });
      return { url: `http://127.0.0.1:${server.port}`, stop: () => void server.stop(true) };
    },
    enter: async (entry) => {
      const [made] = Object.values(await log.log(entry));
      return made as LogEntry;
    },
  };
}

/** A log keeps of a proposed envelope (Rekor's type `dsse`) its hashes and signatures; the tests' log keeps what it is given. */
function asKept(body: string): string {
  const entry = JSON.parse(body);
  const proposed = entry.kind === 'dsse' ? entry.spec.proposedContent : undefined;
  if (!proposed) return body;
  const envelope = JSON.parse(proposed.envelope);
  return JSON.stringify(dsseEntry(proposed.envelope, envelope, proposed.verifiers[0]));
}

interface Envelope {
  payload: string;
  signatures: { sig: string }[];
}

function dsseEntry(text: string, { payload, signatures }: Envelope, verifier: string): object {
  const sha256 = (bytes: Uint8Array): object => ({ algorithm: 'sha256', value: digestOf(bytes).slice('sha256:'.length) });
  return {
    apiVersion: '0.0.1',
    kind: 'dsse',
    spec: {
      envelopeHash: sha256(Buffer.from(text)),
      payloadHash: sha256(Buffer.from(payload, 'base64')),
      signatures: signatures.map(({ sig }) => ({ signature: sig, verifier })),
    },
  };
}

function logOf(key: KeyObject, baseUrl: string): object {
  const rawBytes = key.export({ type: 'spki', format: 'der' });
  return {
    baseUrl,
    hashAlgorithm: 'SHA2_256',
    publicKey: { rawBytes: rawBytes.toString('base64'), keyDetails: 'PKIX_ECDSA_P256_SHA_256', validFor: ALWAYS },
    logId: { keyId: Buffer.from(digestOf(rawBytes).slice('sha256:'.length), 'hex').toString('base64') },
  };
}

export function pem(certificate: Buffer): string {
  return `-----BEGIN CERTIFICATE-----\n${certificate.toString('base64').replace(/.{64}(?=.)/g, '$&\n')}\n-----END CERTIFICATE-----\n`;
}

/** A payload signed by a key, with the log's word for it in cosign's annotation. */
export async function loggedPayload(
  authority: Authority,
  { key, digest, name }: { key: SigningKey; digest: string; name: string },
): Promise<SignedPayload> {
  const signed = signedPayload(key, { digest, name });
  const certificate = 'certificate' in key && Buffer.isBuffer(key.certificate) ? pem(key.certificate) : undefined;
  const entry = await authority.enter({
    apiVersion: '0.0.1',
    kind: 'hashedrekord',
    spec: {
      data: { hash: { algorithm: 'sha256', value: digestOf(signed.payload).slice('sha256:'.length) } },
      signature: {
        content: signed.annotations['dev.cosignproject.cosign/signature'],
        publicKey: { content: Buffer.from(certificate ?? key.publicKey).toString('base64') },
      },
    },
  });
  const { body, integratedTime, logID, logIndex, verification } = entry;
  const said = { SignedEntryTimestamp: verification.signedEntryTimestamp, Payload: { body, integratedTime, logIndex, logID } };
  return {
    payload: signed.payload,
    annotations: {
      ...signed.annotations,
      'dev.sigstore.cosign/bundle': JSON.stringify(said),
      ...(certificate ? { 'dev.sigstore.cosign/certificate': certificate, 'dev.sigstore.cosign/chain': authority.certificate } : {}),
    },
  };
}

/** A bundle of version 0.3 with certificate and log entry, about `digest`. */
export async function identityBundle(
  authority: Authority,
  { key, digest, predicateType }: { key: CertifiedKey; digest: string; predicateType?: string },
): Promise<object> {
  const envelope = signedStatement(key, { digest, ...(predicateType === undefined ? {} : { predicateType }) });
  const entry = await authority.enter(dsseEntry(JSON.stringify(envelope), envelope, Buffer.from(pem(key.certificate)).toString('base64')));
  const { inclusionProof, signedEntryTimestamp } = entry.verification;
  return {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: {
      certificate: { rawBytes: key.certificate.toString('base64') },
      tlogEntries: [
        {
          logIndex: String(entry.logIndex),
          logId: { keyId: Buffer.from(entry.logID, 'hex').toString('base64') },
          kindVersion: { kind: 'dsse', version: '0.0.1' },
          integratedTime: String(entry.integratedTime),
          inclusionPromise: { signedEntryTimestamp },
          inclusionProof: {
            logIndex: String(inclusionProof.logIndex),
            rootHash: Buffer.from(inclusionProof.rootHash, 'hex').toString('base64'),
            treeSize: String(inclusionProof.treeSize),
            hashes: [],
            checkpoint: { envelope: inclusionProof.checkpoint },
          },
          canonicalizedBody: entry.body,
        },
      ],
    },
    dsseEnvelope: envelope,
  };
}
