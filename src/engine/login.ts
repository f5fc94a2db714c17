// Logins: checked at the registry before they are kept, in the file or with the helper program that Docker's config.json names. Nothing of the
// password is ever in an error, an event or an argument list. If we die between the two, the login is not kept.
import { join } from 'node:path';
import { type AuthFile, changeAuthFile, loginFile, readAuthFile } from '../oci/auth-file.ts';
import { callHelper } from '../oci/credential-helper.ts';
import { type Credentials, credentialsAt, DOCKER_HUB_KEY, helperFor, spellings, TOKEN_USERNAME } from '../oci/credentials.ts';
import { verifyLogin } from '../oci/login.ts';
import { parseReference } from '../oci/reference.ts';
import { locksDir } from '../storage/layout.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { withLock } from '../sys/lock.ts';
import { keepLoopbackDirect } from './loopback-direct.ts';

export interface LoginTarget {
  /** What the login is kept under: `ghcr.io`, `ghcr.io/team`, Docker Hub's address. */
  key: string;
  /** `docker.io`, `localhost:5000`. */
  registry: string;
  isDockerHub: boolean;
}

export interface LoginOptions {
  username: string;
  password: string;
  tlsVerify?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** `path` where the login is kept unencrypted. */
export type Kept = { path: string } | { helper: string };

/** What `login SERVER` means: a registry, an address of one, or a part of one. Throws ERR_BAD_REFERENCE. */
export function loginTarget(server: string | undefined): LoginTarget {
  const isAddress = /^https?:\/\//.test(server ?? '');
  const bare = (server ?? '').replace(/^https?:\/\//, '').replace(/\/+$/, '');
  const [host = '', ...path] = bare.split('/');
  if (host === '' && server) throw badServer(server);
  const isDockerHub = host === '' || /^(?:(?:index\.)?docker\.io|registry-1\.docker\.io)$/.test(host);
  // An address names a server; what follows its host is the way to its API.
  const isPart = path.length > 0 && !isAddress && !/^v[12]$/.test(path.join('/'));
  const registry = isDockerHub ? 'docker.io' : host;
  const key = isPart ? `${registry}/${path.join('/')}` : isDockerHub ? DOCKER_HUB_KEY : host;
  if (/[:@]/.test(path.join('/'))) throw badServer(server ?? '');
  if (!isDockerHub || isPart) assertName(isPart ? key : `${host}/x`, host, server ?? '');
  return { key, registry, isDockerHub: isDockerHub && !isPart };
}

/** The login that is kept for the target. Throws ERR_AUTH_FILE, ERR_CREDENTIAL_HELPER. */
export function keptLogin(ctx: Ctx, { key }: LoginTarget): Promise<Credentials | undefined> {
  return credentialsAt(ctx.env, readAuthFile(loginFile(ctx.env)), key);
}

/** Throws ERR_AUTH unless the registry takes the login. */
export async function checkLogin(ctx: Ctx, { registry }: LoginTarget, credentials: Credentials, signal?: AbortSignal): Promise<void> {
  keepLoopbackDirect(process.env);
  await verifyLogin({ env: ctx.env, registry, credentials, signal });
}

/** Checks the login and keeps it. Throws ERR_AUTH, ERR_AUTH_FILE, ERR_CREDENTIAL_HELPER, and what networks bring. */
export async function login(ctx: Ctx, target: LoginTarget, options: LoginOptions): Promise<Kept> {
  const { username, password, tlsVerify, signal } = options;
  keepLoopbackDirect(process.env);
  const path = loginFile(ctx.env);
  // A file that cannot be used is told before the password goes anywhere.
  const file = readAuthFile(path);
  const given: Credentials =
    username === TOKEN_USERNAME ? { username, password: '', identityToken: password } : { username, password, identityToken: undefined };
  const identityToken =
    (await verifyLogin({ env: ctx.env, registry: target.registry, credentials: given, tlsVerify, signal })) ?? given.identityToken;
  const { key } = target;
  const helper = helperFor(file, key);
  if (helper !== undefined) {
    const secret = identityToken ? { username: TOKEN_USERNAME, secret: identityToken } : { username, secret: password };
    await callHelper(ctx.env, { helper, action: 'store', server: key, ...secret });
    // The empty entry says that there is one.
    change(ctx, (now) => ({ ...now, auths: { ...now.auths, [key]: {} } }));
    return { helper };
  }
  const auth = Buffer.from(`${username}:${identityToken ? '' : password}`).toString('base64');
  const entry = identityToken ? { auth, identitytoken: identityToken } : { auth };
  change(ctx, (now) => ({ ...now, auths: { ...now.auths, [key]: entry } }));
  return { path };
}

/** Forgets the login, however it is spelt. False where there was none. Throws ERR_AUTH_FILE, ERR_CREDENTIAL_HELPER. */
export async function logout(ctx: Ctx, { key }: LoginTarget): Promise<boolean> {
  const path = loginFile(ctx.env);
  const file = readAuthFile(path);
  const keys = spellings(key).filter((name) => file.auths?.[name] !== undefined);
  const helper = helperFor(file, key);
  let isKept = keys.length > 0;
  if (helper !== undefined) {
    isKept ||= (await callHelper(ctx.env, { helper, action: 'get', server: key })) !== undefined;
    if (isKept) await callHelper(ctx.env, { helper, action: 'erase', server: key });
  }
  if (keys.length > 0) {
    change(ctx, (now) => ({
      ...now,
      auths: Object.fromEntries(Object.entries(now.auths ?? {}).filter(([name]) => !keys.includes(name))),
    }));
  }
  return isKept;
}

// Two logins at once must not lose one.
function change(ctx: Ctx, edit: (file: AuthFile) => AuthFile): void {
  withLock(join(locksDir(ctx), 'logins'), () => changeAuthFile(loginFile(ctx.env), edit));
}

function assertName(name: string, host: string, server: string): void {
  try {
    if (parseReference(name).registry === host || host === 'docker.io') return;
  } catch {
    // Said below.
  }
  // A host without a dot is a registry here, where a reference could not tell.
  if (/^[A-Za-z0-9-]+$/.test(host) && name.endsWith('/x')) return;
  throw badServer(server);
}

function badServer(server: string): EngineError {
  return new EngineError('ERR_BAD_REFERENCE', `"${server}" is not the name of a registry`, {
    hint: 'Give its host, such as ghcr.io or localhost:5000, or a part of it: ghcr.io/team',
  });
}
