// The names under which a policy may speak of an image, the most specific first: the image itself, its repository, what that lies in, the
// registry, and all below a domain (`*.example.com`). The first that a policy has is the one that holds.
import { type Reference, repositoryName } from '../reference.ts';

const OFFICIAL = 'docker.io/library/';

/** `docker.io/library/alpine:3` → that, `docker.io/library/alpine`, `docker.io/library`, `docker.io`, `*.io`. */
export function scopesOf(reference: Reference): string[] {
  const { registry, tag, digest } = reference;
  const name = repositoryName(reference);
  const scopes = [...(digest ? [`${name}@${digest}`] : []), ...(tag ? [`${name}:${tag}`] : []), name];
  for (let slash = name.lastIndexOf('/'); slash !== -1; slash = name.lastIndexOf('/', slash - 1)) scopes.push(name.slice(0, slash));
  const host = registry.replace(/:\d+$/, '');
  for (let dot = host.indexOf('.'); dot !== -1; dot = host.indexOf('.', dot + 1)) scopes.push(`*${host.slice(dot)}`);
  return scopes;
}

/** The same for those who write `docker.io/alpine` for the official image: a rule that nothing matched would let through what it was to hold back. */
export function scopesAsWritten(reference: Reference): string[] {
  return scopesOf(reference).flatMap((scope) => (scope.startsWith(OFFICIAL) ? [scope, scope.replace(OFFICIAL, 'docker.io/')] : [scope]));
}
