// The guard against decompression bombs. Gzip can blow up 1032 times, zstd far more; real layers stay below 20. By default a layer may
// become 1 GiB, or 100 times its compressed size if that is more. `--max-layer-size` and SKIFF_MAX_LAYER_SIZE set another limit.
import { EngineError } from '../sys/errors.ts';

const DEFAULT_LAYER_BYTES = 1 << 30;
const DEFAULT_RATIO = 100;

const UNITS: Record<string, number> = { b: 1, k: 1 << 10, m: 1 << 20, g: 1 << 30, t: 2 ** 40 };

export interface LayerLimit {
  compressed(bytes: number): void;
  /** Throws ERR_LAYER_TOO_LARGE. */
  uncompressed(bytes: number): void;
}

export function createLayerLimit(env: Readonly<Record<string, string | undefined>>, maxBytes: number | undefined): LayerLimit {
  const fixed = maxBytes ?? (env.SKIFF_MAX_LAYER_SIZE ? parseLayerSize(env.SKIFF_MAX_LAYER_SIZE) : undefined);
  let [compressed, uncompressed] = [0, 0];
  return {
    compressed(bytes) {
      compressed += bytes;
    },
    uncompressed(bytes) {
      uncompressed += bytes;
      const most = fixed ?? Math.max(DEFAULT_LAYER_BYTES, compressed * DEFAULT_RATIO);
      if (uncompressed > most) throw tooLarge(most);
    },
  };
}

/** `20g`, `512m`, plain bytes. Throws ERR_BAD_SIZE. */
export function parseLayerSize(text: string): number {
  const parts = /^(\d+(?:\.\d+)?)\s*([bkmgt])?(?:i?b)?$/i.exec(text.trim());
  const unit = UNITS[(parts?.[2] ?? 'b').toLowerCase()];
  if (!parts || unit === undefined) {
    throw new EngineError('ERR_BAD_SIZE', `Expected a layer size such as "20g" or "512m", got "${text}"`);
  }
  return Math.floor(Number(parts[1]) * unit);
}

function tooLarge(most: number): EngineError {
  return new EngineError('ERR_LAYER_TOO_LARGE', `Refused the layer: it unpacks to more than ${most} bytes, as a decompression bomb would`, {
    hint: 'If you trust the image, allow more: --max-layer-size 50g, or SKIFF_MAX_LAYER_SIZE=50g',
  });
}
