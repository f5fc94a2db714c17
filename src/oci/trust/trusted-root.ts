// The authorities and logs that vouch for signatures: a trusted root as sigstore publishes it (a JSON file), the keys of logs, or sigstore's
// public one, fetched by TUF and kept in the cache folder.
import { createPublicKey } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { HashAlgorithm, PublicKeyDetails, TrustedRoot } from '@sigstore/protobuf-specs';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { nameOf, readSource } from './public-key.ts';
import type { Source, Trust } from './requirement.ts';

type Env = Readonly<Record<string, string | undefined>>;

/** Throws ERR_TRUSTED_ROOT, ERR_KEY. */
export async function readTrustedRoot(trust: Trust, env: Env): Promise<TrustedRoot> {
  switch (trust.kind) {
    case 'tuf':
      return fetchRoot(trust, env);
    case 'file':
      return parseRoot(trust.root);
    case 'log-keys':
      return {
        mediaType: 'application/vnd.dev.sigstore.trustedroot+json;version=0.1',
        certificateAuthorities: [],
        timestampAuthorities: [],
        ctlogs: [],
        tlogs: trust.keys.map(logOf),
      };
    default:
      return trust satisfies never;
  }
}

function parseRoot(source: Source): TrustedRoot {
  const text = readSource(source);
  try {
    const root = TrustedRoot.fromJSON(JSON.parse(text));
    if (root.mediaType.startsWith('application/vnd.dev.sigstore.trustedroot')) return root;
  } catch {
    // Said below.
  }
  throw new EngineError('ERR_TRUSTED_ROOT', `Cannot use the trusted root "${nameOf(source)}": it is none as sigstore publishes it`, {
    hint: 'It is the file that cosign initialize and cosign trusted-root create write: trusted_root.json',
  });
}

const PUBLIC_MIRROR = 'https://tuf-repo-cdn.sigstore.dev';

async function fetchRoot({ own }: Extract<Trust, { kind: 'tuf' }>, env: Env): Promise<TrustedRoot> {
  const cache = env.XDG_CACHE_HOME?.startsWith('/') ? env.XDG_CACHE_HOME : join(env.HOME ?? '/', '.cache');
  const mirrorURL = own?.mirror ?? PUBLIC_MIRROR;
  const options = { cachePath: join(cache, 'skiff/sigstore'), mirrorURL, ...(own ? { rootPath: own.root } : {}) };
  try {
    mkdirSync(options.cachePath, { recursive: true });
    const { getTrustedRoot, TUFError } = await import('@sigstore/tuf');
    return await getTrustedRoot(options).catch((error: unknown) => {
      // What is not TUF's own failure is a cache that was cut short: it is begun anew. Without the network what is kept will do until it expires.
      const again = error instanceof TUFError ? { forceCache: true, retry: { retries: 0 } } : { forceInit: true };
      return getTrustedRoot({ ...options, ...again }).catch(() => Promise.reject(error));
    });
  } catch (error) {
    throw new EngineError(
      'ERR_TRUSTED_ROOT',
      `Cannot fetch the trusted root of sigstore from ${new URL(mirrorURL).host}: ${messageOf(error)}`,
      {
        hint: 'Where it cannot be reached, fetch trusted_root.json elsewhere and name it as "trustedRoot" in the policy, or by --trusted-root',
        cause: error,
      },
    );
  }
}

function logOf(source: Source): TrustedRoot['tlogs'][number] {
  let rawBytes: Buffer;
  try {
    rawBytes = createPublicKey(readSource(source)).export({ type: 'spki', format: 'der' });
  } catch (error) {
    throw new EngineError('ERR_TRUSTED_ROOT', `Cannot use "${nameOf(source)}": it is no public key`, { cause: error });
  }
  const keyId = new Bun.CryptoHasher('sha256').update(rawBytes).digest();
  return {
    baseUrl: '',
    hashAlgorithm: HashAlgorithm.SHA2_256,
    publicKey: { rawBytes, keyDetails: PublicKeyDetails.PKIX_ECDSA_P256_SHA_256, validFor: undefined },
    logId: { keyId },
    checkpointKeyId: undefined,
    operator: '',
  };
}
