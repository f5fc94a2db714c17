// The cache of one build. What a step left is remembered the moment it is done, so that a build that is killed loses nothing; a child beside the
// build brings the layers to the disk (`sync -f`, many steps at once), and only then do they count after a power cut. Trap: a layer
// is protected by the build's claim before anybody looks whether it is there, else a sweep could take it between the look and the use.
import { hasBlob } from '../../storage/blob.ts';
import { noteCacheUse, orderCacheUses, readCacheRecord, readCacheRecords, writeCacheRecord } from '../../storage/build-cache.ts';
import { readSlot, writeSlot } from '../../storage/build-cache-slots.ts';
import { trimCache } from '../../storage/build-cache-trim.ts';
import { hasLayer, markSynced } from '../../storage/layer.ts';
import { syncStore } from '../../storage/sync.ts';
import type { Ctx } from '../../sys/context.ts';
import { messageOf } from '../../sys/errors.ts';
import { cacheCap } from './cache-cap.ts';
import { explainMiss } from './explain-miss.ts';
import type { BuildSite, BuiltImage, BuiltLayer, CacheRecord, StepCache, StepInputs } from './model.ts';
import type { NeededLayers } from './remote-cache/needed.ts';

/** What of a BuildSite the cache needs. */
export type CacheSite = Pick<BuildSite, 'ctx' | 'hold' | 'signal'> & {
  options: Pick<BuildSite['options'], 'cacheFrom' | 'cacheTo' | 'tlsVerify'>;
};

/** Steps that end within this time of each other share a sync. */
const GATHER_MS = 2000;

/** The cache as the steps of `site` see it. Throws ERR_BAD_SETTING where nobody knows how large it may be. */
export async function openCache(site: CacheSite): Promise<StepCache> {
  const { ctx, hold, signal, options } = site;
  const settling = settler(ctx);
  const cap = await cacheCap(ctx);
  /** Steps of this build, done or found, in that order. */
  const used = new Map<string, CacheRecord>();
  let elsewhere: NeededLayers | undefined;
  const remote = options.cacheFrom.length > 0 ? openRemote() : undefined;
  // Who looks for a step hears of it.
  remote?.catch(() => undefined);
  let hasGrown = false;

  return { find, keep, explain, settled, trim, need, inlined, export: exportAll };

  async function find(key: string, inputs?: StepInputs): Promise<CacheRecord | undefined> {
    const record = findHere(key) ?? (await findElsewhere(key, inputs));
    if (record === undefined) return undefined;
    used.set(key, record);
    remember(() => noteCacheUse(ctx, key));
    if (inputs) remember(() => writeSlot(ctx, key, inputs));
    return record;
  }

  function findHere(key: string): CacheRecord | undefined {
    const record = readCacheRecord(ctx, key);
    if (!record?.layer) return record;
    hold.protect([record.layer.digest, record.layer.diffId]);
    return isHere(record.layer) ? record : undefined;
  }

  async function findElsewhere(key: string, inputs: StepInputs | undefined): Promise<CacheRecord | undefined> {
    if (remote === undefined) return undefined;
    const { records, needed } = await remote;
    const found = records.get(key);
    if (found === undefined) return undefined;
    const record = inputs ? { ...found.record, inputs } : found.record;
    if (record.layer) hold.protect([record.layer.digest, record.layer.diffId]);
    needed.add({ ...found, record });
    return record;
  }

  function keep(record: CacheRecord): void {
    used.set(record.key, record);
    // Found in a cache elsewhere by another key: it is remembered once its layer is here.
    if (record.layer && elsewhere?.also(record)) return;
    store(record);
  }

  function store(record: CacheRecord): void {
    if (record.layer) hold.protect([record.layer.digest, record.layer.diffId]);
    remember(() => {
      writeCacheRecord(ctx, record);
      writeSlot(ctx, record.key, record.inputs);
    });
    hasGrown = true;
    if (record.layer) settling.add(record.layer.diffId);
  }

  function explain(inputs: StepInputs): string {
    return explainMiss(inputs, readSlot(ctx, inputs.slot));
  }

  async function settled(): Promise<void> {
    await settling.done();
    remember(() => orderCacheUses(ctx, [...used.keys()]));
  }

  function trim(): void {
    if (hasGrown) remember(() => trimCache(ctx, cap));
    hasGrown = false;
  }

  async function need(diffIds: readonly string[]): Promise<void> {
    if (remote) await (await remote).needed.need(diffIds);
  }

  async function inlined(images: BuiltImage[]): Promise<BuiltImage[]> {
    if (!options.cacheTo.some(({ type }) => type === 'inline')) return images;
    const { withInlineCache } = await import('./remote-cache/inline.ts');
    const records = withOtherKeys();
    return images.map((image) => withInlineCache(image, records));
  }

  async function exportAll(whole: BuildSite, images: readonly BuiltImage[]): Promise<void> {
    const specs = options.cacheTo.filter(({ type }) => type !== 'inline');
    if (specs.length === 0) return;
    const { exportCache } = await import('./remote-cache/export.ts');
    const records = withOtherKeys();
    for (const spec of specs) await exportCache(whole, spec, { records, images, need, isHere });
  }

  /** A step that reads files has two keys, and was found by one of them: whoever reads the cache may know the other. */
  function withOtherKeys(): CacheRecord[] {
    const runs = new Set([...used.values()].map(runOf));
    const others = readCacheRecords(ctx).flatMap(({ record }) => (runs.has(runOf(record)) && !used.has(record.key) ? [record] : []));
    return [...used.values(), ...others];
  }

  async function openRemote() {
    const [{ importCaches }, { neededLayers }] = await Promise.all([
      import('./remote-cache/import.ts'),
      import('./remote-cache/needed.ts'),
    ]);
    const records = await importCaches(ctx, options.cacheFrom, { tlsVerify: options.tlsVerify, signal });
    elsewhere = neededLayers(ctx, { signal, onHere: store });
    return { records, needed: elsewhere };
  }

  function isHere({ diffId, digest, size }: BuiltLayer): boolean {
    return hasLayer(ctx, diffId) && hasBlob(ctx, digest, size);
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

/** What it made, when: equal for the records of one run of a step. */
const runOf = ({ layer, createdAt, description }: CacheRecord): string => `${createdAt} ${layer?.diffId ?? description}`;

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
