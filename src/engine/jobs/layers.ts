// Layers side by side. Every process and every lane in it goes through the same list, the largest first, and takes what it can claim; the
// claim is the queue. So lanes, sibling processes and pulls of other users of the store share the work, nothing is
// fetched twice, and what a dead process had claimed is free for the next.

import { parseReference } from '../../oci/reference.ts';
import { openRegistry } from '../../oci/registry.ts';
import type { LayerStatus, LayersJob, PullEvent } from '../../runtime/messages-work.ts';
import { claim } from '../../storage/claim.ts';
import { hexOfDigest } from '../../storage/digest.ts';
import type { ImageLayer } from '../../storage/records.ts';
import { isStored } from '../../storage/stored-layer.ts';
import type { Ctx } from '../../sys/context.ts';
import { fetchLayer, type LayerSource } from './layer.ts';
import type { JobTools } from './tools.ts';

export interface EnsureLayersOptions extends JobTools {
  registry: LayerSource;
  layers: readonly ImageLayer[];
  maxBytes?: number | undefined;
  /** Waits for what others have claimed and takes it over if they die. A helper leaves instead: who started it waits. */
  waits: boolean;
}

/** Transfers at a time in one process, where the wire and not the unpacking is what takes time. */
const MOST_LANES = 3;
const LANE_CHECK_MS = 500;
const PAUSE_MS = 50;
const EVENT_MS = 100;

/** The job of a helper process. */
export async function fetchLayers(ctx: Ctx, job: LayersJob, tools: JobTools): Promise<null> {
  const reference = parseReference(job.reference);
  const registry = openRegistry({ env: ctx.env, reference, tlsVerify: job.tlsVerify, session: job.session, signal: tools.signal });
  await ensureLayers(ctx, { ...tools, registry, layers: job.layers, maxBytes: job.maxLayerBytes, waits: false });
  return null;
}

/** Returns once every layer exists (with `waits`), or nothing is left that nobody works on. Throws the first lane's error. */
export async function ensureLayers(ctx: Ctx, options: EnsureLayersOptions): Promise<void> {
  const failing = new AbortController();
  const signal = AbortSignal.any([options.signal, failing.signal]);
  const open = new Map(bySize(options.layers).map((layer) => [layer.diffId, layer]));
  const own = new Set<string>();
  const lanes = [lane()];
  const idle = idleness();
  // A process that unpacks without a pause has no use for a second transfer: it would only take the layer from another process.
  const adder = setInterval(() => {
    if (idle() > 0.5 && own.size === lanes.length && lanes.length < MOST_LANES) lanes.push(lane());
  }, LANE_CHECK_MS);
  // Lanes may be added while we wait for others.
  for (let index = 0; index < lanes.length; index++) await lanes[index]?.catch(() => {});
  clearInterval(adder);
  if (failing.signal.aborted) throw failing.signal.reason;

  async function lane(): Promise<void> {
    try {
      while (open.size > 0) {
        signal.throwIfAborted();
        const hasWorked = await takeOne();
        if (hasWorked) continue;
        const others = [...open.keys()].filter((diffId) => !own.has(diffId));
        if (others.length === 0 || !options.waits) return;
        await Bun.sleep(PAUSE_MS);
      }
    } catch (error) {
      failing.abort(error);
      throw error;
    }
  }

  async function takeOne(): Promise<boolean> {
    for (const layer of open.values()) {
      if (own.has(layer.diffId)) continue;
      if (isThere(layer)) continue;
      const hold = claim(ctx, `fetch-layer-${hexOfDigest(layer.diffId)}`);
      if (!hold) continue;
      own.add(layer.diffId);
      try {
        // Between our look and our claim another may have finished.
        if (isThere(layer)) continue;
        const onStatus = reporter(layer, options.emit);
        await fetchLayer(ctx, layer, { registry: options.registry, maxBytes: options.maxBytes, onStatus, signal });
        isThere(layer);
        return true;
      } finally {
        own.delete(layer.diffId);
        hold.release();
      }
    }
    return false;
  }

  function isThere(layer: ImageLayer): boolean {
    if (!isStored(ctx, layer)) return false;
    open.delete(layer.diffId);
    options.emit({ type: 'layer', layer: shortDigest(layer.digest), status: 'complete' });
    return true;
  }
}

/** A gauge of the share of time, since it was last asked, in which this process did nothing. */
function idleness(): () => number {
  let [cpu, wallMs] = [process.cpuUsage(), performance.now()];
  return () => {
    const { user, system } = process.cpuUsage(cpu);
    const spentMs = performance.now() - wallMs;
    [cpu, wallMs] = [process.cpuUsage(), performance.now()];
    return 1 - (user + system) / 1000 / spentMs;
  };
}

/** Docker's twelve digits. */
export const shortDigest = (digest: string): string => hexOfDigest(digest).slice(0, 12);

// The largest first: started last it would keep one process busy while the others have nothing to do.
function bySize(layers: readonly ImageLayer[]): ImageLayer[] {
  return [...layers].sort((a, b) => b.size - a.size);
}

function reporter(layer: ImageLayer, emit: (event: PullEvent) => void): (status: LayerStatus, current?: number) => void {
  let last: LayerStatus | undefined;
  let lastMs = 0;
  return (status, current) => {
    const nowMs = performance.now();
    if (status === last && nowMs - lastMs < EVENT_MS) return;
    last = status;
    lastMs = nowMs;
    emit({ type: 'layer', layer: shortDigest(layer.digest), status, ...(current === undefined ? {} : { current, total: layer.size }) });
  };
}
