// Layers that steps were found to have in a cache elsewhere, fetched when something wants them: to mount them, to copy from them, to export them. What is
// fetched is remembered here like a step of our own.
import type { BuiltLayer } from '../../../storage/build-cache-records.ts';
import { readLayer } from '../../../storage/layer.ts';
import { isStored } from '../../../storage/stored-layer.ts';
import type { Ctx } from '../../../sys/context.ts';
import { ensureLayers } from '../../jobs/layers.ts';
import type { CacheRecord } from '../model.ts';
import type { RemoteRecord } from './import.ts';
import type { CacheSource } from './place.ts';

export interface NeededLayers {
  /** Notes that a step is taken from there. */
  add(remote: RemoteRecord): void;
  /** The same of a record that has another key for such a layer; false where its layer is here. */
  also(record: CacheRecord): boolean;
  /** Returns once those of `diffIds` that were added are here. Throws what their source throws. */
  need(diffIds: readonly string[]): Promise<void>;
}

export function neededLayers(ctx: Ctx, { signal, onHere }: { signal: AbortSignal; onHere: (record: CacheRecord) => void }): NeededLayers {
  const elsewhere = new Map<string, { layer: BuiltLayer; source: CacheSource; records: CacheRecord[] }>();

  return {
    add({ record, source }) {
      const { layer } = record;
      if (!layer) return onHere(record);
      const known = elsewhere.get(layer.diffId);
      if (known) known.records.push(record);
      else elsewhere.set(layer.diffId, { layer, source, records: [record] });
    },
    also(record) {
      const known = elsewhere.get(record.layer?.diffId ?? '');
      known?.records.push(record);
      return known !== undefined;
    },
    async need(diffIds) {
      const wanted = [...new Set(diffIds)].flatMap((diffId) => elsewhere.get(diffId) ?? []);
      await Promise.all(wanted.map(fetchOne));
    },
  };

  async function fetchOne({ layer, source, records }: { layer: BuiltLayer; source: CacheSource; records: CacheRecord[] }): Promise<void> {
    if (!isStored(ctx, layer)) await ensureLayers(ctx, { registry: source, layers: [layer], emit: () => undefined, signal, waits: true });
    if (!elsewhere.delete(layer.diffId)) return;
    const sizeBytes = readLayer(ctx, layer.diffId)?.sizeBytes ?? 0;
    for (const record of records) onHere({ ...record, layer: { ...layer, sizeBytes } });
  }
}
