// `manifest inspect`: a list that is being put together, one of its entries, or what a registry serves.
import { fullReference, parseReference } from '../oci/reference.ts';
import { type ManifestListEntry, readManifestList } from '../storage/manifest-list.ts';
import type { Descriptor } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { listName, requireList } from './manifest-list.ts';
import { indexOf } from './manifest-push.ts';
import { fetchChild, fetchConfig, fetchRemote, platformOf, type RemoteManifest, type RemoteOptions } from './remote-manifest.ts';

export interface InspectedManifest {
  reference: string;
  descriptor: Descriptor;
  bytes: Uint8Array;
}

export interface InspectManifestOptions extends RemoteOptions {
  /** Where `name` is looked for; any list and any registry when left out. */
  list?: string | undefined;
  name: string;
  /** The manifests that an index names are fetched, too, and the platform of a single one. */
  verbose: boolean;
}

export interface ManifestInspection {
  kind: 'index' | 'manifest';
  /** The document itself. */
  bytes: Uint8Array;
  /** With `verbose`: the manifest, or those that the index names. */
  manifests: InspectedManifest[];
}

/** Children of an index that are fetched side by side. */
const MOST_AT_ONCE = 4;

/** Throws ERR_NO_SUCH_MANIFEST, ERR_MANIFEST_UNKNOWN and what the registry refuses. */
export async function inspectManifest(ctx: Ctx, { list, name, verbose, ...remote }: InspectManifestOptions): Promise<ManifestInspection> {
  if (list !== undefined) return inspectEntry(ctx, list, name);
  const local = parseReference(name).digest === undefined ? readManifestList(ctx, listName(name)) : undefined;
  if (local) return { kind: 'index', bytes: indexOf(local).bytes, manifests: local.entries.map(inspected) };
  const found = await fetchRemote(ctx, name, remote);
  const { document, bytes } = found;
  if (!verbose) return { kind: document.kind, bytes, manifests: [] };
  return {
    kind: document.kind,
    bytes,
    manifests: document.kind === 'index' ? await children(found, document.manifests) : [await single(found)],
  };
}

function inspectEntry(ctx: Ctx, list: string, name: string): ManifestInspection {
  const reference = fullReference(parseReference(name));
  const entry = requireList(ctx, list).entries.find((one) => one.reference === reference);
  if (entry) return { kind: 'manifest', bytes: inspected(entry).bytes, manifests: [inspected(entry)] };
  throw new EngineError('ERR_NO_SUCH_MANIFEST', `No such manifest: ${name}`, { hint: `See what is in it: skiff manifest inspect ${list}` });
}

const inspected = ({ reference, descriptor, raw }: ManifestListEntry): InspectedManifest => ({
  reference,
  descriptor,
  bytes: Buffer.from(raw, 'base64'),
});

async function children(parent: RemoteManifest, entries: readonly Descriptor[]): Promise<InspectedManifest[]> {
  const found: InspectedManifest[] = [];
  for (let at = 0; at < entries.length; at += MOST_AT_ONCE) {
    const fetched = await Promise.all(entries.slice(at, at + MOST_AT_ONCE).map((entry) => fetchChild(parent, entry)));
    found.push(...fetched.map(({ reference, descriptor, bytes }) => ({ reference: fullReference(reference), descriptor, bytes })));
  }
  return found;
}

async function single({ reference, registry, descriptor, document, bytes }: RemoteManifest): Promise<InspectedManifest> {
  const platform = document.kind === 'manifest' ? platformOf(await fetchConfig(registry, document.config)) : undefined;
  return { reference: fullReference(reference), descriptor: { ...descriptor, ...(platform ? { platform } : {}) }, bytes };
}
