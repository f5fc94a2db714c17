// `manifest create`, `annotate` and `rm`: a list of manifests of one registry is put together in the store, to be pushed under one name.
import { canonicalReference, familiarReference, fullReference, parseReference } from '../oci/reference.ts';
import {
  changeManifestList,
  type ManifestListEntry,
  type ManifestListRecord,
  readManifestList,
  removeManifestList,
} from '../storage/manifest-list.ts';
import type { Platform } from '../storage/records.ts';
import type { Ctx } from '../sys/context.ts';
import { EngineError } from '../sys/errors.ts';
import { fetchConfig, fetchRemote, platformOf, type RemoteManifest, type RemoteOptions } from './remote-manifest.ts';

export interface CreateListOptions extends RemoteOptions {
  list: string;
  manifests: readonly string[];
  /** A list of that name may be there: then it gets more entries. */
  amend: boolean;
}

/** Returns the list's name. Throws ERR_LIST_EXISTS, ERR_IS_A_LIST, ERR_MANIFEST_UNKNOWN; nothing has changed then. */
export async function createManifestList(ctx: Ctx, { list, manifests, amend, ...remote }: CreateListOptions): Promise<string> {
  const name = listName(list);
  if (!amend && readManifestList(ctx, name)) throw listExists();
  for (const manifest of manifests) parseReference(manifest);
  const entries: ManifestListEntry[] = [];
  for (const manifest of manifests) entries.push(await entryOf(await fetchRemote(ctx, manifest, remote)));
  changeManifestList(ctx, name, (known) => {
    if (known && !amend) throw listExists();
    const others = known?.entries.filter((entry) => !entries.some(({ reference }) => reference === entry.reference)) ?? [];
    return { version: 1, reference: name, entries: inOrder([...others, ...entries]) };
  });
  return name;
}

export interface AnnotateOptions {
  list: string;
  manifest: string;
  os?: string | undefined;
  arch?: string | undefined;
  variant?: string | undefined;
  osVersion?: string | undefined;
  osFeatures?: readonly string[];
}

/** Changes what the list says of one manifest. Throws ERR_NO_SUCH_MANIFEST, ERR_BAD_PLATFORM. */
export function annotateManifest(ctx: Ctx, { list, manifest, ...wanted }: AnnotateOptions): void {
  const name = listName(list);
  const entryName = fullReference(parseReference(manifest));
  const absent = (): EngineError =>
    new EngineError('ERR_NO_SUCH_MANIFEST', `manifest for image ${manifest} does not exist in ${list}`, {
      hint: 'Add it first: skiff manifest create --amend LIST MANIFEST',
    });
  // A list is not made by what changes one.
  if (!readManifestList(ctx, name)) throw absent();
  changeManifestList(ctx, name, (known) => {
    const entry = known?.entries.find(({ reference }) => reference === entryName);
    if (!known || !entry) throw absent();
    const platform = annotated(entry.descriptor.platform, wanted);
    const changed = { ...entry, descriptor: { ...entry.descriptor, platform } };
    return { ...known, entries: known.entries.map((one) => (one === entry ? changed : one)) };
  });
}

/** Throws ERR_NO_SUCH_MANIFEST. */
export function removeList(ctx: Ctx, list: string): void {
  const name = listName(list);
  if (!removeManifestList(ctx, name)) throw noSuchList(name);
}

/** Throws ERR_NO_SUCH_MANIFEST. */
export function requireList(ctx: Ctx, list: string): ManifestListRecord {
  const name = listName(list);
  const known = readManifestList(ctx, name);
  if (known) return known;
  throw noSuchList(name);
}

/** Canonical. */
export function listName(text: string): string {
  const reference = parseReference(text);
  if (reference.digest === undefined) return canonicalReference(reference);
  throw new EngineError(
    'ERR_BAD_REFERENCE',
    `Cannot name a manifest list "${text}": a list has a tag, and a digest only once it is pushed`,
    {
      hint: 'Leave out what follows the "@"',
    },
  );
}

async function entryOf({ reference, registry, bytes, document, descriptor }: RemoteManifest): Promise<ManifestListEntry> {
  const name = fullReference(reference);
  if (document.kind === 'index') {
    throw new EngineError('ERR_IS_A_LIST', `${familiarReference(name)} is a manifest list`, {
      hint: 'Name the manifests in it, each by its digest: skiff manifest inspect shows them',
    });
  }
  const platform = platformOf(await fetchConfig(registry, document.config));
  return { reference: name, descriptor: { ...descriptor, ...(platform ? { platform } : {}) }, raw: Buffer.from(bytes).toString('base64') };
}

// Docker's own order, that of the files it keeps them in: so the same list has the same digest.
function inOrder(entries: ManifestListEntry[]): ManifestListEntry[] {
  const fileName = (text: string): string => text.replaceAll(':', '-').replaceAll('/', '_');
  return entries.sort((a, b) => (fileName(a.reference) < fileName(b.reference) ? -1 : 1));
}

function annotated(
  known: Platform | undefined,
  { os, arch, variant, osVersion, osFeatures = [] }: Omit<AnnotateOptions, 'list' | 'manifest'>,
): Platform {
  const platform: Platform = {
    architecture: arch || known?.architecture || '',
    os: os || known?.os || '',
  };
  if (!isKnown(platform)) {
    throw new EngineError(
      'ERR_BAD_PLATFORM',
      `manifest entry for image has unsupported os/arch combination: ${platform.os}/${platform.architecture}`,
      { hint: 'For example --os linux --arch arm64' },
    );
  }
  const features = [...new Set([...(known?.['os.features'] ?? []), ...osFeatures])];
  const version = osVersion || known?.['os.version'];
  return {
    ...platform,
    ...(version ? { 'os.version': version } : {}),
    ...(features.length > 0 ? { 'os.features': features } : {}),
    ...(variant || known?.variant ? { variant: variant || known?.variant } : {}),
  };
}

/** What Go builds for, as Docker has it. */
const KNOWN: Readonly<Record<string, string>> = {
  darwin: '386 amd64 arm arm64',
  dragonfly: 'amd64',
  freebsd: '386 amd64 arm',
  linux: '386 amd64 arm arm64 loong64 ppc64le mips64 mips64le riscv64 s390x',
  netbsd: '386 amd64 arm',
  openbsd: '386 amd64 arm',
  plan9: '386 amd64',
  solaris: 'amd64',
  windows: '386 amd64 arm arm64',
};

const isKnown = ({ os, architecture }: Platform): boolean =>
  Object.hasOwn(KNOWN, os) && (KNOWN[os] ?? '').split(' ').includes(architecture);

function listExists(): EngineError {
  return new EngineError('ERR_LIST_EXISTS', 'refusing to amend an existing manifest list with no --amend flag', {
    hint: 'Give --amend, or remove it first: skiff manifest rm LIST',
  });
}

function noSuchList(name: string): EngineError {
  return new EngineError('ERR_NO_SUCH_MANIFEST', `No such manifest: ${familiarReference(name)}`, {
    hint: 'Make it first: skiff manifest create LIST MANIFEST...',
  });
}
