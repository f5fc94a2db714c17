// An archive as a source of blobs, for the code that fetches layers. The bytes are checked by who stores them.
import { placeChunks } from '../../storage/archive.ts';
import type { ArchivePlace } from '../../storage/records.ts';
import type { Ctx } from '../../sys/context.ts';
import type { LayerSource } from './layer.ts';
import { turns } from './save.ts';

/** `places`: digest → where its bytes lie in the archive `fd`. */
export function archiveSource(
  ctx: Ctx,
  places: ReadonlyMap<string, ArchivePlace>,
  { fd, signal }: { fd: number; signal: AbortSignal },
): LayerSource {
  return {
    blob: async (digest, from) => {
      const place = places.get(digest);
      if (!place) throw new Error(`The archive has no blob "${digest}"`);
      const turn = turns(signal);
      const read = async (onChunk: (chunk: Uint8Array) => void): Promise<void> => {
        for (const chunk of placeChunks(ctx, place, { fd, from })) {
          onChunk(chunk);
          await turn();
        }
      };
      return { answer: { read }, offset: from };
    },
  };
}
