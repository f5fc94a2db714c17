// The ruling that somebody gives on the command line, in the words of cosign's options: a key, or an identity and who vouches for it.
import { resolve } from 'node:path';
import { EngineError } from '../../sys/errors.ts';
import { exactly, type Matcher, wholePattern } from './match.ts';
import { PLAIN_SIGNATURE, type Ruling, type Signed } from './requirement.ts';

export interface WantedSigner {
  /** Files. */
  keys: readonly string[];
  identity?: string | undefined;
  identityRegexp?: string | undefined;
  issuer?: string | undefined;
  issuerRegexp?: string | undefined;
  /** A file. */
  trustedRoot?: string | undefined;
  /** A name, or `any`. */
  signedAs?: string | undefined;
  predicateType?: string | undefined;
  /** A key's signature must stand in the log, too. */
  isLogged: boolean;
}

/** Undefined when no signer is given. Throws ERR_USAGE. `name` is the image's repository. */
export function rulingOf(wanted: WantedSigner, name: string): Ruling | undefined {
  const by = signerOf(wanted);
  if (!by) {
    const other = [wanted.trustedRoot, wanted.signedAs, wanted.predicateType].some((value) => value !== undefined) || wanted.isLogged;
    if (other) throw usage('these options say how a signature is checked, but not whose');
    return undefined;
  }
  const { trustedRoot, signedAs } = wanted;
  const signed: Signed = {
    kind: 'signed',
    by,
    trust: trustedRoot === undefined ? { kind: 'tuf' } : { kind: 'file', root: { path: resolve(trustedRoot) } },
    isLogged: by.kind === 'identity' || wanted.isLogged,
    name: signedAs === undefined ? { kind: 'same' } : signedAs === 'any' ? { kind: 'any' } : { kind: 'moved', prefix: name, to: signedAs },
    predicateType: wanted.predicateType ?? PLAIN_SIGNATURE,
  };
  return { place: 'asked for on the command line', mode: 'any', requirements: [signed] };
}

function signerOf(wanted: WantedSigner): Signed['by'] | undefined {
  const subject = oneOf('certificate-identity', wanted.identity, wanted.identityRegexp);
  const issuer = oneOf('certificate-oidc-issuer', wanted.issuer, wanted.issuerRegexp);
  if (wanted.keys.length > 0) {
    if (subject || issuer) throw usage('--key and --certificate-… exclude each other');
    return { kind: 'keys', keys: wanted.keys.map((path) => ({ path: resolve(path) })) };
  }
  if (!subject && !issuer) return undefined;
  if (!subject || !issuer) throw usage('--certificate-identity and --certificate-oidc-issuer belong together');
  return { kind: 'identity', issuer, subject };
}

function oneOf(flag: string, exact: string | undefined, pattern: string | undefined): Matcher | undefined {
  if (exact !== undefined && pattern !== undefined) throw usage(`--${flag} and --${flag}-regexp exclude each other`);
  if (exact !== undefined) return exactly(exact);
  if (pattern === undefined) return undefined;
  try {
    return wholePattern(pattern);
  } catch (error) {
    throw new EngineError('ERR_USAGE', `invalid argument "${pattern}" for "--${flag}-regexp": no regular expression`, { cause: error });
  }
}

function usage(what: string): EngineError {
  return new EngineError('ERR_USAGE', `Cannot tell whose signature is wanted: ${what}`, {
    hint: 'Give --key FILE, or --certificate-identity NAME with --certificate-oidc-issuer URL',
  });
}
