// The signatures that a registry has for a manifest, in every form that cosign writes: the tag `sha256-<hex>.sig`, and what refers to the manifest
// (OCI 1.1): the same payloads in a manifest of their own, or sigstore bundles. They are strangers' data: small, few, and checked by whoever reads them.
import type { Descriptor } from '../../storage/records.ts';
import { EngineError, messageOf } from '../../sys/errors.ts';
import { type Manifest, parseManifest } from '../manifest.ts';
import type { Registry } from '../registry.ts';

export interface Attached {
  /** `payload`: signed text with the signature in annotations. `bundle`: everything in one document. */
  kind: 'payload' | 'bundle';
  /** The manifest that it hangs on. */
  subject: string;
  bytes: Uint8Array;
  annotations: Readonly<Record<string, string>>;
}

export interface FoundSignatures {
  attached: Attached[];
  /** What was there and could not be read, a reason each. */
  unreadable: string[];
}

export const SIMPLE_SIGNING = 'application/vnd.dev.cosign.simplesigning.v1+json';
const BUNDLE = /^application\/vnd\.dev\.sigstore\.bundle(?:\+json;version=|\.v)0\.\d/;
const COSIGN_ARTIFACT = 'application/vnd.dev.cosign.artifact.sig.v1+json';
const PREDICATE = 'dev.sigstore.bundle.predicateType';
const LARGEST_PAYLOAD = 1 << 20;
const MOST = 64;

export interface LookOptions {
  /** The digest whose signatures are wanted. */
  subject: string;
  predicateType: string;
  /** The repository under a tag of its own. */
  open: (tag: string) => Registry;
}

/**
 * Looks in one place after the other, so that who is content with the first asks no further. Throws what the registry client throws; that there
 * are none is no error.
 */
export async function* findSignatures({ subject, predicateType, open }: LookOptions): AsyncGenerator<FoundSignatures> {
  const tag = `${subject.replace(':', '-')}.sig`;
  const registry = open(tag);
  yield await collected(async (found) => {
    const manifest = await manifestOr(registry, undefined, tag);
    if (manifest) await addPayloads(found, manifest, { registry, subject });
  });
  yield await collected(async (found) => {
    const entries = (await registry.referrers(subject)).filter((entry) => isWanted(entry, predicateType));
    for (const entry of entries.slice(0, MOST)) {
      await orNote(found, async () => {
        const manifest = await manifestOr(registry, entry.digest, entry.digest);
        if (manifest) await addReferrer(found, manifest, { registry, subject });
      });
    }
  });
}

async function collected(work: (found: FoundSignatures) => Promise<void>): Promise<FoundSignatures> {
  const found: FoundSignatures = { attached: [], unreadable: [] };
  await orNote(found, () => work(found));
  return found;
}

interface At {
  registry: Registry;
  subject: string;
}

// A bundle says before it is fetched what it holds; there may be many SBOMs for one signature.
function isWanted({ artifactType = '', annotations = {} }: Descriptor, predicateType: string): boolean {
  if (artifactType === COSIGN_ARTIFACT) return true;
  return BUNDLE.test(artifactType) && (annotations[PREDICATE] ?? predicateType) === predicateType;
}

async function manifestOr(registry: Registry, digest: string | undefined, name: string): Promise<Manifest | undefined> {
  const fetched = await registry.manifest(digest).catch((error: unknown) => {
    if (error instanceof EngineError && error.code === 'ERR_MANIFEST_UNKNOWN') return undefined;
    throw error;
  });
  if (!fetched) return undefined;
  const document = parseManifest(fetched.bytes, { headerType: fetched.contentType, name });
  if (document.kind === 'manifest') return document;
  throw new EngineError('ERR_SIGNATURE', `"${name}" is no list of signatures`);
}

async function addPayloads(found: FoundSignatures, manifest: Manifest, { registry, subject }: At): Promise<void> {
  for (const layer of manifest.layers.filter(({ mediaType }) => mediaType === SIMPLE_SIGNING).slice(0, MOST)) {
    await orNote(found, async () => {
      found.attached.push({ kind: 'payload', subject, bytes: await smallBlob(registry, layer), annotations: layer.annotations ?? {} });
    });
  }
}

async function addReferrer(found: FoundSignatures, manifest: Manifest, at: At): Promise<void> {
  const [layer] = manifest.layers;
  if (!layer || !BUNDLE.test(layer.mediaType)) return addPayloads(found, manifest, at);
  found.attached.push({ kind: 'bundle', subject: at.subject, bytes: await smallBlob(at.registry, layer), annotations: {} });
}

async function smallBlob(registry: Registry, { digest, size }: Descriptor): Promise<Uint8Array> {
  if (size > LARGEST_PAYLOAD)
    throw new EngineError('ERR_SIGNATURE', `the signature "${digest}" is larger than ${LARGEST_PAYLOAD >> 20} MiB`);
  const { answer } = await registry.blob(digest, 0);
  const bytes = await answer.bytes(size);
  const actual = `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}`;
  if (actual === digest) return bytes;
  throw new EngineError('ERR_DIGEST_MISMATCH', `the signature "${digest}" has the digest "${actual}"`);
}

const DAMAGED = new Set([
  'ERR_SIGNATURE',
  'ERR_DIGEST_MISMATCH',
  'ERR_BLOB_UNKNOWN',
  'ERR_ANSWER_TOO_LARGE',
  'ERR_MANIFEST_TOO_LARGE',
  'ERR_MANIFEST_INVALID',
  'ERR_MANIFEST_TYPE',
  'ERR_MANIFEST_SCHEMA1',
]);

/** What is damaged is told and passed over, since others may be sound; what the network or the registry refuses is an error. */
async function orNote(found: FoundSignatures, work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!(error instanceof EngineError) || !DAMAGED.has(error.code)) throw error;
    found.unreadable.push(messageOf(error));
  }
}
