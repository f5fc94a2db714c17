// The cache of one build. What a step left is remembered the moment it is done, so that a build that is killed loses nothing; a child beside the
// build brings the layers to the disk (`sync -f`, many steps at once), and only then do they count after a power cut. Trap: a layer
// is protected by the build's claim before anybody looks whether it is there, else a sweep could take it between the look and the use.
import { hasBlob } from '../../storage/blob.ts';
import { noteCacheUse, readCacheRecord, writeCacheRecord } from '../../storage/build-cache.ts';
import { readSlot, writeSlot } from '../../storage/build-cache-slots.ts';
import { trimCache } from '../../storage/build-cache-trim.ts';
import { hasLayer, markSynced } from '../../storage/layer.ts';
import { syncStore } from '../../storage/sync.ts';
import type { Ctx } from '../../sys/context.ts';
import { messageOf } from '../../sys/errors.ts';
import { cacheCap } from './cache-cap.ts';
import { explainMiss } from './explain-miss.ts';
import type { BuildSite, CacheRecord, StepCache } from './model.ts';

/** What of a BuildSite the cache needs. */
export type CacheSite = Pick<BuildSite, 'ctx' | 'hold' | 'signal'> & { options: Pick<BuildSite['options'], 'cacheFrom' | 'cacheTo'> };

/** Steps that end within this time of each other share a sync. */
const GATHER_MS = 2000;

/** The cache as the steps of `site` see it. Throws ERR_BAD_SETTING where nobody knows how large it may be. */
export async function openCache(site: CacheSite): Promise<StepCache> {
  const { ctx, hold } = site;
  const settling = settler(ctx);
  const cap = await cacheCap(ctx);
  let hasGrown = false;

  return {
    async find(key, inputs) {
      const record = readCacheRecord(ctx, key);
      if (record === undefined) return undefined;
      if (record.layer) {
        hold.protect([record.layer.digest, record.layer.diffId]);
        if (!hasLayer(ctx, record.layer.diffId) || !hasBlob(ctx, record.layer.digest, record.layer.size)) return undefined;
      }
      remember(() => noteCacheUse(ctx, key));
      if (inputs) remember(() => writeSlot(ctx, key, inputs));
      return record;
    },
    keep(record) {
      if (record.layer) hold.protect([record.layer.digest, record.layer.diffId]);
      remember(() => write(record));
      hasGrown = true;
      if (record.layer) settling.add(record.layer.diffId);
    },
    explain: (inputs) => explainMiss(inputs, readSlot(ctx, inputs.slot)),
    async settled() {
      await settling.done();
      if (hasGrown) remember(() => trimCache(ctx, cap));
      hasGrown = false;
    },
    async export() {},
  };

  function write(record: CacheRecord): void {
    writeCacheRecord(ctx, record);
    writeSlot(ctx, record.key, record.inputs);
  }

  /** A build does not fail because its cache cannot be written. */
  function remember(work: () => void): void {
    try {
      work();
    } catch (error) {
      ctx.warn(`Cannot note a step in the build cache: ${messageOf(error)}`);
    }
  }
}

interface Settler {
  add(diffId: string): void;
  /** Resolves when all that was added is on the disk. */
  done(): Promise<void>;
}

function settler(ctx: Ctx): Settler {
  const waiting = new Set<string>();
  let timer: Timer | undefined;
  let running: Promise<void> = Promise.resolve();

  return {
    add(diffId) {
      waiting.add(diffId);
      timer ??= setTimeout(begin, GATHER_MS);
    },
    async done() {
      begin();
      await running;
    },
  };

  function begin(): void {
    clearTimeout(timer);
    timer = undefined;
    running = running.then(async () => {
      if (waiting.size === 0) return;
      const layers = [...waiting];
      waiting.clear();
      await bringToDisk(ctx);
      markSynced(ctx, layers);
    });
  }
}

/** One syncfs for the store's file system, by a child: it may take seconds, in which steps go on. */
async function bringToDisk(ctx: Ctx): Promise<void> {
  try {
    const child = Bun.spawn(['sync', '-f', ctx.paths.data], { stdio: ['ignore', 'ignore', 'ignore'] });
    if ((await child.exited) === 0) return;
  } catch {
    // Not installed: then it is done here.
  }
  syncStore(ctx);
}
