// An image as its blobs in the store tell it: the config, and the layers' archives, stacked here by the rules of image-spec's layer.md. Reading them
// costs no process and nothing of what is tested.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig, ImageRecord } from '../../../src/storage/records.ts';
import { type ArchiveEntry, entriesOf } from './archive.ts';
import type { Sandbox } from './sandbox.ts';

/** By path without slashes at its ends, as a byte string. */
export type Layer = ReadonlyMap<string, ArchiveEntry>;

const known = new Map<string, Layer>();

export const configOf = (box: Sandbox, id: string): ImageConfig => JSON.parse(readBlob(box, id).toString()) as ImageConfig;

/** Topmost first; read when they are asked for, and kept. */
export function layersOf(box: Sandbox, id: string): (() => Layer)[] {
  const record: ImageRecord = JSON.parse(readFileSync(join(box.root, 'images/records', `${hexOf(id)}.json`), 'utf8'));
  return record.layers.toReversed().map(({ digest }) => () => {
    const layer = known.get(digest) ?? parse(readBlob(box, digest));
    known.set(digest, layer);
    return layer;
  });
}

/** What the layers show at an absolute path. */
export function fileIn(layers: readonly (() => Layer)[], path: string): ArchiveEntry | undefined {
  const parts = Buffer.from(path).toString('latin1').split('/').filter(Boolean);
  for (const read of layers) {
    const layer = read();
    const found = layer.get(parts.join('/'));
    // Another name of the same file.
    if (found) return found.type === '1' ? { ...(layer.get(plain(found.linkName)) ?? found), name: found.name } : found;
    if (parts.some((_, index) => hides(layer, parts.slice(0, index), parts[index] ?? ''))) return undefined;
  }
  return undefined;
}

/** Whether the layer hides what lower ones have as `name` in `folder`. */
function hides(layer: Layer, folder: readonly string[], name: string): boolean {
  const at = (last: string): ArchiveEntry | undefined => layer.get([...folder, last].join('/'));
  const own = at(name);
  return at(`.wh.${name}`) !== undefined || at('.wh..wh..opq') !== undefined || (own !== undefined && own.type !== '5');
}

function parse(blob: Uint8Array): Layer {
  const isGzip = blob[0] === 0x1f && blob[1] === 0x8b;
  const entries = entriesOf(isGzip ? Bun.gunzipSync(new Uint8Array(blob)) : blob);
  return new Map([...entries].map(([name, entry]) => [plain(name), entry]));
}

const plain = (name: string): string => name.replace(/^\.?\/+/, '').replace(/\/+$/, '');
const hexOf = (digest: string): string => digest.replace('sha256:', '');
const readBlob = (box: Sandbox, digest: string): Buffer => readFileSync(join(box.root, 'images/blobs/sha256', hexOf(digest)));
