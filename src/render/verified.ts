// `image verify` as text: a paragraph for each image, a field a line; or a row for each signature.
import { struct } from './go-values.ts';

interface Verified {
  digest: string;
  by: { kind: 'key'; name: string; id: string } | { kind: 'identity'; issuer: string; subject: string };
  loggedAt: string | undefined;
}

interface VerifiedImage {
  reference: string;
  digest: string;
  isStored: boolean;
  signatures: readonly Verified[];
}

/** Without a last newline. Throws ERR_TEMPLATE. */
export async function renderVerified(image: VerifiedImage, format: string | undefined): Promise<string> {
  const rows = image.signatures.map((signature) => rowOf(image, signature));
  if (format === undefined || format === '' || format === 'pretty') return rows.map(paragraph).join('\n');
  const { formatRows } = await import('./rows.ts');
  return formatRows(format, rows, { header: {}, table: '{{.Reference}}\t{{.SignedDigest}}', raw: 'raw' }).replace(/\n$/, '');
}

function rowOf({ reference, digest, isStored }: VerifiedImage, signature: Verified) {
  const { by, loggedAt = '' } = signature;
  const signer =
    by.kind === 'key'
      ? { key: by.name, keyId: by.id, identity: '', issuer: '' }
      : { key: '', keyId: '', identity: by.subject, issuer: by.issuer };
  return struct('*verify.row', {
    Digest: digest,
    Identity: signer.identity,
    Issuer: signer.issuer,
    Key: signer.key,
    KeyID: signer.keyId,
    LoggedAt: loggedAt,
    Reference: reference,
    SignedDigest: signature.digest,
    Stored: isStored,
  });
}

function paragraph(row: ReturnType<typeof rowOf>): string {
  const fields = [
    ['digest', row.Digest],
    // An index may vouch for its members, or a member for itself.
    ['signed', row.SignedDigest === row.Digest ? '' : row.SignedDigest],
    ['key', row.Key && `${row.Key} (${row.KeyID})`],
    ['identity', row.Identity],
    ['issuer', row.Issuer],
    ['logged', row.LoggedAt],
  ].filter(([, value]) => value);
  const lines = fields.map(([name = '', value]) => `  ${name.padEnd('identity'.length)}  ${value}`);
  return [`${row.Reference}: verified${row.Stored ? ' (as stored)' : ''}`, ...lines].join('\n');
}
