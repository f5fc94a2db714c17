// Image references as Docker normalises them: `alpine` is `docker.io/library/alpine:latest`. The first part is a registry only if it
// has a dot, a colon or capitals, or is `localhost`; so `foo/bar` is Docker Hub's. Messages are Docker's, word for word.
// Trap: with both tag and digest the digest decides what is pulled, and the tag is not recorded.
import { EngineError } from '../sys/errors.ts';

export interface Reference {
  /** `docker.io`, `ghcr.io`, `localhost:5000`. */
  registry: string;
  /** `library/alpine`. */
  repository: string;
  /** `latest` where neither tag nor digest was given. */
  tag: string | undefined;
  /** `sha256:<hex>`. */
  digest: string | undefined;
}

const DEFAULT_REGISTRY = 'docker.io';
const OFFICIAL = 'library/';
const LONGEST_NAME = 255;
const DOMAIN =
  /^(?:(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])(?:\.(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9]))*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?$/;
const REPOSITORY = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*(?:\/[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*)*$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** Parses what a user typed. Throws ERR_BAD_REFERENCE. */
export function parseReference(text: string): Reference {
  if (/^[0-9a-f]{64}$/.test(text)) {
    throw bad(`invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`);
  }
  const { registry, rest } = splitRegistry(text);
  const [beforeDigest = '', digest, ...more] = rest.split('@');
  const colon = beforeDigest.indexOf(':');
  const repository = colon === -1 ? beforeDigest : beforeDigest.slice(0, colon);
  const tag = colon === -1 ? undefined : beforeDigest.slice(colon + 1);
  if (repository !== repository.toLowerCase()) throw bad(`invalid reference format: repository name (${repository}) must be lowercase`);
  if (!DOMAIN.test(registry) || !REPOSITORY.test(repository) || more.length > 0) throw bad('invalid reference format', text);
  if (registry.length + 1 + repository.length > LONGEST_NAME) throw bad(`repository name must not be more than ${LONGEST_NAME} characters`);
  if (tag !== undefined && !TAG.test(tag)) throw bad('invalid reference format', text);
  if (digest !== undefined && !DIGEST.test(digest)) throw badDigest(digest, text);
  return { registry, repository, tag: tag ?? (digest === undefined ? 'latest' : undefined), digest };
}

/** What a record is kept under: `docker.io/library/alpine:latest`, or `…@sha256:…` when there is a digest. */
export function canonicalReference(reference: Reference): string {
  return reference.digest ? `${repositoryName(reference)}@${reference.digest}` : `${repositoryName(reference)}:${reference.tag}`;
}

/** Everything that was given, normalised: `docker.io/library/alpine:3.20@sha256:…`. */
export function fullReference({ registry, repository, tag, digest }: Reference): string {
  return `${registry}/${repository}${tag ? `:${tag}` : ''}${digest ? `@${digest}` : ''}`;
}

/** `docker.io/library/alpine`. */
export function repositoryName(reference: Pick<Reference, 'registry' | 'repository'>): string {
  return `${reference.registry}/${reference.repository}`;
}

/** As Docker shows a canonical reference: without `docker.io/` and `library/`. */
export function familiarReference(canonical: string): string {
  if (!canonical.startsWith(`${DEFAULT_REGISTRY}/`)) return canonical;
  const rest = canonical.slice(DEFAULT_REGISTRY.length + 1);
  return rest.startsWith(OFFICIAL) && !rest.slice(OFFICIAL.length).includes('/') ? rest.slice(OFFICIAL.length) : rest;
}

function splitRegistry(text: string): { registry: string; rest: string } {
  const slash = text.indexOf('/');
  const first = text.slice(0, slash);
  const isRegistry = slash !== -1 && (/[.:]/.test(first) || first === 'localhost' || first !== first.toLowerCase());
  const registry = isRegistry ? (first === 'index.docker.io' ? DEFAULT_REGISTRY : first) : DEFAULT_REGISTRY;
  const rest = isRegistry ? text.slice(slash + 1) : text;
  return { registry, rest: registry === DEFAULT_REGISTRY && !rest.includes('/') ? `${OFFICIAL}${rest}` : rest };
}

function badDigest(digest: string, text: string): EngineError {
  if (/^[A-Za-z][A-Za-z0-9+._-]*:[0-9a-fA-F]{32,}$/.test(digest)) {
    return /^sha256:/.test(digest)
      ? bad('invalid checksum digest length', text)
      : new EngineError('ERR_DIGEST_UNSUPPORTED', `unsupported digest algorithm in "${text}"`, {
          hint: 'Use the sha256 digest of the image',
        });
  }
  return bad('invalid reference format', text);
}

function bad(message: string, text?: string): EngineError {
  return new EngineError('ERR_BAD_REFERENCE', message, {
    hint: `A reference looks like NAME[:TAG][@sha256:DIGEST], its name in lower case${text === undefined ? '' : `; got "${text}"`}`,
  });
}
