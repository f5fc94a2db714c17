// Whether every reference leads to an image record, and every record to its manifest, its config and its layers. A compressed layer may be
// missing: it is needed to push, not to run. A record that cannot be read, or is not what its manifest says, is made again
// from the blobs by a repair, so that what a reference reaches stays; where they are gone it is dropped, for then a pull makes it anew.
import { rmSync } from 'node:fs';
import { basename } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { readBlob } from './blob.ts';
import { type CheckResult, type Finding, problem } from './finding.ts';
import { missingParts, readImageConfig, referencesOf } from './image.ts';
import { deleteImageRecord, imageIds, readImageRecord, readReferenceFile, referenceFiles, writeImageRecord } from './image-record.ts';
import { rebuildRecord } from './rebuild-record.ts';
import type { ImageRecord } from './records.ts';

export function checkImages(ctx: Ctx): CheckResult {
  const ids = imageIds(ctx);
  return { checked: ids.length, findings: ids.flatMap((id) => checkImage(ctx, id)) };
}

export function checkReferences(ctx: Ctx): CheckResult {
  const files = referenceFiles(ctx);
  return { checked: files.length, findings: files.flatMap((path) => checkReference(ctx, path)) };
}

function checkImage(ctx: Ctx, id: string): Finding[] {
  const record = readImageRecord(ctx, id);
  const names = referencesOf(ctx, id);
  const object = `image ${names[0] ?? id}`;
  const drop = (): string => {
    deleteImageRecord(ctx, id);
    return 'removed: pull it again';
  };
  if (!record) return [problem(object, 'its record cannot be read', () => rebuild(ctx, id) ?? drop())];
  const missing = missingParts(ctx, record);
  if (missing.length > 0) {
    return missing.map((part) => problem(object, `its ${partName(record, part)} ${part} is missing: skiff pull ${names[0] ?? 'IMAGE'}`));
  }
  return agrees(ctx, record) ? [] : [problem(object, 'its record does not match its manifest', () => rebuild(ctx, id) ?? drop())];
}

function rebuild(ctx: Ctx, id: string): string | undefined {
  const record = rebuildRecord(ctx, id);
  if (record === undefined) return undefined;
  writeImageRecord(ctx, record);
  return 'made again from its manifest';
}

function partName(record: ImageRecord, digest: string): string {
  if (digest === record.id) return 'config';
  return digest === record.manifest.digest || digest === record.target.digest ? 'manifest' : 'layer';
}

/** A damaged blob is another check's finding. */
function agrees(ctx: Ctx, record: ImageRecord): boolean {
  try {
    const manifest: unknown = JSON.parse(readBlob(ctx, record.manifest.digest).toString());
    const config = readImageConfig(ctx, record.id);
    return isManifestOf(manifest, record) && config.rootfs.diff_ids.join() === record.layers.map((layer) => layer.diffId).join();
  } catch {
    return true;
  }
}

function isManifestOf(value: unknown, record: ImageRecord): boolean {
  const manifest = value as { config?: { digest?: unknown }; layers?: { digest?: unknown }[] };
  if (!Array.isArray(manifest.layers)) return false;
  return (
    manifest.config?.digest === record.id &&
    manifest.layers.map((layer) => layer.digest).join() === record.layers.map((layer) => layer.digest).join()
  );
}

function checkReference(ctx: Ctx, path: string): Finding[] {
  const record = readReferenceFile(path);
  const drop = (): string => {
    rmSync(path, { force: true });
    return 'removed';
  };
  if (!record) return [problem(`reference ${decoded(basename(path, '.json'))}`, 'it cannot be read', drop)];
  if (imageIds(ctx).includes(record.id)) return [];
  return [
    problem(
      `reference ${record.reference}`,
      `it names the image ${record.id}, which is not there`,
      () => rebuild(ctx, record.id) ?? drop(),
    ),
  ];
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
