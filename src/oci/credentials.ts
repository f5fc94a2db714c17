// Which login belongs to a repository: the entry of the longest prefix of its name (`host/team/app`, `host/team`, `host`), from the first file
// that has one; where config.json names a helper program, from that. A file that cannot be read, and a helper that fails, count as no
// login, since what is public can be had without; they are told as the problem once it turns out that a login was needed.
import { EngineError } from '../sys/errors.ts';
import { type AuthEntry, type AuthFile, authFiles, readAuthFile } from './auth-file.ts';
import { callHelper, type HelperSecret } from './credential-helper.ts';

export interface Credentials {
  username: string;
  password: string;
  /** An OAuth2 refresh token, used in place of the password. */
  identityToken: string | undefined;
}

export interface FoundCredentials {
  credentials: Credentials | undefined;
  /** Why there may be a login that could not be got at. */
  problem?: EngineError | undefined;
}

type Env = Readonly<Record<string, string | undefined>>;

/** Docker Hub's key in these files, which is an address of long ago. */
export const DOCKER_HUB_KEY = 'https://index.docker.io/v1/';

/** The username that stands for an identity token in a helper and on the command line. */
export const TOKEN_USERNAME = '<token>';

/** The login for a repository of `registry` (`docker.io`, `ghcr.io`, `localhost:5000`); `''` for the registry as a whole. */
export async function findCredentials(env: Env, registry: string, repository: string): Promise<FoundCredentials> {
  let problem: EngineError | undefined;
  for (const path of authFiles(env)) {
    try {
      const credentials = await findIn(env, readAuthFile(path), { registry, repository });
      if (credentials) return { credentials };
    } catch (error) {
      if (!(error instanceof EngineError)) throw error;
      problem ??= error;
    }
  }
  return { credentials: undefined, problem };
}

/** The login that one file has for exactly this key. Throws what its helper throws. */
export async function credentialsAt(env: Env, file: AuthFile, key: string): Promise<Credentials | undefined> {
  const helper = helperFor(file, key);
  const secret = helper === undefined ? undefined : await callHelper(env, { helper, action: 'get', server: key });
  if (secret) return fromHelper(secret);
  const entries = spellings(key).map((name) => file.auths?.[name]);
  const entry = entries.find((candidate) => candidate !== undefined);
  return entry && decode(entry);
}

/** The program that keeps the login for a key, by name. */
export function helperFor({ credHelpers, credsStore }: AuthFile, key: string): string | undefined {
  const host = hostOf(key);
  return credHelpers?.[key] ?? credHelpers?.[host] ?? (credsStore || undefined);
}

/** Under which keys logins for one may be found: older clients wrote addresses. */
export function spellings(key: string): string[] {
  if (key.includes('/') && key !== DOCKER_HUB_KEY) return [key];
  const hosts = key === DOCKER_HUB_KEY ? ['docker.io', 'index.docker.io', 'registry-1.docker.io'] : [key];
  return [
    key,
    ...hosts.flatMap((host) => [
      host,
      `https://${host}`,
      `https://${host}/`,
      `https://${host}/v1/`,
      `https://${host}/v2/`,
      `http://${host}`,
    ]),
  ];
}

async function findIn(env: Env, file: AuthFile, { registry, repository }: { registry: string; repository: string }) {
  const parts = repository.split('/').filter(Boolean);
  const prefixes = parts.map((_, index) => `${registry}/${parts.slice(0, parts.length - index).join('/')}`);
  for (const prefix of prefixes) {
    // What is in a helper has an empty entry in the file: only then is it worth a question.
    const isKnown = file.auths?.[prefix] !== undefined || file.credHelpers?.[prefix] !== undefined;
    const credentials = isKnown ? await credentialsAt(env, file, prefix) : undefined;
    if (credentials) return credentials;
  }
  return credentialsAt(env, file, registry === 'docker.io' ? DOCKER_HUB_KEY : registry);
}

function hostOf(key: string): string {
  if (key === DOCKER_HUB_KEY) return 'index.docker.io';
  return key.replace(/^https?:\/\//, '').replace(/\/.*$/, '');
}

function fromHelper({ username, secret }: HelperSecret): Credentials {
  if (username !== TOKEN_USERNAME) return { username, password: secret, identityToken: undefined };
  return { username, password: '', identityToken: secret };
}

function decode(found: AuthEntry): Credentials | undefined {
  const identityToken = found.identitytoken || undefined;
  const plain = found.auth ? Buffer.from(found.auth, 'base64').toString() : `${found.username ?? ''}:${found.password ?? ''}`;
  const colon = plain.indexOf(':');
  if (colon < 1 && !identityToken) return undefined;
  return { username: plain.slice(0, Math.max(colon, 0)), password: plain.slice(colon + 1).replace(/\0+$/, ''), identityToken };
}
