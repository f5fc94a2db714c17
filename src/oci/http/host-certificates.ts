// Certificates for one registry: from our registries.json, and from the folders that Docker and podman look into, certs.d/HOST[:PORT]/
// with any *.crt (authorities, beside the system's) and pairs of *.cert and *.key (what we prove ourselves with).
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, errnoOf } from '../../sys/errors.ts';
import { configHome } from '../settings-file.ts';
import type { TlsFiles } from './transport.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** PEM texts; `named` has paths. Throws ERR_CERTIFICATE_FILE when a file that is there or was named cannot be used. `etc` is another folder in tests. */
export function hostCertificates(
  env: Env,
  registry: string,
  { named = {}, etc = '/etc' }: { named?: TlsFiles | undefined; etc?: string } = {},
): TlsFiles {
  const folders = certificateFolders(env, etc).map((folder) => join(folder, registry));
  const authorities = [named.ca ?? [], ...folders.map((folder) => filesIn(folder, '.crt'))].flat();
  const pair = named.cert !== undefined || named.key !== undefined ? pairOf(named.cert, named.key) : folders.map(pairIn).find(Boolean);
  return {
    ca: authorities.length > 0 ? authorities.map(read).join('\n') : undefined,
    cert: pair && read(pair.cert),
    key: pair && read(pair.key),
  };
}

/** The user's before the system's. */
function certificateFolders(env: Env, etc: string): string[] {
  const folders = [join(configHome(env), 'docker'), join(configHome(env), 'containers'), join(etc, 'containers'), join(etc, 'docker')];
  return folders.map((folder) => join(folder, 'certs.d'));
}

interface Pair {
  cert: string;
  key: string;
}

function pairIn(folder: string): Pair | undefined {
  const [cert] = filesIn(folder, '.cert');
  const keys = filesIn(folder, '.key');
  if (cert === undefined && keys[0] === undefined) return undefined;
  return pairOf(cert, cert === undefined ? keys[0] : keys.find((key) => key === cert.replace(/\.cert$/, '.key')));
}

function pairOf(cert: string | undefined, key: string | undefined): Pair {
  if (cert !== undefined && key !== undefined) return { cert, key };
  const [missing, there] = cert === undefined ? ['certificate', key] : ['key', cert];
  throw new EngineError('ERR_CERTIFICATE_FILE', `Cannot use "${there}": missing ${missing} for it`, {
    hint: 'A client certificate is two files: NAME.cert and NAME.key',
  });
}

function filesIn(folder: string, suffix: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith(suffix));
    return names.sort().map((name) => join(folder, name));
  } catch (error) {
    if (errnoOf(error) === 'ENOENT' || errnoOf(error) === 'ENOTDIR') return [];
    throw unreadable(folder, error);
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw unreadable(path, error);
  }
}

function unreadable(path: string, cause: unknown): EngineError {
  return new EngineError('ERR_CERTIFICATE_FILE', `Cannot read the certificates "${path}": ${errnoOf(cause)}`, {
    hint: 'Correct its permissions, or remove it',
    cause,
  });
}
