// The certificate authorities that a registry's certificate is checked against: SSL_CERT_FILE and SSL_CERT_DIR as OpenSSL knows them, else
// the system's bundle, so that an authority an administrator added or removed counts. Only where no bundle is found does the
// runtime's own list stand in.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EngineError, errnoOf } from '../../sys/errors.ts';

const BUNDLES = [
  '/etc/ssl/certs/ca-certificates.crt',
  '/etc/pki/tls/certs/ca-bundle.crt',
  '/etc/ssl/ca-bundle.pem',
  '/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem',
  '/etc/ssl/cert.pem',
];

/** PEM text, or undefined for the runtime's own list. Throws ERR_CERTIFICATE_FILE when a file that the user named cannot be read. */
export function systemCertificates(env: Readonly<Record<string, string | undefined>>): string | undefined {
  const { SSL_CERT_FILE: file, SSL_CERT_DIR: folders } = env;
  if (file || folders) return [file ? readNamed(file) : '', ...(folders ? folders.split(':').map(readFolder) : [])].join('\n');
  for (const bundle of BUNDLES) {
    const text = readIfThere(bundle);
    if (text) return text;
  }
  return undefined;
}

function readNamed(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (cause) {
    throw new EngineError('ERR_CERTIFICATE_FILE', `Cannot read the certificates "${path}" that SSL_CERT_FILE names: ${errnoOf(cause)}`, {
      hint: 'Correct SSL_CERT_FILE or unset it',
      cause,
    });
  }
}

function readFolder(folder: string): string {
  try {
    return readdirSync(folder)
      .filter((name) => /\.(?:pem|crt|\d)$/.test(name))
      .map((name) => readIfThere(join(folder, name)) ?? '')
      .join('\n');
  } catch {
    return '';
  }
}

function readIfThere(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}
