// Credentials that other tools have stored: Docker's config.json, or podman's auth.json where REGISTRY_AUTH_FILE names it. Read only.
// A file that cannot be read counts as no credentials: an anonymous pull must not fail because of it.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import * as z from 'zod/mini';

export interface Credentials {
  username: string;
  password: string;
  /** An OAuth2 refresh token, used in place of the password. */
  identityToken: string | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

const entry = z.looseObject({
  auth: z.optional(z.string()),
  username: z.optional(z.string()),
  password: z.optional(z.string()),
  identitytoken: z.optional(z.string()),
});
const authFile = z.looseObject({ auths: z.optional(z.record(z.string(), entry)) });

/** Docker Hub's key in these files, which is an address of long ago. */
const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** The credentials for `registry` (`docker.io`, `ghcr.io`, `localhost:5000`), or undefined. */
export function findCredentials(env: Env, registry: string, repository: string): Credentials | undefined {
  for (const path of authFiles(env)) {
    const auths = readAuths(path);
    const found = keysFor(registry, repository)
      .map((key) => auths[key])
      .find((candidate) => candidate !== undefined);
    const credentials = found && decode(found);
    if (credentials) return credentials;
  }
  return undefined;
}

/** Files looked into, the first hit wins. */
function authFiles(env: Env): string[] {
  if (env.REGISTRY_AUTH_FILE) return [env.REGISTRY_AUTH_FILE];
  const files = [join(env.DOCKER_CONFIG ?? join(env.HOME ?? '/', '.docker'), 'config.json')];
  if (env.XDG_RUNTIME_DIR) files.push(join(env.XDG_RUNTIME_DIR, 'containers/auth.json'));
  return files;
}

// podman also keys by a prefix of the repository: the longest wins.
function keysFor(registry: string, repository: string): string[] {
  const parts = repository.split('/');
  const prefixes = parts.map((_, index) => `${registry}/${parts.slice(0, parts.length - index).join('/')}`);
  const hosts = registry === 'docker.io' ? [DOCKER_HUB_KEY, 'docker.io', 'index.docker.io', 'registry-1.docker.io'] : [registry];
  return [
    ...prefixes,
    ...hosts,
    ...hosts.flatMap((host) => [`https://${host}`, `https://${host}/`, `https://${host}/v1/`, `http://${host}`]),
  ];
}

function readAuths(path: string): Record<string, z.infer<typeof entry>> {
  try {
    return z.parse(authFile, JSON.parse(readFileSync(path, 'utf8'))).auths ?? {};
  } catch {
    return {};
  }
}

function decode(found: z.infer<typeof entry>): Credentials | undefined {
  const identityToken = found.identitytoken || undefined;
  const plain = found.auth ? Buffer.from(found.auth, 'base64').toString() : `${found.username ?? ''}:${found.password ?? ''}`;
  const colon = plain.indexOf(':');
  if (colon < 1 && !identityToken) return undefined;
  return { username: plain.slice(0, Math.max(colon, 0)), password: plain.slice(colon + 1).replace(/\0+$/, ''), identityToken };
}
