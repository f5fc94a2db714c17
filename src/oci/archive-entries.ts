// Which images an archive names: the entries of an OCI layout's index.json, or of Docker's manifest.json. Both come from strangers.
// Trap: several entries of one name may be several platforms of one image, and then only one of them is meant.
import * as z from 'zod/mini';
import type { Descriptor, Platform } from '../storage/records.ts';
import { EngineError } from '../sys/errors.ts';
import { FULL_NAME, REF_NAME } from './archive-documents.ts';
import { parseManifest } from './manifest.ts';
import { choosePlatform, fitsPlatform, formatPlatform, isAttestation, listPlatforms } from './platform.ts';
import { canonicalReference, parseReference } from './reference.ts';

/** An image as Docker's manifest.json names it. */
export interface DockerEntry {
  /** File names in the archive. */
  config: string;
  layers: string[];
  /** Canonical. */
  names: string[];
}

/** An image as an index of an OCI layout names it. */
export interface LayoutEntry {
  descriptor: Descriptor;
  /** Canonical. */
  names: string[];
  /** The annotation that layouts tell their images by. */
  label: string | undefined;
}

export interface EntryOptions {
  /** What messages call the archive. */
  name: string;
  platform: Platform;
  isPlatformGiven: boolean;
}

const dockerSchema = z.array(
  z.object({ Config: z.string(), RepoTags: z.nullish(z.array(z.string())), Layers: z.nullish(z.array(z.string())) }),
);

/** Reads manifest.json. Throws ERR_ARCHIVE, ERR_BAD_REFERENCE. */
export function dockerEntries(bytes: Uint8Array): DockerEntry[] {
  const result = z.safeParse(dockerSchema, parseJson(bytes));
  if (!result.success)
    throw new EngineError('ERR_ARCHIVE', `its manifest.json is not right at "${result.error.issues[0]?.path.join('.') ?? ''}"`);
  return result.data.map(({ Config, RepoTags, Layers }) => ({
    config: Config,
    layers: Layers ?? [],
    names: (RepoTags ?? []).map((name) => canonicalReference(parseReference(name))),
  }));
}

/** Reads index.json; of images for several platforms, the one that is wanted. Throws ERR_MANIFEST_…, ERR_NO_PLATFORM, ERR_BAD_REFERENCE. */
export function layoutEntries(bytes: Uint8Array, options: EntryOptions): LayoutEntry[] {
  const index = parseManifest(bytes, { headerType: '', name: options.name });
  if (index.kind !== 'index') throw new EngineError('ERR_ARCHIVE', 'its index.json is no index');
  const entries = index.manifests.filter((entry) => !isAttestation(entry)).map(layoutEntry);
  const groups = Map.groupBy(entries, ({ names, label }) => names[0] ?? label ?? '');
  return [...groups].flatMap(([key, group]) => chosen(group, { ...options, isNamed: key !== '' }));
}

function chosen(group: LayoutEntry[], { name, platform, isPlatformGiven, isNamed }: EntryOptions & { isNamed: boolean }): LayoutEntry[] {
  if (group.length === 1) return group;
  const descriptors = group.map(({ descriptor }) => descriptor);
  if (isNamed && descriptors.some((entry) => entry.platform)) {
    const best = choosePlatform(descriptors, platform);
    if (best) return group.filter(({ descriptor }) => descriptor === best);
    throw noPlatform(name, descriptors, platform);
  }
  const fitting = group.filter(({ descriptor }) => !descriptor.platform || fitsPlatform(descriptor.platform, platform));
  if (fitting.length > 0) return fitting;
  if (isPlatformGiven) throw noPlatform(name, descriptors, platform);
  return group;
}

/** The manifest for `platform` in a nested index. Throws ERR_NO_PLATFORM. */
export function chooseEntry(entries: readonly Descriptor[], { name, platform }: EntryOptions): Descriptor {
  const images = entries.filter((entry) => !isAttestation(entry));
  const only = images.length === 1 && !images[0]?.platform ? images[0] : undefined;
  const best = choosePlatform(entries, platform) ?? only;
  if (best) return best;
  throw noPlatform(name, entries, platform);
}

function layoutEntry(descriptor: Descriptor): LayoutEntry {
  const label = descriptor.annotations?.[REF_NAME];
  const full = descriptor.annotations?.[FULL_NAME];
  if (full !== undefined) return { descriptor, label, names: [nameOf(full, label)] };
  const isName = label !== undefined && /[:/]/.test(label);
  return { descriptor, label, names: isName ? [canonicalReference(parseReference(label))] : [] };
}

// Tools that put a changed image beside the one it came from (umoci) copy the full name, and change the label alone.
function nameOf(full: string, label: string | undefined): string {
  const reference = parseReference(full);
  const isTag = label !== undefined && /^\w[\w.-]{0,127}$/.test(label) && reference.tag !== undefined;
  return canonicalReference(isTag ? { ...reference, tag: label } : reference);
}

function noPlatform(name: string, entries: readonly Descriptor[], wanted: Platform): EngineError {
  const there = listPlatforms([...entries]);
  return new EngineError(
    'ERR_NO_PLATFORM',
    `no matching manifest for ${formatPlatform(wanted)} in the manifest list entries of "${name}"`,
    {
      hint: there.length > 0 ? `It has ${there.join(', ')}: choose one with --platform` : 'It names no platform at all',
    },
  );
}

function parseJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new EngineError('ERR_ARCHIVE', 'its manifest.json is no JSON');
  }
}
