// What a policy asks of an image, whichever file it was read from. Types alone.
import type { Matcher } from './match.ts';

/** A file, or what the policy holds itself. Read when it is needed, so that a key that is missing hinders only the images that need it. */
export type Source = { path: string } | { text: string; name: string };

/** Whether a signature that was made for one name counts for another. */
export type SignedName =
  /** The same repository; where both have a tag, the same tag. */
  | { kind: 'same' }
  | { kind: 'any' }
  /** As `same`, for the name with `prefix` of it replaced by `to`. */
  | { kind: 'moved'; prefix: string; to: string }
  /** The kinds of containers-policy.json(5). */
  | { kind: 'exact' | 'digest-or-exact' | 'repository' }
  | { kind: 'exact-reference' | 'exact-repository'; name: string }
  | { kind: 'remapped'; prefix: string; to: string };

/** Where the certificates and logs are named that may vouch for a signature. */
export type Trust =
  /** Fetched by TUF: sigstore's public one, or that of somebody's own mirror, whose first root is known. */
  | { kind: 'tuf'; own?: { mirror: string; root: string } | undefined }
  | { kind: 'file'; root: Source }
  /** Podman's way: keys of the log, which vouch for no certificate. */
  | { kind: 'log-keys'; keys: Source[] };

export interface Signed {
  kind: 'signed';
  by: { kind: 'keys'; keys: Source[] } | { kind: 'identity'; issuer: Matcher; subject: Matcher };
  trust: Trust;
  /** Whether a signature by a key must stand in the log, too; one by an identity always must. */
  isLogged: boolean;
  name: SignedName;
  /** What a signed statement must say of the image; a plain signature by default. */
  predicateType: string;
}

export type Requirement =
  | { kind: 'accept' }
  | { kind: 'reject' }
  /** Asked for by the file, but nothing that can be checked here: a reason to refuse. */
  | { kind: 'unusable'; why: string }
  | Signed;

/** What holds for one image. */
export interface Ruling {
  /** Where it stands, for messages: `"default" of /etc/containers/policy.json`. */
  place: string;
  /** Of our own rules any is enough; of podman's every one must hold. */
  mode: 'any' | 'all';
  requirements: Requirement[];
}

export const PLAIN_SIGNATURE = 'https://sigstore.dev/cosign/sign/v1';
