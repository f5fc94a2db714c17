// Manifest lists that are being put together (`manifest create`): one file each, with the manifests themselves in it, so that nothing else of the
// store belongs to them. An unreadable one is absent.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { readJson, syncFolder, writeJsonAtomic } from '../sys/atomic.ts';
import type { Ctx } from '../sys/context.ts';
import { withStoreLock } from './claim.ts';
import { digestOf, isDigest } from './digest.ts';
import { manifestListsDir } from './layout.ts';
import type { Descriptor } from './records.ts';

export interface ManifestListRecord {
  version: 1;
  /** Canonical: `docker.io/library/app:latest`. */
  reference: string;
  entries: ManifestListEntry[];
}

export interface ManifestListEntry {
  /** As Docker names it: everything that was given, normalised. */
  reference: string;
  descriptor: Descriptor;
  /** The manifest's bytes, base64. */
  raw: string;
}

type HasPaths = Pick<Ctx, 'paths'>;

/** Longest file name that leaves room for the temporary name of an atomic write. */
const LONGEST_NAME = 200;

export function readManifestList(ctx: HasPaths, reference: string): ManifestListRecord | undefined {
  const value = readJson(pathOf(ctx, reference));
  return isRecord(value) && value.reference === reference ? value : undefined;
}

/** Writes what `change` makes of the list that is there; nothing else writes it meanwhile. */
export function changeManifestList(
  ctx: HasPaths,
  reference: string,
  change: (known: ManifestListRecord | undefined) => ManifestListRecord,
): void {
  withStoreLock(ctx, () => writeJsonAtomic(pathOf(ctx, reference), change(readManifestList(ctx, reference))));
}

/** Whether there was one. */
export function removeManifestList(ctx: HasPaths, reference: string): boolean {
  return withStoreLock(ctx, () => {
    if (!readManifestList(ctx, reference)) return false;
    rmSync(pathOf(ctx, reference), { force: true });
    syncFolder(manifestListsDir(ctx));
    return true;
  });
}

function pathOf(ctx: HasPaths, reference: string): string {
  const encoded = encodeURIComponent(reference);
  return join(manifestListsDir(ctx), `${encoded.length > LONGEST_NAME ? digestOf(reference).replace(':', '-') : encoded}.json`);
}

function isRecord(value: unknown): value is ManifestListRecord {
  const record = value as ManifestListRecord | undefined;
  return record?.version === 1 && Array.isArray(record.entries) && record.entries.every(isEntry);
}

function isEntry(entry: ManifestListEntry | undefined): boolean {
  const bytes = Buffer.from(String(entry?.raw), 'base64');
  return typeof entry?.reference === 'string' && isDigest(String(entry.descriptor?.digest)) && digestOf(bytes) === entry.descriptor.digest;
}
