// Whether the name that a user gave means an image that another engine calls `known` (`localhost/app:1`, `docker.io/library/alpine:latest`): the whole
// name, or its end after a slash, since those engines fill short names in from their own settings.

/** Without a tag or digest, `latest` is meant. */
export function nameMatches(known: string, name: string): boolean {
  const whole = /[:@][^/]*$/.test(name) ? name : `${name}:latest`;
  return known === whole || known.endsWith(`/${whole}`);
}
