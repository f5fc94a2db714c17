// What refers to a manifest: signatures, SBOMs and whatever else names it as its subject (OCI distribution-spec 1.1, "Listing Referrers"). A
// registry that does not know the question may have been told by a tag, `sha256-<hex>`, which pushers then keep as an index.
import type { Descriptor } from '../storage/records.ts';
import { EngineError } from '../sys/errors.ts';
import type { Answer } from './http/answer.ts';
import { parseManifest } from './manifest.ts';
import { bareType, OCI_INDEX } from './media-types.ts';
import { fullReference, type Reference, repositoryName } from './reference.ts';
import type { Registry } from './registry.ts';
import { LARGEST_MANIFEST, nextPage } from './registry-answer.ts';
import { manifestRefusal } from './registry-error.ts';

const MOST_PAGES = 1000;

/** Descriptors of what refers to `digest`, in the registry's order. Throws as the registry client, and ERR_MANIFEST_INVALID. */
export async function listReferrers(
  registry: Pick<Registry, 'request' | 'refusal'>,
  reference: Reference,
  digest: string,
): Promise<Descriptor[]> {
  const found: Descriptor[] = [];
  let path: string | undefined = `/v2/${reference.repository}/referrers/${digest}`;
  for (let page = 0; path !== undefined && page < MOST_PAGES; page++) {
    const answer: Answer = await registry.request({ url: path, headers: { accept: OCI_INDEX } });
    if (answer.status === 404 && page === 0) {
      answer.cancel();
      return byTag(registry, reference, digest);
    }
    found.push(...(await entriesOf(registry, reference, answer)));
    path = nextPage(answer);
  }
  return found;
}

async function byTag(registry: Pick<Registry, 'request' | 'refusal'>, reference: Reference, digest: string): Promise<Descriptor[]> {
  const url = `/v2/${reference.repository}/manifests/${digest.replace(':', '-')}`;
  const answer = await registry.request({ url, headers: { accept: OCI_INDEX } });
  if (answer.status === 404) {
    answer.cancel();
    return [];
  }
  return entriesOf(registry, reference, answer);
}

async function entriesOf(registry: Pick<Registry, 'refusal'>, reference: Reference, answer: Answer): Promise<Descriptor[]> {
  const name = fullReference(reference);
  if (answer.status !== 200) throw manifestRefusal(await registry.refusal(answer), { name, repository: repositoryName(reference) });
  const headerType = bareType(answer.headers.get('content-type'));
  const document = parseManifest(await answer.bytes(LARGEST_MANIFEST), { headerType, name: `what refers to ${name}` });
  if (document.kind === 'index') return document.manifests;
  throw new EngineError('ERR_MANIFEST_INVALID', `Refused the list of what refers to "${name}": it is no index`);
}
