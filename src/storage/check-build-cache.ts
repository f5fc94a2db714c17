// Whether every record of the build cache can be read and has its layer, and every cache mount its record. None of it is anything that a user would miss:
// what is not right is a leftover, which a repair removes, and the step runs again.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Ctx } from '../sys/context.ts';
import { isLocked } from '../sys/lock.ts';
import { hasBlob } from './blob.ts';
import { cacheKeys, readCacheRecord, removeCacheRecord, strayCacheFiles } from './build-cache.ts';
import { idOfKey } from './build-cache-items.ts';
import { cacheMountNames, detachCacheMount, listCacheMounts } from './build-cache-mounts.ts';
import type { CheckResult, Finding } from './finding.ts';
import { hasLayer } from './layer.ts';
import { cacheMountDir, cacheRecordsDir, cacheSlotsDir } from './layout.ts';
import { deleteTree } from './sweep.ts';

export function checkBuildCache(ctx: Ctx): CheckResult {
  const keys = cacheKeys(ctx);
  const mounts = cacheMountNames(ctx);
  const known = new Set(listCacheMounts(ctx).map(({ name }) => name));
  const strays = [cacheRecordsDir(ctx), cacheSlotsDir(ctx)].flatMap((folder) => strayCacheFiles(ctx, folder));
  const findings = [
    ...keys.flatMap((key) => checkRecord(ctx, key)),
    ...mounts.filter((name) => !known.has(name)).flatMap((name) => checkMount(ctx, name)),
    ...strays.map((path) => dropped(`file ${path}`, 'nothing uses it', () => rmSync(path, { force: true }))),
  ];
  return { checked: keys.length + mounts.length, findings };
}

function checkRecord(ctx: Ctx, key: string): Finding[] {
  const what = damageOf(ctx, key);
  return what === undefined ? [] : [dropped(`build cache ${idOfKey(key)}`, what, () => removeCacheRecord(ctx, key))];
}

function damageOf(ctx: Ctx, key: string): string | undefined {
  const record = readCacheRecord(ctx, key);
  if (record === undefined) return 'its record cannot be read';
  const { layer } = record;
  if (layer === undefined) return undefined;
  if (!hasLayer(ctx, layer.diffId)) return `its layer ${layer.diffId} is missing`;
  return hasBlob(ctx, layer.digest, layer.size) ? undefined : `its blob ${layer.digest} is missing`;
}

/** One that a build is making just now has no record yet, and is locked. */
function checkMount(ctx: Ctx, name: string): Finding[] {
  if (isLocked(join(cacheMountDir(ctx, name), 'lock'))) return [];
  const remove = (): void => {
    const grave = detachCacheMount(ctx, name);
    if (grave !== undefined) deleteTree(grave);
  };
  return [dropped(`cache mount ${name}`, 'its record cannot be read', remove)];
}

const dropped = (object: string, what: string, remove: () => void): Finding => ({
  kind: 'leftover',
  object,
  what,
  repair: () => {
    remove();
    return 'removed';
  },
});
