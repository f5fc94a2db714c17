// Whether blobs and layers still hold what was put there: blobs by their digest, layers by the sum of their tree. What is damaged is
// removed by a repair, so that the next pull fetches it again; a layer under a running container stays.
import { existsSync } from 'node:fs';
import type { Ctx } from '../sys/context.ts';
import { EngineError, errnoOf, messageOf } from '../sys/errors.ts';
import { removeBlob, streamBlob } from './blob.ts';
import { isRunning, listContainers } from './container.ts';
import { type CheckResult, type Finding, problem } from './finding.ts';
import { storedBlobs } from './garbage.ts';
import { detachLayer, layerIds, readLayer } from './layer.ts';
import { blobPath, layerDir, layerFs } from './layout.ts';
import { deleteTree } from './sweep.ts';
import { sumTree } from './tree-sum.ts';

export function checkBlobs(ctx: Ctx): CheckResult {
  const digests = storedBlobs(ctx);
  return { checked: digests.length, findings: digests.flatMap((digest) => checkBlob(ctx, digest)) };
}

/** `isNeeded` tells a layer that something reaches from one that a killed pull left. */
export function checkLayers(ctx: Ctx, isNeeded: (diffId: string) => boolean): CheckResult {
  const diffIds = layerIds(ctx).filter((diffId) => readLayer(ctx, diffId) !== undefined || isNeeded(diffId));
  return { checked: diffIds.length, findings: diffIds.flatMap((diffId) => checkLayer(ctx, diffId)) };
}

/** Whether a blob that is there is what its digest says. */
export function checkBlob(ctx: Ctx, digest: string): Finding[] {
  if (!existsSync(blobPath(ctx, digest))) return [];
  try {
    streamBlob(ctx, digest, () => {});
    return [];
  } catch (error) {
    // Removed while we looked.
    if (!existsSync(blobPath(ctx, digest))) return [];
    const what = error instanceof EngineError ? 'its content does not match its digest' : messageOf(error);
    return [problem(`blob ${digest}`, what, () => removed(() => removeBlob(ctx, digest)))];
  }
}

/** Whether a layer that is there has its record; its files are not looked at. */
export function checkLayerRecord(ctx: Ctx, diffId: string): Finding[] {
  if (!existsSync(layerDir(ctx, diffId)) || readLayer(ctx, diffId) !== undefined) return [];
  return checkLayer(ctx, diffId);
}

function checkLayer(ctx: Ctx, diffId: string): Finding[] {
  const what = damageOf(ctx, diffId);
  if (what === undefined || !existsSync(layerDir(ctx, diffId))) return [];
  const user = runningUserOf(ctx, diffId);
  const object = `layer ${diffId}`;
  if (user !== undefined) return [problem(object, `${what}; the running container ${user} uses it`)];
  return [problem(object, what, () => removed(() => deleteTree(detachLayer(ctx, diffId))))];
}

function damageOf(ctx: Ctx, diffId: string): string | undefined {
  const record = readLayer(ctx, diffId);
  if (record === undefined) return 'its record cannot be read';
  try {
    return sumTree(layerFs(ctx, diffId)) === record.tree ? undefined : 'its files are not as they were unpacked';
  } catch (error) {
    return `its files cannot be read (${errnoOf(error) ?? messageOf(error)})`;
  }
}

function runningUserOf(ctx: Ctx, diffId: string): string | undefined {
  return listContainers(ctx).find(({ record }) => record.Layers.includes(diffId) && isRunning(ctx, record.Id))?.record.Name;
}

function removed(remove: () => void): string {
  remove();
  return 'removed';
}
