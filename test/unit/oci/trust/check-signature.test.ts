// One signature against one requirement, with real keys, certificates and logs of the tests' own.
import { toTrustMaterial } from '@sigstore/verify';
import { parseReference } from '../../../../src/oci/reference.ts';
import type { Attached } from '../../../../src/oci/trust/attached.ts';
import { checkSignature, type Material } from '../../../../src/oci/trust/check-signature.ts';
import { exactly, wholePattern } from '../../../../src/oci/trust/match.ts';
import { keyId, readPublicKey } from '../../../../src/oci/trust/public-key.ts';
import { PLAIN_SIGNATURE, type Signed, type SignedName } from '../../../../src/oci/trust/requirement.ts';
import { readTrustedRoot } from '../../../../src/oci/trust/trusted-root.ts';
import { type Authority, identityBundle, loggedPayload, openAuthority } from '../../../support/authority.ts';
import {
  type KeyKind,
  keyBundle,
  type SignedPayload,
  type SigningKey,
  signedPayload,
  signedStatement,
  signingKey,
} from '../../../support/signing.ts';

const DIGEST = `sha256:${'a'.repeat(64)}`;
const OTHER = `sha256:${'b'.repeat(64)}`;
const NAME = 'registry.test/team/app';
const reference = parseReference(`${NAME}:1`);
const IDENTITY = { subject: 'https://ci.test/team/app/release', issuer: 'https://issuer.test' };

const payload = ({ payload, annotations }: SignedPayload, subject = DIGEST): Attached => ({
  kind: 'payload',
  subject,
  bytes: payload,
  annotations,
});
const bundle = (value: object, subject = DIGEST): Attached => ({
  kind: 'bundle',
  subject,
  bytes: Buffer.from(JSON.stringify(value)),
  annotations: {},
});

async function keysOf(keys: SigningKey[], authority?: Authority): Promise<Material> {
  const read = keys.map(({ publicKey }, index) => {
    const key = readPublicKey({ text: publicKey, name: `key ${index + 1}` });
    return { key, name: `key ${index + 1}`, id: keyId(key) };
  });
  return { keys: read, trust: authority && (await trustOf(authority)) };
}

const trustOf = async ({ trustedRoot }: Authority) =>
  toTrustMaterial(await readTrustedRoot({ kind: 'file', root: { text: JSON.stringify(trustedRoot), name: 'root' } }, {}));

const byKeys = (name: SignedName = { kind: 'same' }, isLogged = false): Signed => ({
  kind: 'signed',
  by: { kind: 'keys', keys: [] },
  trust: { kind: 'tuf' },
  isLogged,
  name,
  predicateType: PLAIN_SIGNATURE,
});
const byIdentity = (
  { subject, issuer } = { subject: exactly(IDENTITY.subject), issuer: exactly(IDENTITY.issuer) },
  predicateType = PLAIN_SIGNATURE,
): Signed => ({
  kind: 'signed',
  by: { kind: 'identity', subject, issuer },
  trust: { kind: 'file', root: { path: '' } },
  isLogged: true,
  name: { kind: 'same' },
  predicateType,
});

const check = (attached: Attached, requirement: Signed, material: Material) => {
  const result = checkSignature(attached, { requirement, material, reference });
  return 'why' in result ? result.why : result;
};

describe('a key', () => {
  test.each<KeyKind>(['ecdsa', 'rsa', 'ed25519'])('of the kind %s is known again in both forms', async (kind) => {
    const key = signingKey(kind);
    const material = await keysOf([signingKey(), key]);
    const expected = { digest: DIGEST, by: { kind: 'key', name: 'key 2', id: material.keys[1]?.id }, loggedAt: undefined };
    expect(check(payload(signedPayload(key, { digest: DIGEST, name: NAME })), byKeys(), material)).toEqual(expected);
    expect(check(bundle(keyBundle(signedStatement(key, { digest: DIGEST }))), byKeys(), material)).toEqual(expected);
  });

  test('another one does not count, nor one that signed something else', async () => {
    const key = signingKey();
    const material = await keysOf([key]);
    const signed = signedPayload(key, { digest: DIGEST, name: NAME });
    expect(check(payload(signedPayload(signingKey(), { digest: DIGEST, name: NAME })), byKeys(), material)).toBe(
      'it was made with another key',
    );
    const changed = { ...signed, payload: Buffer.from(Buffer.from(signed.payload).toString().replace('"optional":null', '"optional":{}')) };
    expect(check(payload(changed), byKeys(), material)).toBe('it was made with another key');
    expect(check(payload(signed, OTHER), byKeys(), material)).toBe(`it was made for another image, "${DIGEST}"`);
    const elsewhere = keyBundle(signedStatement(key, { digest: OTHER }));
    expect(check(bundle(elsewhere), byKeys(), material)).toBe(`it was made for another image, "${OTHER}"`);
  });

  test('a signature counts for the name that it was made for', async () => {
    const key = signingKey();
    const material = await keysOf([key]);
    const named = (name: string, rule?: SignedName) => check(payload(signedPayload(key, { digest: DIGEST, name })), byKeys(rule), material);
    expect(named('registry.test/team/other')).toBe('it was made for the name "registry.test/team/other"');
    expect(named(`${NAME}:2`)).toBe(`it was made for the name "${NAME}:2"`);
    expect(named(`${NAME}:1`)).toMatchObject({ digest: DIGEST });
    expect(named('quay.io/else', { kind: 'any' })).toMatchObject({ digest: DIGEST });
    expect(named('quay.io/team/app', { kind: 'moved', prefix: 'registry.test', to: 'quay.io' })).toMatchObject({ digest: DIGEST });
  });

  test('a statement of another kind is no approval', async () => {
    const key = signingKey();
    const scan = signedStatement(key, { digest: DIGEST, predicateType: 'https://in-toto.io/attestation/vulns' });
    expect(check(bundle(keyBundle(scan)), byKeys(), await keysOf([key]))).toBe(
      'it is a statement of the kind "https://in-toto.io/attestation/vulns"',
    );
  });

  test('by the key of the log alone, as podman’s policy names it', async () => {
    const authority = await openAuthority();
    const key = signingKey();
    const log = { kind: 'log-keys' as const, keys: [{ text: authority.logKey, name: 'log' }] };
    const material = { ...(await keysOf([key])), trust: toTrustMaterial(await readTrustedRoot(log, {})) };
    const logged = await loggedPayload(authority, { key, digest: DIGEST, name: NAME });
    expect(check(payload(logged), byKeys(undefined, true), material)).toMatchObject({ digest: DIGEST });
    const elsewhere = await loggedPayload(await openAuthority(), { key, digest: DIGEST, name: NAME });
    expect(check(payload(elsewhere), byKeys(undefined, true), material)).toMatch(/^its entry in the transparency log does not hold/);
  });

  test('with the log asked for, its word is needed, and for this very signature', async () => {
    const [authority, stranger] = [await openAuthority(), await openAuthority()];
    const key = signingKey();
    const material = await keysOf([key], authority);
    const logged = await loggedPayload(authority, { key, digest: DIGEST, name: NAME });
    const result = check(payload(logged), byKeys(undefined, true), material);
    expect(result).toMatchObject({ digest: DIGEST, loggedAt: expect.stringMatching(/^\d{4}-.*Z$/) });
    const bare = signedPayload(key, { digest: DIGEST, name: NAME });
    expect(check(payload(bare), byKeys(undefined, true), material)).toBe('it is not in the transparency log');
    const elsewhere = await loggedPayload(stranger, { key, digest: DIGEST, name: NAME });
    expect(check(payload(elsewhere), byKeys(undefined, true), material)).toBe(
      'its entry in the transparency log does not hold (inclusion promise could not be verified)',
    );
    // ECDSA signs anew each time, so the entry is another signature's.
    const borrowed = { ...bare, annotations: { ...logged.annotations, ...bare.annotations } };
    expect(check(payload(borrowed), byKeys(undefined, true), material)).toBe(
      'its entry in the transparency log does not hold (signature mismatch)',
    );
  });
});

describe('an identity', () => {
  test('is known again in both forms', async () => {
    const authority = await openAuthority();
    const key = await authority.certify(IDENTITY);
    const material = { keys: [], trust: await trustOf(authority) };
    const expected = { digest: DIGEST, by: { kind: 'identity', ...IDENTITY }, loggedAt: expect.stringMatching(/^\d{4}-.*Z$/) };
    expect(check(payload(await loggedPayload(authority, { key, digest: DIGEST, name: NAME })), byIdentity(), material)).toEqual(expected);
    expect(check(bundle(await identityBundle(authority, { key, digest: DIGEST })), byIdentity(), material)).toEqual(expected);
  });

  test('is compared whole', async () => {
    const authority = await openAuthority();
    const key = await authority.certify(IDENTITY);
    const material = { keys: [], trust: await trustOf(authority) };
    const signed = bundle(await identityBundle(authority, { key, digest: DIGEST }));
    const by = (subject: string, issuer = exactly(IDENTITY.issuer)) =>
      check(signed, byIdentity({ subject: wholePattern(subject), issuer }), material);
    expect(by('https://ci\\.test/team/.*')).toMatchObject({ digest: DIGEST });
    const other = `it was made by "${IDENTITY.subject}" (issuer "${IDENTITY.issuer}")`;
    expect(by('https://ci\\.test/team')).toBe(other);
    expect(by('team/app/release')).toBe(other);
    expect(by('https://ci\\.test/x|https://y')).toBe(other);
    expect(by('.*', exactly('https://issuer.test/'))).toBe(other);
  });

  test('a certificate that had run out, of another authority, or none', async () => {
    const hourAgo = new Date(Date.now() - 3_600_000);
    const late = await openAuthority({ certifies: hourAgo });
    const expired = await identityBundle(late, { key: await late.certify(IDENTITY), digest: DIGEST });
    expect(check(bundle(expired), byIdentity(), { keys: [], trust: await trustOf(late) })).toBe(
      'its certificate does not hold (Failed to verify certificate chain: certificate is not valid or expired at the specified date)',
    );
    const authority = await openAuthority();
    const trust = await trustOf(authority);
    const foreign = await openAuthority();
    const strange = await identityBundle(foreign, { key: await foreign.certify(IDENTITY), digest: DIGEST });
    expect(check(bundle(strange), byIdentity(), { keys: [], trust })).toMatch(/^its certificate does not hold \(Failed to verify/);
    const plain = keyBundle(signedStatement(signingKey(), { digest: DIGEST }));
    expect(check(bundle(plain), byIdentity(), { keys: [], trust })).toBe('it was made with a key, not by an identity');
  });

  test('without the log’s word nothing proves when it was made', async () => {
    const authority = await openAuthority();
    const trust = await trustOf(authority);
    const key = await authority.certify(IDENTITY);
    const logged = await loggedPayload(authority, { key, digest: DIGEST, name: NAME });
    const { 'dev.sigstore.cosign/bundle': _, ...annotations } = logged.annotations;
    expect(check(payload({ ...logged, annotations }), byIdentity(), { keys: [], trust })).toMatch(/^nothing proves when it was made/);
  });

  test('a changed payload, a changed log entry, the certificate of another', async () => {
    const authority = await openAuthority();
    const material = { keys: [], trust: await trustOf(authority) };
    const key = await authority.certify(IDENTITY);
    const logged = await loggedPayload(authority, { key, digest: DIGEST, name: NAME });
    const text = Buffer.from(logged.payload).toString();
    const changed = { ...logged, payload: Buffer.from(text.replace(DIGEST, OTHER)) };
    expect(check(payload(changed, OTHER), byIdentity(), material)).toMatch(/^its entry in the transparency log does not hold/);
    const entry = logged.annotations['dev.sigstore.cosign/bundle'] ?? '';
    const later = entry.replace(/"integratedTime":(\d+)/, (_, time: string) => `"integratedTime":${Number(time) + 1}`);
    const annotations = { ...logged.annotations, 'dev.sigstore.cosign/bundle': later };
    expect(check(payload({ ...logged, annotations }), byIdentity(), material)).toMatch(/inclusion promise could not be verified/);
    const stranger = await authority.certify({ subject: 'https://evil.test', issuer: IDENTITY.issuer });
    const theirs = await loggedPayload(authority, { key: stranger, digest: DIGEST, name: NAME });
    const mixed = { ...theirs.annotations, 'dev.sigstore.cosign/certificate': logged.annotations['dev.sigstore.cosign/certificate'] ?? '' };
    expect(check(payload({ ...theirs, annotations: mixed }), byIdentity(), material)).toBe('it does not fit what it signs');
  });

  test('another kind of statement counts where that is what is asked for', async () => {
    const authority = await openAuthority();
    const material = { keys: [], trust: await trustOf(authority) };
    const key = await authority.certify(IDENTITY);
    const predicateType = 'https://slsa.dev/provenance/v1';
    const signed = bundle(await identityBundle(authority, { key, digest: DIGEST, predicateType }));
    expect(check(signed, byIdentity(), material)).toBe(`it is a statement of the kind "${predicateType}"`);
    expect(check(signed, byIdentity(undefined, predicateType), material)).toMatchObject({ digest: DIGEST });
  });
});

test('what is malformed is told in one sentence', async () => {
  const material = await keysOf([signingKey()]);
  const why = (attached: Attached) => check(attached, byKeys(), material);
  expect(why({ kind: 'bundle', subject: DIGEST, bytes: Buffer.from('{'), annotations: {} })).toMatch(/^it is malformed \(/);
  expect(why(bundle({ mediaType: 'x' }))).toMatch(/^it is malformed \(invalid bundle\)$/);
  expect(why({ kind: 'payload', subject: DIGEST, bytes: Buffer.from('{}'), annotations: {} })).toBe(
    'it is malformed (it has no signature)',
  );
  const key = signingKey();
  const signed = {
    payload: Buffer.from('{}'),
    annotations: { 'dev.cosignproject.cosign/signature': key.sign(Buffer.from('{}')).toString('base64') },
  };
  expect(check(payload(signed), byKeys(), await keysOf([key]))).toBe('it signs nothing that speaks of an image');
  const blobSignature = {
    mediaType: 'application/vnd.dev.sigstore.bundle.v0.3+json',
    verificationMaterial: { publicKey: { hint: '' }, tlogEntries: [] },
    messageSignature: { messageDigest: { algorithm: 'SHA2_256', digest: 'qg==' }, signature: 'qg==' },
  };
  expect(why(bundle(blobSignature))).toBe('it signs nothing that speaks of an image');
});
